import { grouped } from "../model/grouped";
import { draft } from "../event/event";
import type { EventData, EventDraft } from "../event/event";
import { ProviderError } from "../error/provider-error";
import { callSettings, venueOf } from "../model/definition";
import { answerKey } from "../model/called-venues";
import { schemaOfFields } from "../model/field";
import { commandOfTool } from "../model/tools";
import { utf8Length } from "../model/utf8";
import type { Cancellation } from "../port/cancellation";
import type {
  Failover,
  ModelDelta,
  ModelFingerprint,
  ModelReply,
  ModelRequest,
  ToolSpec,
} from "../port/model-provider";
import { claimedFiles, namedFiles } from "../conductor/drift/named-files";
import { buildPrompt } from "./prompt";
import type { PromptContext } from "./prompt-context";
import { defaultMaxWaitSeconds } from "../model/venue";
import type { VenueRetry } from "../model/venue";
import { answersBySchema, mergesSystem, toolMode } from "../state/tool-mode";
import { QueueTime } from "./queue-time";
import { sentMessages, withoutSystem } from "./sent";
import { estimateTokens } from "./prompt-tokens";
import { refusalOf } from "../state/decisions";
import type { ActiveRun } from "../state/cursor";
import { failedStep } from "../state/failed-step";
import { costOf } from "../state/spending";
import type { SessionState } from "../state/state";
import type { StepRun } from "../state/step-run";
import { performTool } from "./tool/perform-tool";
import { toolsOfStep } from "./tool/registry";
import { callsOfReply } from "./reply";
import { usableCall } from "./usable-call";
import type { AgentPorts } from "./ports";
import { defined } from "../model/defined";
import { entryOf } from "../model/entry-of";

type FingerprintData = NonNullable<EventData<"model_call_end">["fingerprint"]>;

/** Longest summary that later prompts carry, in characters; the whole reply stays in the journal. */
const maxSummaryLength = 4000;

export interface PerformContext {
  readonly state: SessionState;
  readonly ports: AgentPorts;
  readonly cancellation: Cancellation;
  /** Resolves when the effect's cause is on disk; rejects when it could not be written. Nothing may be sent before. */
  readonly recorded: Promise<void>;
  readonly onDelta: (step: string, delta: ModelDelta) => void;
}

function toolsOf({ state, ports }: PerformContext, run: StepRun): ToolSpec[] {
  return toolsOfStep(run.node, {
    definition: state.definition,
    external: ports.external,
    features: ports.features,
  });
}

export async function promptOf(active: ActiveRun, context: PerformContext): Promise<EventDraft> {
  const { state, ports } = context;
  const { run } = active;
  const bySchema = answersBySchema(state.definition, active);
  const request: PromptContext = {
    definition: state.definition,
    active,
    mode: bySchema ? "native" : toolMode(state.definition, active),
    bySchema,
    tools: toolsOf(context, run),
    versions: state.versions,
    sha256: ports.sha256,
    getText: (content) => ports.store.getText(content),
    putText: (text, parts) => ports.store.putText(text, parts),
    refusal: (path) => refusalOf(context.state, path),
  };
  const prompt = await buildPrompt(request);
  return prompt.kind === "built"
    ? draft("prompt_built", run.key, prompt.data)
    : failedStep(run, "prompt_too_large", prompt.message);
}

export async function callModel(
  { call, delaySeconds }: { readonly call: number; readonly delaySeconds: number },
  active: ActiveRun,
  context: PerformContext,
): Promise<EventDraft[]> {
  const { ports, cancellation, state } = context;
  const { run } = active;
  const moves = (failovers: readonly Failover[] = []): EventDraft[] =>
    failovers.map((failover) => failoverEvent(call, run, failover, ports));
  let partial = "";
  const queue = new QueueTime(ports.clock);
  const queued = (): { queued_ms?: number } => (queue.totalMs < 1 ? {} : { queued_ms: queue.totalMs });
  try {
    if (delaySeconds > 0) await ports.clock.sleep(delaySeconds * 1000, cancellation);
    if (cancellation.aborted) throw new ProviderError("cancelled", "The call was cancelled before it began.");
    const request = await requestOf(active, context);
    const reply = await ports.provider.call(
      request,
      (delta) => {
        if (delta.kind === "text") partial += delta.text;
        else if (delta.kind === "restart") partial = "";
        else if (delta.kind === "waiting") queue.note(delta);
        context.onDelta(run.key, delta);
      },
      cancellation,
    );
    return [
      ...moves(reply.failovers),
      replyEvent(call, active, reply, request, { ...context, queued: queued() }),
    ];
  } catch (error) {
    // A journal that cannot be written is not a failure of the model.
    await context.recorded;
    const failure = ProviderError.is(error)
      ? error
      : new ProviderError("unknown", error instanceof Error ? error.message : String(error));
    const text = failure.partialText ?? partial;
    const known = { state, ports, queued: queued() };
    return [...moves(failure.failovers), failureEvent(call, active, failure, text, known)];
  }
}

function failoverEvent(call: number, run: StepRun, failover: Failover, { store }: AgentPorts): EventDraft {
  const { from, to, reason, digestChanged, partialText = "" } = failover;
  return draft("failover", run.key, {
    call,
    from,
    to,
    reason,
    digest_changed: digestChanged,
    ...(partialText === "" ? {} : { partial: store.putText(partialText) }),
  });
}

async function requestOf(active: ActiveRun, context: PerformContext): Promise<ModelRequest> {
  const { state, ports } = context;
  const { run } = active;
  const mode = toolMode(state.definition, active);
  const { result } = run.node;
  const bySchema = result !== undefined && answersBySchema(state.definition, active);
  const sent = await sentMessages(run.prompt?.messages ?? [], ports.store);
  const messages = mergesSystem(state.definition, active) ? withoutSystem(sent) : sent;
  const settings = callSettings(state.definition, run.node.role);
  const answeredBy = entryOf(state.answeredBy, answerKey(state.definition, run.node.role, settings.model));
  return {
    recorded: context.recorded,
    messages,
    settings,
    tools: mode === "native" && !bySchema ? toolsOf(context, run) : [],
    ...(bySchema ? { replySchema: schemaOfFields(result) } : {}),
    origin: {
      session: state.session,
      stepId: run.node.id,
      stepKey: run.key,
      role: run.node.role,
      answeredCalls: state.answeredCalls.get(run.node.id) ?? 0,
      failedTries: entryOf(state.failedTries, run.node.id) ?? 0,
      ...defined({ answeredBy }),
    },
  };
}

interface CallContext extends Pick<PerformContext, "state" | "ports"> {
  /** The field for how long the call waited for its turn; empty where it did not. */
  readonly queued: { readonly queued_ms?: number };
}

const bytesOf = (messages: readonly { readonly content: string }[]): number =>
  messages.reduce((sum, { content }) => sum + utf8Length(content), 0);

function replyEvent(
  call: number,
  active: ActiveRun,
  reply: ModelReply,
  request: ModelRequest,
  { state, ports, queued }: CallContext,
): EventDraft {
  const { run } = active;
  const tokens = { ...reply.usage };
  tokens.input ??= { count: estimateTokens(bytesOf(request.messages)), source: "estimated" };
  tokens.output ??= { count: estimateTokens(utf8Length(reply.text)), source: "estimated" };
  const cost = costOf(tokens, request.settings.pricing);
  const { toolCalls, fromText, said, unread, schema } = callsOfReply(active, reply, { state, ports });
  return draft("model_call_end", run.key, {
    call,
    turn: run.prompt?.turn ?? 1,
    reply: ports.store.putText(reply.text),
    ...(reply.reasoning === undefined || reply.reasoning === ""
      ? {}
      : { reasoning: ports.store.putText(reply.reasoning) }),
    tool_calls: toolCalls,
    ...(fromText ? { from_text: true as const } : {}),
    ...defined({ schema }),
    ...(said === undefined ? {} : { said: ports.store.putText(said) }),
    ...(unread.length === 0 ? {} : { unread }),
    finish_reason: reply.finishReason,
    ...defined({ finish_said: reply.finishSaid }),
    ...(reply.attached === undefined || Object.keys(reply.attached).length === 0
      ? {}
      : { attached: ports.store.putText(JSON.stringify(reply.attached)) }),
    ...defined({ resent: reply.resent }),
    tokens,
    ...defined({ cost_usd: cost }),
    ...(reply.firstTokenMs === undefined ? {} : { first_token_ms: roundMs(reply.firstTokenMs) }),
    total_ms: roundMs(reply.totalMs),
    ...queued,
    ...defined({ model: reply.model, node: reply.node }),
    ...(reply.fingerprint === undefined ? {} : { fingerprint: fingerprintData(reply.fingerprint) }),
    sent: ports.store.putText(JSON.stringify(reply.sent)),
    ...(reply.notices === undefined || reply.notices.length === 0 ? {} : { notices: [...reply.notices] }),
  });
}

function fingerprintData({ contextTokens, ...known }: ModelFingerprint): FingerprintData {
  return { ...known, ...defined({ context_tokens: contextTokens }) };
}

/** None of these figures is accurate beyond a tenth of a millisecond. */
function roundMs(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function failureEvent(
  call: number,
  active: ActiveRun,
  failure: ProviderError,
  partial: string,
  { state, ports, queued }: CallContext,
): EventDraft {
  const { run } = active;
  const attempt = run.call?.attempt ?? 1;
  const { retry } = venueOf(state.definition, run.node.role);
  const settings = callSettings(state.definition, run.node.role);
  const toText =
    failure.code === "tools_unsupported" &&
    settings.tool_calls === "auto" &&
    toolMode(state.definition, active) === "native";
  const merge =
    failure.code === "system_unsupported" &&
    settings.system_role === "auto" &&
    !mergesSystem(state.definition, active);
  const bySchema = isSchemaRefusal(failure) && answersBySchema(state.definition, active);
  const tooLong = (failure.retryAfterSeconds ?? 0) > (retry.max_wait_seconds ?? defaultMaxWaitSeconds);
  const again = !bySchema && failure.retryable && attempt < retry.attempts && !tooLong;
  const wait = failure.retryAfterSeconds ?? retry.backoff_seconds * 2 ** (attempt - 1);
  return draft("model_call_failed", run.key, {
    call,
    turn: run.prompt?.turn ?? 1,
    attempt,
    code: failure.code,
    message: tooLong ? `${failure.message} ${waitText(failure, retry)}` : failure.message,
    ...defined({ status: failure.status }),
    ...queued,
    ...(partial === "" ? {} : { partial: ports.store.putText(partial) }),
    ...(again ? { retry_in_seconds: wait } : {}),
    ...(failure.retryable && tooLong ? { asked_wait_seconds: failure.retryAfterSeconds ?? 0 } : {}),
    ...(toText ? { switch_to_text: true as const } : {}),
    ...(bySchema ? { without_schema: true as const } : {}),
    ...(merge ? { merge_system: true as const } : {}),
  });
}

/** Whether a server may have refused a request for the schema in it; the next try has none, and shows it. */
function isSchemaRefusal({ code, message }: ProviderError): boolean {
  return code === "bad_request" || (code === "server_error" && /schema|grammar|format/i.test(message));
}

/** What it means for the session that a server asks for a longer wait than the Venue allows. */
function waitText(failure: ProviderError, { max_wait_seconds }: VenueRetry): string {
  const asked = grouped(Math.round(failure.retryAfterSeconds ?? 0));
  const most = grouped(max_wait_seconds ?? defaultMaxWaitSeconds);
  return `The server asks to wait ${asked} s, and the Venue waits at most ${most} s (\`retry: { max_wait_seconds }\`): the session pauses; resume it then.`;
}

export async function runTool(active: ActiveRun, context: PerformContext): Promise<EventDraft> {
  const call = active.run.openTool?.call;
  if (call === undefined) throw new Error("a tool is to be run, and none is open");
  const { state, ports, cancellation } = context;
  const tools = toolsOf(context, active.run);
  // A command takes no arguments that could be cut off or misread.
  const usable =
    commandOfTool(call.tool) === undefined
      ? await usableCall(call, active, { state, ports, tools })
      : { call };
  if ("problem" in usable) return usable.problem;
  const toolContext = {
    state,
    active,
    files: ports.files,
    store: ports.store,
    external: ports.external,
    features: ports.features,
    utf8: ports.utf8,
    sha256: ports.sha256,
    cancellation,
  };
  const parameters = tools.find(({ name }) => name === call.tool)?.parameters ?? {};
  return performTool(usable.call, toolContext, { call, parameters });
}

export async function finishStep({ run }: ActiveRun, { ports, state }: PerformContext): Promise<EventDraft> {
  const { reply } = run;
  const said = reply === null ? "" : (await ports.store.getText(reply.said)).trim();
  // The first reader's version left the calls in the text.
  const nothingSaid = said === "" || (state.versions.callReader === 1 && isOnlyToolCall(said));
  const whole = nothingSaid ? (run.verdictReason ?? resultText(run, state) ?? said) : said;
  const text =
    whole.length > maxSummaryLength
      ? `${whole.slice(0, maxSummaryLength)}\n[cut after ${maxSummaryLength} of ${whole.length} characters]`
      : whole;
  const artifacts = Object.entries(run.written)
    .map(([path, content]) => ({ path, content }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const result = {
    summary: text,
    verdict: run.verdict ?? null,
    artifacts,
    ...defined({ result: run.result }),
  };
  return draft("step_end", run.key, {
    attempt: run.attempt,
    summary: ports.store.putText(text),
    sha256: ports.sha256(JSON.stringify(result)),
    ...defined({ verdict: run.verdict, result: run.result }),
    artifacts,
    turns: reply?.turn ?? 0,
    tokens: run.tokens,
    ...defined({ cost_usd: run.costUsd }),
    ...(await filesOfReport(run, text, { ports, state })),
  });
}

/** A step that gave only a result reports that; before version 2 it reported nothing. */
function resultText({ result }: StepRun, { versions }: SessionState): string | undefined {
  return result === undefined || versions.reports < 2 ? undefined : JSON.stringify(result);
}

/** Longest document, in bytes, and most documents that are searched for file names. */
const [maxDocumentBytes, maxDocuments] = [65_536, 5];

/** The files that a step's report, result and documents name; the drift rules compare its work with them. */
async function filesOfReport(
  run: StepRun,
  report: string,
  { ports, state }: Pick<PerformContext, "ports" | "state">,
): Promise<Pick<EventData<"step_end">, "names" | "claims">> {
  if (state.versions.driftRules === 0 || state.definition.flow.conductor.drift === "off") return {};
  const texts = [report, ...(run.result === undefined ? [] : [JSON.stringify(run.result)])];
  const documents = Object.entries(run.written).filter(([path]) => /\.(?:md|txt|rst)$/i.test(path));
  for (const [, ref] of documents.slice(0, maxDocuments)) {
    if (ref === null || ref.bytes > maxDocumentBytes) continue;
    texts.push(ports.utf8.decode(await ports.store.getBytes(ref)) ?? "");
  }
  const names = namedFiles(texts.join("\n"));
  const claims = names.length === 0 ? [] : claimedFiles(report);
  return {
    ...(names.length === 0 ? {} : { names }),
    ...(claims.length === 0 ? {} : { claims }),
  };
}

function isOnlyToolCall(text: string): boolean {
  return /^\{\s*"tool"/.test(text) || /^TOOL:/.test(text);
}
