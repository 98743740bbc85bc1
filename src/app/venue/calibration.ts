import path from "node:path";
import * as z from "zod";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { orketDir } from "../../adapters/journal/layout";
import { ensureOrketDir } from "../../adapters/journal/session-folder";
import { publicAddress } from "../../adapters/provider/http/redact";
import type { SessionEvent } from "../../engine/event/event";
import type { Definition } from "../../engine/model/definition";
import { writeBeside } from "../session/label";

/** Tokens for each byte of a prompt, by model, as servers counted them. */
export type Densities = Readonly<Record<string, number>>;

const entrySchema = z.object({
  provider: z.string(),
  endpoint: z.string().optional(),
  model: z.string(),
  tokens_per_byte: z.number().positive().max(4),
  measured_at: z.iso.datetime(),
});
const fileSchema = z.object({ version: z.literal(1), models: z.array(entrySchema) });
type Entry = z.infer<typeof entrySchema>;

/** Most models that are remembered; the oldest go first. */
const maxEntries = 200;

function calibrationFile(workDomain: string): string {
  return path.join(orketDir(workDomain), "calibration.json");
}

/** Where the Venue's models are: models of one name may be others elsewhere. */
function placeOf({ venue }: Definition): { readonly provider: string; readonly endpoint?: string } {
  const { provider, endpoint } = venue;
  return endpoint === undefined ? { provider } : { provider, endpoint: publicAddress(endpoint) };
}

async function entriesOf({ fs }: SessionEnvironment, workDomain: string): Promise<readonly Entry[]> {
  try {
    const bytes = await fs.readFile(calibrationFile(workDomain));
    return fileSchema.safeParse(JSON.parse(bytes.toString("utf8"))).data?.models ?? [];
  } catch {
    // What is not as it should be is as good as none: everything in it is measured again.
    return [];
  }
}

/** What the session's prompts were fitted with from its start: the same again, so that the prompts can be the same. */
export function densitiesAtStart([start]: readonly SessionEvent[]): Densities {
  const calibration = start?.type === "session_start" ? (start.data.calibration ?? []) : [];
  return Object.fromEntries(calibration.map((one) => [one.model, one.tokens_per_byte]));
}

/** What earlier sessions measured of the models of the definition's Venue, in `.orket/calibration.json`. */
export async function rememberedDensities(
  environment: SessionEnvironment,
  workDomain: string,
  definition: Definition,
): Promise<Densities> {
  const here = placeOf(definition);
  const own = (await entriesOf(environment, workDomain)).filter(
    ({ provider, endpoint }) => provider === here.provider && endpoint === here.endpoint,
  );
  return Object.fromEntries(own.map(({ model, tokens_per_byte }) => [model, rounded(tokens_per_byte)]));
}

/** Remembers what a session measured, where that is not what it began with. A disk that fails changes nothing but that. */
export async function keepDensities(
  environment: SessionEnvironment,
  workDomain: string,
  definition: Definition,
  known: Densities,
  measured: Densities,
): Promise<void> {
  const fresh = Object.entries(measured).filter(([model, value]) => known[model] !== rounded(value));
  if (fresh.length === 0) return;
  const here = placeOf(definition);
  const measuredAt = new Date(environment.clock.nowMs()).toISOString();
  const entries = fresh.map(([model, value]): Entry => ({
    ...here,
    model,
    tokens_per_byte: rounded(value),
    measured_at: measuredAt,
  }));
  const isReplaced = (one: Entry): boolean =>
    one.provider === here.provider &&
    one.endpoint === here.endpoint &&
    entries.some(({ model }) => model === one.model);
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
