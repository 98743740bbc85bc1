import type { BlobRef } from "../../engine/event/content";
import type { DecidedBy, SessionEvent } from "../../engine/event/event";
import { OrketError } from "../../engine/error/orket-error";
import type { Definition } from "../../engine/model/definition";
import { noExternalTools } from "../../engine/port/external-tools";
import { noLanguageFeatures } from "../../engine/port/language-features";
import { Orchestrator } from "../../engine/orchestrator/orchestrator";
import type { SessionPorts, Steer } from "../../engine/orchestrator/ports";
import { startEvent } from "../../engine/orchestrator/start";
import { fold } from "../../engine/state/apply";
import { initialState } from "../../engine/state/state";
import { NodeGuardedFiles } from "../../adapters/files/guarded-files";
import type { JsonlSessionStore, SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import {
  createSession,
  readSession as readRecord,
  resumeSession,
} from "../../adapters/journal/session-folder";
import type { ResumedSession } from "../../adapters/journal/session-folder";
import { IndexKeeper } from "./index-keeper";
import { providersOf, routedProvider } from "./routed-provider";
import type { Providers } from "./routed-provider";
import { commandRunner } from "../command/session-commands";
import { finishAcceptance, forgetAcceptance } from "./project-change";
import { ensureMayOpen } from "./ownership";
import { ensureRunsHere } from "./runs-here";
import { sha256 } from "../../adapters/system/sha256";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { nodeUtf8 } from "../../adapters/system/utf8";
import { keepDensities, rememberedDensities } from "../venue/calibration";
import type { Densities } from "../venue/calibration";
import { forgetSchema, provenSchemaRoles } from "../venue/schema-roles";
import type { RuntimeOptions, LiveSession, SeenSession } from "./session";
import { defined } from "../../engine/model/defined";
import { entryOf } from "../../engine/model/entry-of";

/** The machine that a host writes sessions on. */
export function environmentOf({
  environment = nodeEnvironment,
  startedBy,
}: RuntimeOptions): SessionEnvironment {
  return { ...environment, program: startedBy };
}

/** Decides in place of the user in a session that a host steers itself. */
export function decidedBy({ startedBy }: RuntimeOptions): DecidedBy {
  return startedBy === "editor" ? "person" : "command_line";
}

/**
 * Creates a session's folder and records its start. Nothing runs until `orchestrator.run()`.
 * @param steer decides in place of the user.
 * @param known what is known of the Venue's models; what the project remembers unless given.
 * @throws {OrketError} definition_invalid, secret_missing, disk_full, disk_failed.
 */
export async function startSession(
  definition: Definition,
  options: RuntimeOptions,
  steer?: Steer,
  known?: { readonly densities: Densities; readonly schemaRoles: readonly string[] },
): Promise<LiveSession> {
  const environment = environmentOf(options);
  ensureRunsHere(definition, options);
  const providers = await providersOf(definition, options);
  const { store, paths, definitionRef } = await createSession(environment, options.workDomain, definition);
  const start = startEvent({
    engine: options.engineVersion,
    session: paths.id,
    definition,
    digest: definitionRef,
    startedBy: options.startedBy,
    densities: known?.densities ?? (await rememberedDensities(environment, options.workDomain, definition)),
    schemaRoles: known?.schemaRoles ?? (await provenSchemaRoles(environment, options.workDomain, definition)),
  });
  try {
    const history = store.append([start]);
    await store.flush();
    const parts = { store, history, definition, definitionRef, cutBytes: 0, ...defined({ steer }) };
    return { ...live(parts, providers, environment, options), begun: history };
  } catch (error) {
    // The writer's lock must not stay with a session that nobody uses.
    await store.close().catch(() => undefined);
    throw error;
  }
}

/**
 * Opens a session to resume it, or to decide about its artifacts. To resume, call `orchestrator.resume(by, cutBytes)`
 * and `orchestrator.run()`.
 * @throws {OrketError} session_not_found, session_locked, session_foreign, definition_invalid, journal_damaged,
 * format_unsupported, disk_full, disk_failed.
 */
export async function openLiveSession(directory: string, options: RuntimeOptions): Promise<LiveSession> {
  const environment = environmentOf(options);
  const { ours, read } = await ensureMayOpen(environment, directory, options.confirmForeign);
  const { store, definition, definitionRef, index, indexedEvents, cutBytes, paths } = await resumeSession(
    environment,
    directory,
    read,
  );
  try {
    const facts = { engine: options.engineVersion, session: paths.id, definition, digest: definitionRef };
    const begun = { ...facts, startedBy: options.startedBy };
    const history = index.position.lines === 0 ? store.append([startEvent(begun)]) : [];
    const parts = {
      store,
      history,
      definition,
      definitionRef,
      cutBytes,
      ours,
      from: { index, indexedEvents },
    };
    const session = liveSession(parts, environment, options);
    checkWhole(session);
    // Another user's note of a change decides nothing here.
    await (ours ? finishAcceptance(session) : forgetAcceptance(session));
    return session;
  } catch (error) {
    await store.close().catch(() => undefined);
    throw error;
  }
}

/** A fork that was interrupted while it took over its first events has nothing to resume from. */
function checkWhole(session: LiveSession): void {
  const { state } = session.orchestrator;
  if (state.events >= state.inherited) return;
  throw new OrketError(
    "session_not_found",
    `The session ${session.id} was cut off while it was being forked.`,
    {
      hint: "Fork again; the session that it comes from has everything. This one can be deleted.",
      details: { id: session.id },
    },
  );
}

/**
 * Reads a session, whoever writes to it.
 * @throws {OrketError} session_not_found, journal_damaged (the definition), format_unsupported.
 */
export async function readSession(
  directory: string,
  environment: SessionEnvironment = nodeEnvironment,
): Promise<SeenSession> {
  const { paths, definition, events, damage, blobs } = await readRecord(environment, directory);
  return {
    id: paths.id,
    state: fold(initialState(definition), events),
    events,
    ...defined({ problem: damage }),
    readText: (content) => blobs.getText(content),
    readBytes: (ref) => blobs.getBytes(ref),
  };
}

/** What a session is built from. */
export interface SessionParts {
  readonly store: JsonlSessionStore;
  /** The events in the journal, or those after `from`. */
  readonly history: readonly SessionEvent[];
  readonly from?: Pick<ResumedSession, "index" | "indexedEvents">;
  readonly definition: Definition;
  /** The digest of `definition.json`. */
  readonly definitionRef: BlobRef;
  readonly cutBytes?: number;
  /** False: another user wrote it, so its commands do not run. */
  readonly ours?: boolean;
  readonly steer?: Steer;
}

/** A session over an open store. Its backend is requested with the first call, so that it can be opened for review alone. */
export function liveSession(
  parts: SessionParts,
  environment: SessionEnvironment,
  options: RuntimeOptions,
): LiveSession {
  return live(parts, undefined, environment, options);
}

function live(
  parts: SessionParts,
  providers: Providers | undefined,
  environment: SessionEnvironment,
  options: RuntimeOptions,
): LiveSession {
  const { store, history, definition, definitionRef, cutBytes = 0, from, steer } = parts;
  const { flow } = definition;
  const ports: SessionPorts = {
    store,
    provider: routedProvider(() => orchestrator.state.definition, options, providers),
    files: new NodeGuardedFiles({
      workDomain: options.workDomain,
      startDirectory: options.startDirectory,
      references: flow.references,
      policy: flow.policy,
      ...defined({ fs: environment.projectFs }),
      get ripgrep() {
        return environment.projectFs === undefined ? options.ripgrep : undefined;
      },
    }),
    external: options.external ?? noExternalTools,
    features: options.features?.(options.workDomain) ?? noLanguageFeatures,
    commands: commandRunner(definition, options, parts.ours ?? true),
    clock: environment.clock,
    sha256,
    utf8: nodeUtf8,
    ...defined({ steer }),
  };
  const orchestrator: Orchestrator = new Orchestrator(
    ports,
    fold(from?.index.state ?? initialState(definition), history),
  );
  const known = orchestrator.state.score.scope.densities;
  const { schemaRoles } = orchestrator.state.score.scope;
  const keeper = new IndexKeeper(environment, store.paths, definitionRef, from);
  orchestrator.listen({
    onEvents: (_, state) => {
      keeper.grew(state);
    },
  });
  return {
    id: store.paths.id,
    directory: store.paths.dir,
    workDomain: options.workDomain,
    orchestrator,
    begun: [],
    cutBytes,
    store,
    environment,
    readText: (content) => store.getText(content),
    readBytes: (ref) => store.getBytes(ref),
    close: async () => {
      try {
        await orchestrator.close();
      } finally {
        await store.close();
      }
      await keeper.close(orchestrator.state);
      const { densities } = orchestrator.state.score.scope;
      const { scope } = orchestrator.state.score;
      const refused = Object.keys(schemaRoles).filter((role) => entryOf(scope.schemaRoles, role) !== true);
      if (orchestrator.state.changedVenue === undefined || orchestrator.state.changedVenue === null)
        await forgetSchema(environment, options.workDomain, definition, refused);
      await keepDensities(environment, options.workDomain, definition, known, densities);
    },
  };
}
