import path from "node:path";
import * as z from "zod";
import type { VenueFile } from "../../engine/model/venue";
import type { Cancellation } from "../../engine/port/cancellation";
import type { Capabilities } from "../../adapters/provider/health-types";
import { diskError } from "../../adapters/files/durable";
import { describeCapabilities, probeCapabilities } from "../../adapters/provider/capabilities";
import type { ProbedEndpoint } from "../../adapters/provider/capabilities";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { createProvider } from "../../adapters/provider/provider-factory";
import { publicAddress } from "../../adapters/provider/http/redact";
import { writeBeside } from "../session/label";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { orketDir } from "../../adapters/journal/layout";
import { ensureOrketDir } from "../../adapters/journal/session-folder";
import { defined } from "../../engine/model/defined";
import { factsOf, isServer, providersWhere, providerTable } from "../../engine/model/providers";
import { once } from "../../engine/model/once";

/** A model at an address, as named in a Venue. */
export interface VenueEndpoint extends ProbedEndpoint {
  /** Of a mesh. */
  readonly node?: string;
}

/** The part of a Venue that determines which models are called, and where. */
export type Backend = Pick<
  VenueFile,
  "provider" | "endpoint" | "api_key" | "headers" | "nodes" | "model" | "roles"
>;

/** What can be probed of a Venue: the models that it names, each at every address; empty where there are none. */
export function endpointsOf({
  provider,
  endpoint,
  api_key,
  headers,
  nodes = [],
  model,
  roles,
}: Backend): VenueEndpoint[] {
  // A role that is sent to another Venue is answered there.
  const own = Object.values(roles).flatMap((role) => (role.venue === undefined ? [role.model] : []));
  const named = (base: string | undefined): string[] =>
    [...new Set([base, ...own.map((name) => (name === model ? base : name))])].filter(
      (name) => name !== undefined,
    );
  if (!isServer(provider)) {
    if (factsOf(provider).answeredBy !== "nodes") return [];
    return nodes.flatMap((node) =>
      // As in MeshProvider: a node's own name replaces the Venue's model.
      named(node.model ?? model).map((name) => ({
        node: node.name,
        provider: node.provider,
        endpoint: node.endpoint,
        api_key: node.api_key,
        ...defined({ headers: node.headers }),
        model: name,
      })),
    );
  }
  const at = endpoint ?? providerTable[provider].defaultEndpoint;
  return named(model).map((name) => ({
    provider,
    endpoint: at,
    api_key,
    ...defined({ headers }),
    model: name,
  }));
}

/**
 * Probes with four short calls what a model at an address can do.
 * @throws {ProviderError} when the first call fails; {OrketError} secret_missing, definition_invalid.
 */
export async function tryOut(
  at: VenueEndpoint,
  { timeouts }: Pick<VenueFile, "timeouts">,
  deps: ProviderDeps,
  cancellation: Cancellation,
): Promise<Capabilities> {
  const { provider, endpoint, api_key, headers } = at;
  const made = await createProvider({ provider, endpoint, api_key, timeouts, ...defined({ headers }) }, deps);
  return probeCapabilities(at, made, deps, cancellation);
}

const triedSchema = once(() =>
  z.object({
    provider: z.enum(providersWhere("answeredBy", "server")),
    endpoint: z.string(),
    model: z.string(),
    tried_at: z.iso.datetime(),
    seed: z.boolean().optional(),
    usage_in_stream: z.boolean().optional(),
    json_schema: z.boolean().optional(),
    parallel_slots: z.int().min(1).optional(),
  }),
);
type Tried = z.infer<ReturnType<typeof triedSchema>>;
const fileSchema = once(() => z.object({ version: z.literal(1), endpoints: z.array(triedSchema()) }));

/** What was determined about a model at an address, and when (ISO, UTC). */
export interface Remembered {
  readonly triedAt: string;
  readonly capabilities: Capabilities;
}

/** For display: the findings, and their date. */
export function describeRemembered({ triedAt, capabilities }: Remembered): string {
  return `${describeCapabilities(capabilities)} (tried out ${triedAt.slice(0, 10)})`;
}

/** What was probed of a project's Venues, in `.orket/capabilities.json`. */
export class CapabilityMemory {
  readonly #file: string;
  /** One writer after the other. */
  #written: Promise<unknown> = Promise.resolve();
  readonly #environment: SessionEnvironment;
  readonly #workDomain: string;

  constructor(environment: SessionEnvironment, workDomain: string) {
    this.#environment = environment;
    this.#workDomain = workDomain;
    this.#file = path.join(orketDir(workDomain), "capabilities.json");
  }

  /** What is known; undefined: it was never probed, or the file cannot be read any more. */
  async find(at: ProbedEndpoint): Promise<Remembered | undefined> {
    const tried = (await this.#read()).find((one) => isSame(one, at));
    if (tried === undefined) return undefined;
    const {
      seed,
      usage_in_stream: usageInStream,
      json_schema: jsonSchema,
      parallel_slots: parallelSlots,
    } = tried;
    return {
      triedAt: tried.tried_at,
      capabilities: {
        ...defined({ seed, usageInStream, jsonSchema, parallelSlots }),
      },
    };
  }

  /** Whether a model at this address was probed: what listens there is a model server. */
  async isTried({ provider, endpoint }: Pick<VenueEndpoint, "provider" | "endpoint">): Promise<boolean> {
    const address = publicAddress(endpoint);
    return (await this.#read()).some((one) => one.provider === provider && one.endpoint === address);
  }

  /**
   * Remembers new findings, replacing the old ones.
   * @throws {OrketError} disk_full, disk_failed.
   */
  async keep(
    at: ProbedEndpoint,
    { seed, usageInStream, jsonSchema, parallelSlots }: Capabilities,
  ): Promise<void> {
    const tried: Tried = {
      provider: at.provider,
      endpoint: publicAddress(at.endpoint),
      model: at.model,
      tried_at: new Date(this.#environment.clock.nowMs()).toISOString(),
      seed,
      usage_in_stream: usageInStream,
      json_schema: jsonSchema,
      parallel_slots: parallelSlots,
    };
    const write = async (): Promise<void> => {
      await ensureOrketDir(this.#environment, this.#workDomain);
      const others = (await this.#read()).filter((one) => !isSame(one, at));
      await writeBeside(this.#environment, this.#file, { version: 1, endpoints: [...others, tried] });
    };
    const mine = this.#written.then(write);
    this.#written = mine.catch(() => undefined);
    try {
      await mine;
    } catch (error) {
      throw diskError(error, "what was found out of a Venue");
    }
  }

  /** All entries; an invalid file is ignored: everything in it can be determined again. */
  async #read(): Promise<readonly Tried[]> {
    try {
      const bytes = await this.#environment.fs.readFile(this.#file);
      return fileSchema().safeParse(JSON.parse(bytes.toString("utf8"))).data?.endpoints ?? [];
    } catch {
      return [];
    }
  }
}

function isSame(one: Tried, { provider, endpoint, model }: ProbedEndpoint): boolean {
  return one.provider === provider && one.endpoint === publicAddress(endpoint) && one.model === model;
}
