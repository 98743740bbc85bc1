import { noConnectionTo } from "../../adapters/provider/connects";
import { checkHealth } from "../../adapters/provider/health";
import { transportOf } from "../../adapters/provider/http/access";
import type { ProviderHealth } from "../../adapters/provider/health-types";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { createProvider } from "../../adapters/provider/provider-factory";
import { OrketError } from "../../engine/error/orket-error";
import { calledVenues } from "../../engine/model/called-venues";
import { callSettings } from "../../engine/model/definition";
import type { Definition, ResolvedVenue } from "../../engine/model/definition";
import { defined } from "../../engine/model/defined";
import { isHere, missingModels, takesAnyName } from "./missing-models";
import { factsOf } from "../../engine/model/providers";
import type { Cancellation } from "../../engine/port/cancellation";
import { endpointsOf } from "./capability-memory";
import type { VenueEndpoint } from "./capability-memory";
import { entryOf } from "../../engine/model/entry-of";

/** Time limit for a server to answer; a slower one is not waited for. One on this machine answers at once, or only calls. */
const [timeoutMs, timeoutHereMs] = [5000, 2000];

/** Why a run on a Venue cannot work. */
export interface VenueTrouble {
  /** One or two sentences. */
  readonly message: string;
  /** What to do about it; a sentence. */
  readonly hint: string;
  /** Models that the Venue requests and the server does not have; empty: the reason is a different one. */
  readonly missing: readonly string[];
  /** The roles whose steps request one of them. */
  readonly roles: readonly string[];
  /** The models that the server has. */
  readonly models: readonly string[];
}

type ServerTrouble = Omit<VenueTrouble, "roles">;

/** Most models that a message names. */
const namedModels = 12;

/** Some of a server's models for a sentence. */
export function modelList(models: readonly string[]): string {
  const more = models.length - namedModels;
  return `${models.slice(0, namedModels).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/**
 * Asks the Venue of a definition before its first step whether a run can work. Only definite failures count: no connection
 * is possible, the key is refused, or the server's own list of models lacks one that a step requests. An OpenAI-compatible
 * server on this machine is only checked for a connection and, where `listsHere` says so, its list of models; not for the list
 * where it is known to accept any name. Scripted replies and the editor's models are not asked.
 * @returns why it cannot work; undefined: no known reason, or no answer within 5 s, or it was cancelled.
 * @throws {OrketError} errors from creating the provider: definition_invalid, secret_missing, key_not_allowed.
 */
export async function troubleOf(
  definition: Definition,
  deps: ProviderDeps,
  cancellation: Cancellation,
  { listsHere }: CheckOptions,
): Promise<VenueTrouble | undefined> {
  for (const { venue, roles } of calledVenues(definition)) {
    const { answeredBy } = factsOf(venue.provider);
    if (roles.length === 0 || answeredBy === "file" || answeredBy === "editor") continue;
    // Keys are requested, and errors in the Venue itself are reported.
    await createProvider(venue, deps);
    const wanted = { ...modelsOf(definition, roles), listsHere };
    const trouble = await troubleOfVenue(venue, wanted, deps, cancellation);
    if (trouble === undefined) continue;
    const lacks = (role: string): boolean => trouble.missing.includes(callSettings(definition, role).model);
    return { ...trouble, roles: roles.filter(lacks) };
  }
  return undefined;
}

/** The models that steps of these roles name, and whether one of them uses the Venue's own. */
function modelsOf(definition: Definition, roles: readonly string[]): Omit<Wanted, "listsHere"> {
  const named = roles.map((role) => entryOf(definition.venue.roles, role)?.model);
  return { own: named.includes(undefined), named: named.filter((model) => model !== undefined) };
}

export interface CheckOptions {
  /**
   * Whether an OpenAI-compatible server on this machine is asked for its list of models: it may be a small program that
   * expects nothing but calls, and a run that nobody watches is told of a missing model by its first call just as well.
   */
  readonly listsHere: (at: VenueEndpoint) => boolean | Promise<boolean>;
}

interface Wanted extends CheckOptions {
  readonly own: boolean;
  readonly named: readonly string[];
}

async function troubleOfVenue(
  venue: ResolvedVenue,
  { own, named, listsHere }: Wanted,
  deps: ProviderDeps,
  cancellation: Cancellation,
): Promise<ServerTrouble | undefined> {
  const asked = endpointsOf({
    ...venue,
    model: own ? venue.model : undefined,
    roles: Object.fromEntries(named.map((model, at) => [String(at), { model }])),
  });
  const byServer = new Map<string, VenueEndpoint[]>();
  for (const at of asked) {
    const server = `${at.node ?? ""} ${at.endpoint}`;
    byServer.set(server, [...(byServer.get(server) ?? []), at]);
  }
  const found = await Promise.all(
    [...byServer.values()].map((models) => troubleAt(models, venue, deps, cancellation, listsHere)),
  );
  if (cancellation.aborted) return undefined;
  const troubles = found.filter((one) => one !== undefined);
  // A mesh works as long as one of its nodes does.
  return troubles.length > 0 && troubles.length === found.length ? troubles[0] : undefined;
}

async function troubleAt(
  models: readonly VenueEndpoint[],
  venue: ResolvedVenue,
  deps: ProviderDeps,
  cancellation: Cancellation,
  listsHere: CheckOptions["listsHere"],
): Promise<ServerTrouble | undefined> {
  const [at] = models;
  if (at === undefined) return undefined;
  const nothing = { missing: [], models: [] };
  const { listIsWhole } = factsOf(at.provider);
  const isLocal = !listIsWhole && isHere(at.endpoint);
  if (isLocal) {
    const refused = await noConnectionTo(at.endpoint, "The server", timeoutMs, cancellation);
    if (refused !== undefined) return { message: refused.message, hint: startHint(venue), ...nothing };
    if (!(await listsHere(at))) return undefined;
  }
  const { provider, endpoint, api_key, headers } = at;
  const cancelled = new Promise<undefined>((resolve) => {
    cancellation.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const health = await Promise.race([
    isLocal
      ? checkHealth({ provider, endpoint, api_key, ...defined({ headers }) }, unkept(deps), timeoutHereMs)
      : checkHealth({ provider, endpoint, api_key, ...defined({ headers }) }, deps, timeoutMs, "models"),
    cancelled,
  ]);
  if (health === undefined) return undefined;
  if (isLocal) return takesAnyName(health) ? undefined : missingAt(models, health, venue);
  const { problem = "", noConnection } = health;
  if (noConnection === true) return { message: problem, hint: startHint(venue), ...nothing };
  if (isKeyRefused(health))
    return {
      message: problem,
      hint: `Check the key that ${venue.source} names, in api_key or headers; the command Orket: Set Secret stores one.`,
      ...nothing,
    };
  return missingAt(models, health, venue);
}

/** The same access on a connection of its own: what a small server does with a kept one does not concern the first call. */
function unkept(deps: ProviderDeps): ProviderDeps {
  const send = transportOf(deps);
  return { ...deps, fetch: (url, init) => send(url, { ...init, fresh: true }) };
}

function startHint({ source, provider }: ResolvedVenue): string {
  const start = factsOf(provider).listIsWhole ? "Start it (`ollama serve`)" : "Start it";
  return `${start}, check the endpoint in ${source}, or use another Venue.`;
}

/** A key that may only call models is refused the list of them, and still works. */
function isKeyRefused({ reachable, problemStatus, problem = "" }: ProviderHealth): boolean {
  if (reachable) return false;
  return (
    problemStatus === 401 ||
    (problemStatus === 403 && !/scope|permission|not allowed|forbidden/i.test(problem))
  );
}

function missingAt(
  asked: readonly VenueEndpoint[],
  health: ProviderHealth,
  venue: ResolvedVenue,
): ServerTrouble | undefined {
  const [at] = asked;
  const missing = missingModels(asked, health);
  if (at === undefined || missing.length === 0) return undefined;
  const names = health.models.map(({ name }) => name);
  const { listIsWhole } = factsOf(at.provider);
  const server = at.node === undefined ? "the server" : `the node ${at.node}`;
  const pull = listIsWhole ? `, or pull it: \`ollama pull ${missing[0] ?? ""}\`` : "";
  return {
    message: `The Venue ${venue.name} asks for ${missing.join(" and ")}, which ${server} at ${at.endpoint} does not have.`,
    hint: `It has ${modelList(names)}. Write one of them as \`model\` in ${venue.source}${pull}.`,
    missing,
    models: names,
  };
}

/** @throws {OrketError} venue_unready when a run on the definition's Venue cannot work; see `troubleOf`. */
export async function ensureReady(
  definition: Definition,
  deps: ProviderDeps,
  cancellation: Cancellation,
  { hint, listsHere }: CheckOptions & { readonly hint: string },
): Promise<void> {
  const trouble = await troubleOf(definition, deps, cancellation, { listsHere });
  if (trouble === undefined) return;
  const { message, models, missing } = trouble;
  throw new OrketError("venue_unready", message, {
    hint: `${trouble.hint} ${hint}`.trim(),
    details: { models, missing },
  });
}
