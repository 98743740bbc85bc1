import path from "node:path";
import * as z from "zod";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { orketDir } from "../../adapters/journal/layout";
import { ensureOrketDir } from "../../adapters/journal/session-folder";
import { publicAddress } from "../../adapters/provider/http/redact";
import type { SessionEvent } from "../../engine/event/event";
import { calledVenues } from "../../engine/model/called-venues";
import { callSettings } from "../../engine/model/definition";
import type { Definition, ResolvedVenue } from "../../engine/model/definition";
import { writeBeside } from "../session/label";
import { once } from "../../engine/model/once";
import { entryOf } from "../../engine/model/entry-of";

/** Tokens for each byte of a prompt, by model, as servers counted them. */
export type Densities = Readonly<Record<string, number>>;

const entrySchema = once(() =>
  z.object({
    provider: z.string(),
    endpoint: z.string().optional(),
    model: z.string(),
    tokens_per_byte: z.number().positive().max(4),
    measured_at: z.iso.datetime(),
  }),
);
const fileSchema = once(() => z.object({ version: z.literal(1), models: z.array(entrySchema()) }));
type Entry = z.infer<ReturnType<typeof entrySchema>>;

/** Most models that are remembered; the oldest are dropped first. */
const maxEntries = 200;

function calibrationFile(workDomain: string): string {
  return path.join(orketDir(workDomain), "calibration.json");
}

interface Place {
  readonly provider: string;
  readonly endpoint?: string | undefined;
}

function placeOf({ provider, endpoint }: ResolvedVenue): Place {
  return endpoint === undefined ? { provider } : { provider, endpoint: publicAddress(endpoint) };
}

/** Where each model of the definition is: models of the same name may differ elsewhere. */
function placesOf(definition: Definition): ReadonlyMap<string, Place> {
  const places = new Map<string, Place>();
  for (const { venue, roles } of calledVenues(definition))
    for (const role of roles) {
      const { model } = callSettings(definition, role);
      if (!places.has(model)) places.set(model, placeOf(venue));
    }
  return places;
}

const isAt = (one: Place, place: Place | undefined): boolean =>
  one.provider === place?.provider && one.endpoint === place.endpoint;

async function entriesOf({ fs }: SessionEnvironment, workDomain: string): Promise<readonly Entry[]> {
  try {
    const bytes = await fs.readFile(calibrationFile(workDomain));
    return fileSchema().safeParse(JSON.parse(bytes.toString("utf8"))).data?.models ?? [];
  } catch {
    // An invalid file is ignored: everything in it is measured again.
    return [];
  }
}

/** The session's initial values for fitting prompts: used again so that the prompts can be the same. */
export function densitiesAtStart([start]: readonly SessionEvent[]): Densities {
  const calibration = start?.type === "session_start" ? (start.data.calibration ?? []) : [];
  return Object.fromEntries(calibration.map((one) => [one.model, one.tokens_per_byte]));
}

/** What earlier sessions measured for the models of the definition's Venues, in `.orket/calibration.json`. */
export async function rememberedDensities(
  environment: SessionEnvironment,
  workDomain: string,
  definition: Definition,
): Promise<Densities> {
  const places = placesOf(definition);
  const own = (await entriesOf(environment, workDomain)).filter((one) => isAt(one, places.get(one.model)));
  return Object.fromEntries(own.map(({ model, tokens_per_byte }) => [model, rounded(tokens_per_byte)]));
}

/** Remembers what a session measured, where it differs from the initial values. A disk failure affects nothing else. */
export async function keepDensities(
  environment: SessionEnvironment,
  workDomain: string,
  definition: Definition,
  known: Densities,
  measured: Densities,
): Promise<void> {
  const fresh = Object.entries(measured).filter(
    ([model, value]) => entryOf(known, model) !== value && entryOf(known, model) !== rounded(value),
  );
  if (fresh.length === 0) return;
  const places = placesOf(definition);
  const measuredAt = new Date(environment.clock.nowMs()).toISOString();
  const entries = fresh.map(([model, value]): Entry => ({
    ...(places.get(model) ?? placeOf(definition.venue)),
    model,
    tokens_per_byte: rounded(value),
    measured_at: measuredAt,
  }));
  const isReplaced = (one: Entry): boolean =>
    entries.some((entry) => entry.model === one.model && isAt(one, entry));
  try {
    const others = (await entriesOf(environment, workDomain)).filter((one) => !isReplaced(one));
    await ensureOrketDir(environment, workDomain);
    await writeBeside(environment, calibrationFile(workDomain), {
      version: 1,
      models: [...others, ...entries].slice(-maxEntries),
    });
  } catch {
    return;
  }
}

const rounded = (value: number): number => Math.round(value * 10_000) / 10_000;
