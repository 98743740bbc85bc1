import type { EventData, SessionEvent } from "../../engine/event/event";
import { densitiesAtStart } from "../venue/calibration";
import { schemaRolesAtStart } from "../venue/schema-roles";
import { OrketError } from "../../engine/error/orket-error";
import type { Definition } from "../../engine/model/definition";
import { checkForkable, decisionsOfFork, sharedEvents } from "../../engine/history/fork";
import type { Steer } from "../../engine/orchestrator/ports";
import { blobsIn } from "../../engine/history/difference";
import { startEvent } from "../../engine/orchestrator/start";
import { createSession, readSession } from "../../adapters/journal/session-folder";
import type { CreatedSession, ReadSession } from "../../adapters/journal/session-folder";
import { ensureSoundDefinition } from "./ownership";
import { decidedBy, environmentOf, liveSession } from "./open";
import type { LiveSession, RuntimeOptions } from "./session";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { defined } from "../../engine/model/defined";

/**
 * Starts a session that shares everything before a step with another one. The shared events cost no model call.
 * @param at a step run's key (`build#2`), or a step's id for its first run.
 * @param change creates the fork's definition from the old one.
 * @throws {OrketError} command_refused, session_not_found, and what starting a session throws.
 */
export async function forkSession(
  directory: string,
  at: string,
  change: (definition: Definition) => Definition,
  options: RuntimeOptions,
): Promise<LiveSession> {
  const record = await readSession(environmentOf(options), directory);
  const [start] = record.events;
  if (start?.type !== "session_start") {
    throw record.damage ?? new OrketError("session_not_found", "The session has no events to fork from.");
  }
  const shared = sharedEvents(record.events, at);
  const definition = change(record.definition);
  checkForkable(definition, shared, record.definition);
  const fork = await forkAfter(record, shared, definition, options);
  const by = decidedBy(options);
  for (const decision of decisionsOfFork(record.definition, definition, shared))
    fork.orchestrator.submit({ kind: "adjust", adjustment: { ...decision, by } });
  return fork;
}

/**
 * Starts a session that shares its first events with another one.
 * @param steer decides in place of the user.
 * @throws {OrketError} what starting a session throws.
 */
export async function forkAfter(
  record: ReadSession,
  shared: readonly SessionEvent[],
  definition: Definition,
  options: RuntimeOptions,
  steer?: Steer,
): Promise<LiveSession> {
  const environment = environmentOf(options);
  ensureSoundDefinition(record.definition);
  ensureSoundDefinition(definition);
  const created = await createSession(environment, options.workDomain, definition);
  try {
    const history = await copyShared(record, shared, created, { definition, options });
    const { store, definitionRef } = created;
    const parts = { store, history, definition, definitionRef, ...defined({ steer }) };
    return liveSession(parts, environment, options);
  } catch (error) {
    await created.store.close().catch(() => undefined);
    throw error;
  }
}

/** Writes the fork's first event, the shared ones after it, and every content that they name. */
async function copyShared(
  record: ReadSession,
  shared: readonly SessionEvent[],
  { store, paths, definitionRef }: CreatedSession,
  { definition, options }: { definition: Definition; options: RuntimeOptions },
): Promise<readonly SessionEvent[]> {
  const environment = options.environment ?? nodeEnvironment;
  const [start] = shared;
  const origins = start?.type === "session_start" ? (start.data.forked_from ?? []) : [];
  // A fork within what the session itself took over refers to the session that it came from.
  const from = origins.find((origin) => origin.events >= shared.length) ?? {
    session: record.paths.id,
    definition: store.putBytes(await environment.fs.readFile(record.paths.definition)),
    ...(start?.type === "session_start" ? madeBy(start.data) : {}),
  };
  const forkedFrom = [
    ...origins.filter((origin) => origin.events < shared.length),
    { ...from, events: shared.length },
  ];
  const first = store.append([
    startEvent({
      engine: options.engineVersion,
      session: paths.id,
      definition,
      digest: definitionRef,
      startedBy: options.startedBy,
      forkedFrom,
      densities: densitiesAtStart(shared),
      schemaRoles: schemaRolesAtStart(shared),
    }),
  ]);
  store.appendRecorded(shared.slice(1));
  for (const event of shared) {
    for (const { ref } of blobsIn(event.data)) store.putBytes(await record.blobs.getBytes(ref));
  }
  for (const origin of origins) store.putBytes(await record.blobs.getBytes(origin.definition));
  await store.flush();
  return [...first, ...shared.slice(1)];
}

/** The versions that made the shared prompts and calls, as the session's first event names them. */
function madeBy({
  prompt_builder,
  call_reader,
  tool_answers,
  drift_rules,
  reasons,
  acceptances,
  reports,
}: EventData<"session_start">): Pick<
  EventData<"session_start">,
  "prompt_builder" | "call_reader" | "tool_answers" | "drift_rules" | "reasons" | "acceptances" | "reports"
> {
  return {
    ...defined({ prompt_builder, call_reader, tool_answers, drift_rules, reasons, acceptances, reports }),
  };
}
