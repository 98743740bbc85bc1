import type { EventDraft, EventOf, SessionEvent } from "../event/event";
import type { Definition } from "../model/definition";
import { CancelSource } from "../port/cancellation";
import type { GuardedFiles } from "../port/files";
import { apply } from "../state/apply";
import { activeRuns } from "../state/cursor";
import { decide } from "../orchestrator/decide";
import type { Effect } from "../orchestrator/decide";
import { initialState } from "../state/state";
import type { SessionState } from "../state/state";
import { commandOfTool, isBuiltin, isEditorTool, isForeign } from "../model/tools";
import { mustAsk } from "../state/asked-call";
import { endOfOutput } from "../orchestrator/command-work";
import { commandVerdict } from "../model/command";
import { fileRules } from "../policy/rules";
import { isExternal, perform } from "../orchestrator/perform";
import { digestOfRecorded, isBuiltAgain } from "../agent/prompt-digest";
import { currentVersions } from "../event/versions";
import type { MakingVersions } from "../event/versions";
import { defined } from "../model/defined";
import { blobsIn, causeOf, compare, contentCause, differs, promptCause } from "./difference";
import type { Divergence } from "./difference";
import {
  externalAsOffered,
  featuresAsOffered,
  needed,
  noFiles,
  recordedFiles,
  replayStore,
  WorldNeeded,
} from "./recorded-ports";
import type { ReplayPorts } from "./recorded-ports";
import { entryOf } from "../model/entry-of";

export type { ReplayPorts } from "./recorded-ports";

export interface ReplayReport {
  readonly events: number;
  /** Model calls whose recorded replies were used. */
  readonly modelCalls: number;
  /** What this engine makes differently from the one that recorded it, and what was therefore taken as recorded. */
  readonly asRecorded: readonly TakenAsRecorded[];
  /** undefined: everything is identical. */
  readonly divergence: Divergence | undefined;
  /** The session's state at the end, or where it first differs. */
  readonly state: SessionState;
}

/** Prompts, calls, tool results and suggestions that another version made. */
export type TakenAsRecorded = "prompts" | "calls" | "results" | "suggestions";

/**
 * Performs a session again from its own journal. Every event that the core decides, and every prompt, result and artifact
 * that follows from the inputs, is made again and compared; what came from outside (replies, failures, the project's
 * files, people) is taken as recorded. The time of an event is not compared.
 * @param events all of them, or in pieces, so that a long session is never held whole.
 * @param from the first event to check; earlier events are taken as recorded.
 * @param madeBy the versions that made the prompts and calls, if they differ from the first event's (the shared part of a fork).
 */
export async function replay(
  definition: Definition,
  events: readonly SessionEvent[] | AsyncIterable<readonly SessionEvent[]>,
  ports: ReplayPorts,
  from = 0,
  madeBy?: MakingVersions,
): Promise<ReplayReport> {
  let state = initialState(definition);
  let modelCalls = 0;
  let index = 0;
  const report = (divergence: Divergence | undefined): ReplayReport => ({
    events: index,
    modelCalls,
    asRecorded: takenAsRecorded(state),
    divergence,
    state,
  });
  for await (const piece of Symbol.asyncIterator in events ? events : [events]) {
    for (const event of piece) {
      if (index === from && madeBy !== undefined) state = { ...state, versions: madeBy };
      const divergence = index < from ? undefined : await checkAt(index, state, event, ports);
      if (divergence !== undefined) return report(divergence);
      if (index >= from && event.type === "model_call_end") modelCalls += 1;
      state = apply(state, event);
      index += 1;
    }
  }
  return report(undefined);
}

async function checkAt(
  index: number,
  state: SessionState,
  event: SessionEvent,
  ports: ReplayPorts,
): Promise<Divergence | undefined> {
  const divergence =
    (await brokenContent(event, ports)) ??
    (event.seq === index
      ? undefined
      : differs(event, "order", `The event has the number ${event.seq} in place ${index}.`)) ??
    (await check(state, event, ports));
  if (divergence === undefined || !ports.definitionChanged || divergence.cause === "order") return divergence;
  return { ...divergence, cause: "definition" };
}

function takenAsRecorded({ versions }: SessionState): TakenAsRecorded[] {
  return [
    ...(isBuiltAgain(versions) ? [] : (["prompts"] as const)),
    ...(versions.callReader === currentVersions.callReader ? [] : (["calls"] as const)),
    ...(versions.toolAnswers === currentVersions.toolAnswers ? [] : (["results"] as const)),
    ...(versions.driftRules === 0 || versions.driftRules === currentVersions.driftRules
      ? []
      : (["suggestions"] as const)),
  ];
}

/** This session's drift rules were of another version; their findings are taken as recorded. */
function isOtherRules({ versions }: SessionState): boolean {
  return versions.driftRules !== 0 && versions.driftRules !== currentVersions.driftRules;
}

function check(
  state: SessionState,
  event: SessionEvent,
  ports: ReplayPorts,
): Promise<Divergence | undefined> {
  switch (event.type) {
    case "session_start":
      return Promise.resolve(checkStart(state, event));
    case "model_call_end":
      return checkReply(state, event, ports);
    case "model_call_failed":
      return Promise.resolve(checkOpenCall(state, event));
    case "session_resumed":
    case "venue_changed":
    case "approval_resolved":
    case "failover":
    case "suggestion_resolved":
    case "artifact_accepted":
    case "artifact_rejected":
    case "acceptance_reverted":
    case "question_answered":
      return Promise.resolve(undefined);
    case "command_end":
      return checkCommandEnd(state, event, ports);
    case "suggestion":
      return Promise.resolve(isOtherRules(state) ? undefined : checkDecided(state, event));
    case "adjustment":
      if (event.step === null || (isOtherRules(state) && event.data.by === "conductor"))
        return Promise.resolve(undefined);
      return Promise.resolve(checkDecided(state, event));
    case "limit_reached":
      return Promise.resolve(event.step === null ? undefined : checkDecided(state, event));
    case "plan_resolved":
    case "step_start":
    case "model_call_start":
    case "tool_call":
    case "condition_checked":
    case "loop_exhausted":
    case "session_paused":
    case "session_end":
      return Promise.resolve(checkDecided(state, event));
    case "prompt_built":
    case "tool_result":
    case "tool_denied":
    case "artifact_written":
    case "artifact_deleted":
    case "notes_updated":
    case "verdict_set":
    case "result_set":
    case "step_end":
    case "step_failed":
    case "step_skipped":
    case "approval_requested":
    case "items_resolved":
    case "inputs_resolved":
    case "group_end":
    case "command_start":
    case "question_asked":
      return checkMade(state, event, ports);
  }
}

function checkStart(state: SessionState, event: EventOf<"session_start">): Divergence | undefined {
  if (state.status !== "new") return differs(event, "order", "The session starts a second time.");
  const { flow, venue } = state.definition;
  if (event.data.flow !== flow.name || event.data.provider !== venue.provider) {
    return differs(event, "definition", "The definition names another Flow or provider.");
  }
  return undefined;
}

/** An event that the core decides from the state alone. */
function checkDecided(state: SessionState, event: SessionEvent): Divergence | undefined {
  const decided = decide(state).event;
  if (decided === undefined) {
    return differs(event, "order", `At this place the replay does not record ${event.type}.`);
  }
  return compare(decided, event, "engine");
}

function checkOpenCall(
  state: SessionState,
  event: EventOf<"model_call_end"> | EventOf<"model_call_failed">,
): Divergence | undefined {
  const run = activeRuns(state.score).find((active) => active.run.key === event.step)?.run;
  if (run?.call?.call === event.data.call && run.prompt?.turn === event.data.turn) return undefined;
  return differs(event, "order", "No call of that number is under way at this place.");
}

/** A command's outcome is taken as recorded and no process is started; what the engine made of it is recomputed. */
async function checkCommandEnd(
  state: SessionState,
  event: EventOf<"command_end">,
  ports: ReplayPorts,
): Promise<Divergence | undefined> {
  const run = activeRuns(state.score).find((active) => active.run.key === event.step)?.run;
  if (run?.command == null || run.commandEnd !== null)
    return differs(event, "order", "No command is under way at this place.");
  const { end, result_problem } = event.data;
  const verdict = end.kind === "lost" || result_problem !== undefined ? undefined : commandVerdict(end);
  const summary = ports.refText(endOfOutput(await ports.getText(event.data.output)));
  const { verdict: _, ...recorded } = event.data;
  const data = { ...recorded, ...defined({ verdict }), summary };
  return compare({ type: event.type, step: event.step, data }, event, "reply");
}

/** A reply is taken as recorded; what the engine made of it is recomputed. */
async function checkReply(
  state: SessionState,
  event: EventOf<"model_call_end">,
  ports: ReplayPorts,
): Promise<Divergence | undefined> {
  const open = checkOpenCall(state, event);
  if (open !== undefined) return open;
  const { data } = event;
  const effect: Effect = {
    kind: "call_model",
    step: event.step ?? "",
    key: "",
    call: data.call,
    delaySeconds: 0,
  };
  const calls = [];
  for (const call of data.tool_calls) {
    calls.push({
      name: call.tool,
      argumentsJson: await ports.getText(call.args),
      ...defined({ id: call.server_id }),
      ...(call.attached === undefined ? {} : { attached: parseObject(await ports.getText(call.attached)) }),
    });
  }
  const text = await ports.getText(data.reply);
  const unparsed = data.unread?.find(({ kind }) => kind === "server");
  const reply = {
    text,
    toolCalls: data.from_text === true ? [] : calls,
    finishReason: data.finish_reason,
    ...(unparsed === undefined ? {} : { unparsedCall: unparsed.why }),
    usage: data.tokens,
    totalMs: data.total_ms,
    sent: {},
  };
  const provider = { call: () => Promise.resolve(reply) };
  const made = await makeAgain(state, effect, ports, { provider });
  if (made?.type !== "model_call_end")
    return differs(event, "engine", "The replay does not take this reply.");
  const isRead = state.versions.callReader === currentVersions.callReader && !isReadByEditor(state, event);
  const own = isRead ? made.data : data;
  const { tool_calls, from_text, said, unread, schema } = own;
  const { cost_usd } = made.data;
  const followsFrom = { ...data, tool_calls, from_text, said, unread, schema, cost_usd };
  return compare({ ...made, data: followsFrom }, event, "reply");
}

/**
 * Whether a reply's text was searched for calls of tools that the editor describes: how it described them then is
 * unknown, so the calls found are taken as recorded.
 */
function isReadByEditor(state: SessionState, { step, data }: EventOf<"model_call_end">): boolean {
  const isText = data.from_text === true || data.tool_calls.length === 0;
  const role = activeRuns(state.score).find((active) => active.run.key === step)?.run.node.role;
  return (
    isText && role !== undefined && (entryOf(state.definition.band.roles, role)?.tools ?? []).some(isForeign)
  );
}

/** The engine wrote it as the JSON of an object. */
const parseObject = (json: string): Record<string, unknown> => JSON.parse(json) as Record<string, unknown>;

/** An event that follows from the definition, the state and the inputs: it is made again. */
async function checkMade(
  state: SessionState,
  event: SessionEvent,
  ports: ReplayPorts,
): Promise<Divergence | undefined> {
  if (isOutsideResult(state, event)) return undefined;
  const decided = decide(state).event;
  if (decided !== undefined) return compare(decided, event, causeOf(event));
  const effect = localEffectOf(state, event);
  if (effect === undefined) {
    return differs(event, "order", `At this place the replay does not record ${event.type}.`);
  }
  if (isOlderAnswer(state, event)) return undefined;
  if (event.type === "prompt_built" && !isBuiltAgain(state.versions))
    return checkRecordedPrompt(state, event, effect, ports);
  const made = await makeAgain(state, effect, ports, { files: recordedFiles(event, ports) });
  if (made === undefined)
    switch (event.type) {
      case "prompt_built":
        return checkRecordedPrompt(state, event, effect, ports);
      case "tool_denied":
        // What the guard denies depends on the disk; what the engine denies does not.
        return Object.hasOwn(fileRules, event.data.rule)
          ? undefined
          : differs(event, "policy", "The replay does not deny this call.");
      default:
        return undefined;
    }
  const divergence = compare(asNamed(made, event, state), event, causeOf(event));
  return divergence === undefined || event.type !== "prompt_built"
    ? divergence
    : { ...divergence, cause: await promptCause(made, event, ports) };
}

/** The files that a report names are found by the drift rules' version. */
function asNamed(made: EventDraft, event: SessionEvent, state: SessionState): EventDraft {
  if (made.type !== "step_end" || event.type !== "step_end" || !isOtherRules(state)) return made;
  const { names, claims } = event.data;
  return { ...made, data: { ...made.data, names, claims } };
}

/** A prompt that another version built is taken as recorded if a prompt is due there and it matches its digest. */
async function checkRecordedPrompt(
  state: SessionState,
  event: EventOf<"prompt_built">,
  effect: Effect,
  ports: ReplayPorts,
): Promise<Divergence | undefined> {
  if (effect.kind !== "build_prompt")
    return differs(event, "order", "At this place the replay builds no prompt.");
  const { run } = activeRuns(state.score).find((active) => active.run.key === event.step) ?? {};
  const messages = [...(run?.prompt?.messages.slice(0, event.data.kept) ?? []), ...event.data.added];
  const digest = await digestOfRecorded(messages, state.versions, ports.getText, ports.sha256);
  return digest === event.data.sha256
    ? undefined
    : differs(event, "prompt", "The prompt's text is not what its digest says.");
}

/** What a tool of the host answered, or that there is no such tool: it can arrive at any time, and is taken as recorded. */
function isOutsideResult(state: SessionState, event: SessionEvent): boolean {
  if (event.type === "artifact_written" || event.type === "artifact_deleted") {
    const run = activeRuns(state.score).find((active) => active.run.key === event.step)?.run;
    return run?.command != null && run.commandEnd === null;
  }
  if (event.type !== "tool_result" && event.type !== "tool_denied") return false;
  const run = activeRuns(state.score).find((active) => active.run.key === event.step)?.run;
  const open = run?.openTool ?? null;
  if (run === undefined || open?.call.id !== event.data.call_id) return false;
  if (isBuiltin(open.call.tool) && !isEditorTool(open.call.tool)) return false;
  if (commandOfTool(open.call.tool) !== undefined) return false;
  // Before the policy covered foreign tools, no approval was requested for them.
  const isOlder = state.definition.flow.policy.foreign_tools === undefined;
  return isOlder || (open.answer?.allowed !== false && !mustAsk(state, run));
}

/** What a tool of another version answered to the open call: it is taken as recorded. */
function isOlderAnswer(state: SessionState, { type, step, data }: SessionEvent): boolean {
  if (state.versions.toolAnswers === currentVersions.toolAnswers || !("call_id" in data)) return false;
  const open = activeRuns(state.score).find(({ run }) => run.key === step)?.run.openTool;
  return type !== "tool_call" && open?.call.id === data.call_id;
}

/** The engine's own work for the event's step, if the state requires it now. */
function localEffectOf(state: SessionState, event: SessionEvent): Effect | undefined {
  return decide(state).effects.find(
    (effect) =>
      effect.step === event.step &&
      // Denials and questions come from the engine, also where the tool is the editor's.
      (!isExternal(effect, state) ||
        ((event.type === "tool_denied" || event.type === "question_asked") && effect.kind === "run_tool")),
  );
}

/** Does the work again. undefined: it needs the outside world, so the recording is used. */
async function makeAgain(
  state: SessionState,
  effect: Effect,
  ports: ReplayPorts,
  more: { provider?: Parameters<typeof perform>[1]["ports"]["provider"]; files?: GuardedFiles },
): Promise<EventDraft | undefined> {
  const cancellation = new CancelSource();
  try {
    const made = await perform(effect, {
      state,
      cancellation,
      onDelta: () => undefined,
      recorded: Promise.resolve(),
      ports: {
        store: replayStore(ports),
        provider: more.provider ?? { call: () => Promise.reject(new WorldNeeded()) },
        files: more.files ?? noFiles,
        external: externalAsOffered(state, effect),
        features: featuresAsOffered(state, effect),
        commands: { run: needed },
        clock: { nowMs: () => 0, sleep: () => Promise.resolve() },
        sha256: ports.sha256,
        utf8: ports.utf8,
      },
    });
    return made[0];
  } catch (error) {
    if (error instanceof WorldNeeded) return undefined;
    throw error;
  }
}

/** A content that is missing or does not match its digest. */
async function brokenContent(event: SessionEvent, ports: ReplayPorts): Promise<Divergence | undefined> {
  for (const { ref, field } of blobsIn(event.data)) {
    try {
      await ports.getBytes(ref);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return differs(event, contentCause(event, field), `The content of ${field} cannot be used: ${why}`);
    }
  }
  return undefined;
}
