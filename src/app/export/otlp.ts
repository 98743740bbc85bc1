import { aboutAdjustment } from "../../engine/event/event";
import type { Content } from "../../engine/event/content";
import type { EventData, EventOf, Message, SessionEvent } from "../../engine/event/event";
import { callSettings, venueOf } from "../../engine/model/definition";
import {
  attributes,
  client,
  double,
  genAiConventions,
  internal,
  nanos,
  numberIn,
  schemaUrl,
  serverOf,
  usage,
} from "./otlp-span";
import type { Given, OtlpAttribute, OtlpSpan, OtlpSpanEvent, OtlpTraceRequest } from "./otlp-span";
import { promptAttributes, replyAttributes } from "./otlp-messages";
import { eachEvent, textOrProblem } from "./source";
import type { ExportSource } from "./source";
import { defined } from "../../engine/model/defined";
import { entryOf } from "../../engine/model/entry-of";

/** A span that has not ended yet. */
interface OpenSpan {
  readonly seq: number;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: 1 | 3;
  start: string;
  readonly attributes: OtlpAttribute[];
  readonly events: OtlpSpanEvent[];
}

/** What is open in one run of a step. */
interface OpenStep {
  readonly span: OpenSpan;
  messages: readonly Message[];
  call: OpenSpan | undefined;
  readonly tools: Map<string, OpenSpan>;
}

class TraceBuilder {
  #spans: OtlpSpan[] = [];
  readonly #steps = new Map<string, OpenStep>();
  /** Prompts outlive an attempt's span: a span opens with step_start, the prompt may come earlier. */
  readonly #roles = new Map<string, string>();
  #root: OpenSpan | undefined;
  readonly #session: string;
  readonly #traceId: string;
  #last = "";
  #ended: EventData<"session_end"> | undefined;
  #failure: { readonly type: string; readonly message: string } | undefined;
  readonly #source: ExportSource;
  readonly #contents: boolean;

  constructor(source: ExportSource, contents: boolean) {
    this.#source = source;
    this.#contents = contents;
    this.#session = source.state.session;
    this.#traceId = source.sha256(`orket trace ${this.#session}`).slice(0, 32);
  }

  #spanId(seq: number): string {
    return this.#source.sha256(`orket span ${this.#session} ${seq}`).slice(0, 16);
  }

  #open(
    event: SessionEvent,
    kind: 1 | 3,
    name: string,
    given: Readonly<Record<string, Given>>,
    parent?: OpenSpan,
  ): OpenSpan {
    const parentSpanId = parent === undefined ? undefined : this.#spanId(parent.seq);
    return {
      seq: event.seq,
      parentSpanId,
      name,
      kind,
      start: event.at,
      attributes: attributes(given),
      events: [],
    };
  }

  #end(span: OpenSpan, at: string, error?: { readonly type: string; readonly message: string }): void {
    if (error !== undefined) span.attributes.push(...attributes({ "error.type": error.type }));
    this.#spans.push({
      traceId: this.#traceId,
      spanId: this.#spanId(span.seq),
      ...defined({ parentSpanId: span.parentSpanId }),
      name: span.name,
      kind: span.kind,
      startTimeUnixNano: nanos(span.start),
      endTimeUnixNano: nanos(at),
      attributes: span.attributes,
      events: span.events,
      status: error === undefined ? {} : { code: 2, message: error.message },
    });
  }

  #note(span: OpenSpan | undefined, event: SessionEvent, given: Readonly<Record<string, Given>>): void {
    span?.events.push({
      timeUnixNano: nanos(event.at),
      name: `orket.${event.type}`,
      attributes: attributes(given),
    });
  }

  async take(event: SessionEvent): Promise<void> {
    if (event.at > this.#last) this.#last = event.at;
    // What a fork shares with an older session happened before the fork began.
    if (this.#root !== undefined && event.at < this.#root.start) this.#root.start = event.at;
    if (event.type === "session_start") {
      this.#root = this.#open(event, internal, `invoke_workflow ${event.data.flow}`, {
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": event.data.flow,
        "gen_ai.conversation.id": this.#session,
        "orket.session.id": this.#session,
        "orket.engine.version": event.data.engine,
        "orket.definition.sha256": event.data.definition.sha256,
      });
    } else if (event.type === "session_end") this.#ended = event.data;
    else if (event.step === null) this.#takeSession(event);
    else await this.#takeStep(event, event.step);
  }

  /** Events of the session as a whole belong to the root span. */
  #takeSession(event: SessionEvent): void {
    switch (event.type) {
      case "session_paused":
        if (event.data.reason === "step_failed" || event.data.reason === "limit")
          this.#failure = { type: event.data.reason, message: event.data.message };
        this.#note(this.#root, event, { "orket.reason": event.data.reason });
        return;
      case "session_resumed":
        this.#failure = undefined;
        this.#note(this.#root, event, { "orket.by": event.data.by });
        return;
      case "adjustment": {
        const { kind, by } = event.data;
        const { step, role, limit } = aboutAdjustment(event.data);
        this.#note(this.#root, event, {
          "orket.adjustment": kind,
          "orket.by": by,
          "orket.step": step,
          "orket.role": role,
          "orket.limit": limit,
        });
        return;
      }
      case "artifact_accepted":
      case "artifact_rejected":
      case "acceptance_reverted":
        this.#note(this.#root, event, { "orket.artifact.path": event.data.path });
        return;
      default:
        this.#note(this.#root, event, {});
    }
  }

  async #takeStep(event: SessionEvent, key: string): Promise<void> {
    const step = this.#steps.get(key);
    switch (event.type) {
      case "step_start":
        this.#endStep(key, event.at);
        this.#roles.set(key, event.data.role);
        this.#steps.set(key, {
          span: this.#stepSpan(event, key, event.data.role, event.data.attempt),
          messages: [],
          call: undefined,
          tools: new Map(),
        });
        return;
      case "step_skipped":
        if (step === undefined)
          this.#steps.set(key, {
            span: this.#stepSpan(event, key, event.data.role, 0),
            messages: [],
            call: undefined,
            tools: new Map(),
          });
        this.#note(this.#steps.get(key)?.span, event, {
          "orket.by": event.data.by,
          "orket.reason": event.data.reason,
        });
        this.#endStep(key, event.at);
        return;
      case "step_end": {
        if (step === undefined) return;
        const { tokens, cost_usd, turns, verdict } = event.data;
        step.span.attributes.push(
          ...usage(tokens),
          ...attributes({ "orket.turns": turns, "orket.verdict": verdict }),
          ...double("orket.cost_usd", cost_usd),
        );
        await this.#addReplyText(step.span, event.data.summary);
        this.#endStep(key, event.at);
        return;
      }
      case "step_failed":
        this.#endStep(key, event.at, { type: event.data.code, message: event.data.message });
        return;
      case "prompt_built":
        if (step !== undefined)
          step.messages = [...step.messages.slice(0, event.data.kept), ...event.data.added];
        this.#note(step?.span, event, {
          "orket.prompt.sha256": event.data.sha256,
          "orket.prompt.omitted": event.data.omitted.map(({ what, count }) => `${count} ${what}`),
        });
        return;
      default:
        if (step !== undefined) await this.#takeWork(event, step);
        else this.#note(this.#root, event, {});
    }
  }

  #stepSpan(event: SessionEvent, key: string, role: string, attempt: number): OpenSpan {
    const { flow, band } = this.#source.definition;
    return this.#open(
      event,
      internal,
      `invoke_agent ${role}`,
      {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.id": `${band.name}/${role}`,
        "gen_ai.agent.name": role,
        "gen_ai.agent.description": entryOf(band.roles, role)?.description,
        "gen_ai.conversation.id": this.#session,
        "gen_ai.provider.name": venueOf(this.#source.definition, role).provider,
        "gen_ai.workflow.name": flow.name,
        "orket.step": key,
        "orket.attempt": attempt,
      },
      this.#root,
    );
  }

  /** Model calls and tools of a running step. */
  async #takeWork(event: SessionEvent, step: OpenStep): Promise<void> {
    switch (event.type) {
      case "model_call_start":
        step.call = await this.#chatSpan(event, step);
        return;
      case "model_call_end":
        if (step.call === undefined) return;
        await this.#endChat(step.call, event);
        step.call = undefined;
        return;
      case "model_call_failed":
        if (step.call === undefined) return;
        if (event.data.status !== undefined)
          step.call.attributes.push(...attributes({ "http.response.status_code": event.data.status }));
        this.#end(step.call, event.at, { type: event.data.code, message: event.data.message });
        step.call = undefined;
        return;
      case "failover":
        this.#note(step.call ?? step.span, event, {
          "orket.failover.from": event.data.from,
          "orket.failover.to": event.data.to,
          "orket.failover.digest_changed": event.data.digest_changed,
        });
        return;
      case "tool_call": {
        const { call_id, tool, args } = event.data;
        const span = this.#open(
          event,
          internal,
          `execute_tool ${tool}`,
          {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": tool,
            "gen_ai.tool.type": tool.startsWith("vscode:") ? "extension" : "function",
            "gen_ai.tool.call.id": call_id,
          },
          step.span,
        );
        await this.#addContent(span, "gen_ai.tool.call.arguments", args);
        step.tools.set(call_id, span);
        return;
      }
      case "tool_result": {
        const span = step.tools.get(event.data.call_id);
        if (span === undefined) return;
        await this.#addContent(span, "gen_ai.tool.call.result", event.data.content);
        step.tools.delete(event.data.call_id);
        const failed = event.data.ok
          ? undefined
          : { type: "tool_error", message: "The tool reported a failure." };
        this.#end(span, event.at, failed);
        return;
      }
      case "tool_denied": {
        const span = step.tools.get(event.data.call_id);
        if (span === undefined) return;
        step.tools.delete(event.data.call_id);
        this.#end(span, event.at, { type: event.data.rule, message: "The file policy denied it." });
        return;
      }
      default:
        this.#takeDetail(event, step);
    }
  }

  #takeDetail(event: SessionEvent, { span, tools }: OpenStep): void {
    switch (event.type) {
      case "artifact_written":
        this.#note(tools.get(event.data.call_id) ?? span, event, {
          "orket.artifact.path": event.data.path,
          "orket.artifact.sha256": event.data.content.sha256,
          "orket.artifact.bytes": event.data.content.bytes,
        });
        return;
      case "artifact_deleted":
        this.#note(tools.get(event.data.call_id) ?? span, event, { "orket.artifact.path": event.data.path });
        return;
      case "verdict_set":
        this.#note(tools.get(event.data.call_id) ?? span, event, { "orket.verdict": event.data.verdict });
        return;
      case "approval_requested":
        this.#note(span, event, {
          "orket.approval.id": event.data.id,
          "orket.approval.kind": event.data.kind,
        });
        return;
      case "approval_resolved":
        this.#note(span, event, {
          "orket.approval.id": event.data.id,
          "orket.approval.decision": event.data.decision,
          "orket.by": event.data.by,
        });
        return;
      default:
        this.#note(span, event, {});
    }
  }

  async #chatSpan(event: EventOf<"model_call_start">, step: OpenStep): Promise<OpenSpan> {
    const { model, provider, attempt, turn, prompt } = event.data;
    const role = this.#roles.get(event.step ?? "") ?? "";
    const settings = callSettings(this.#source.definition, role);
    const span = this.#open(
      event,
      client,
      model === "" ? "chat" : `chat ${model}`,
      {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model === "" ? undefined : model,
        "gen_ai.conversation.id": this.#session,
        "gen_ai.request.seed": settings.seed,
        "gen_ai.request.max_tokens": settings.max_output_tokens,
        "gen_ai.output.type": "text",
        ...serverOf(venueOf(this.#source.definition, role)),
        "orket.turn": turn,
        "orket.attempt": attempt,
        "orket.prompt.sha256": prompt,
      },
      step.span,
    );
    span.attributes.push(
      ...double("gen_ai.request.temperature", settings.temperature),
      ...double("gen_ai.request.top_p", numberIn(settings.params.top_p)),
      ...double("gen_ai.request.top_k", numberIn(settings.params.top_k)),
    );
    if (this.#contents)
      span.attributes.push(...(await promptAttributes(step.messages, (content) => this.#text(content))));
    return span;
  }

  async #endChat(span: OpenSpan, event: EventOf<"model_call_end">): Promise<void> {
    const { data } = event;
    span.attributes.push(
      ...attributes({
        "gen_ai.response.model": data.model,
        "gen_ai.response.finish_reasons": [
          data.finish_reason === "tool_calls" ? "tool_call" : data.finish_reason,
        ],
        "orket.node": data.node,
      }),
      ...usage(data.tokens),
      ...double(
        "gen_ai.response.time_to_first_chunk",
        data.first_token_ms === undefined ? undefined : data.first_token_ms / 1000,
      ),
      ...double("orket.cost_usd", data.cost_usd),
    );
    if (this.#contents) {
      span.attributes.push(...(await replyAttributes(data, (content) => this.#text(content))));
    }
    this.#end(span, event.at);
  }

  async #text(content: Content): Promise<string> {
    const found = await textOrProblem(this.#source, content);
    return "text" in found ? found.text : `(not there: ${found.problem})`;
  }

  async #addContent(span: OpenSpan, key: string, content: Content): Promise<void> {
    if (this.#contents) span.attributes.push(...attributes({ [key]: await this.#text(content) }));
  }

  async #addReplyText(span: OpenSpan, content: Content): Promise<void> {
    if (!this.#contents) return;
    const parts = [{ type: "text", content: await this.#text(content) }];
    span.attributes.push(
      ...attributes({
        "gen_ai.output.messages": JSON.stringify([{ role: "assistant", parts, finish_reason: "stop" }]),
      }),
    );
  }

  /** Ends the step's span and whatever is open in it. */
  #endStep(key: string, at: string, error?: { readonly type: string; readonly message: string }): void {
    const step = this.#steps.get(key);
    if (step === undefined) return;
    this.#steps.delete(key);
    const cut = { type: "_OTHER", message: "It was under way when the record ends." };
    for (const span of step.tools.values()) this.#end(span, at, cut);
    if (step.call !== undefined) this.#end(step.call, at, cut);
    this.#end(step.span, at, error);
  }

  /** The spans that have ended since the last call. */
  drain(): readonly OtlpSpan[] {
    const spans = this.#spans;
    this.#spans = [];
    return spans;
  }

  finish(): void {
    for (const key of [...this.#steps.keys()]) this.#endStep(key, this.#last);
    if (this.#root !== undefined) {
      const ended = this.#ended;
      this.#root.attributes.push(
        ...attributes({
          "orket.outcome": ended?.outcome ?? "unfinished",
          "orket.model_calls": ended?.model_calls,
        }),
        ...(ended === undefined ? [] : usage(ended.tokens)),
        ...double("orket.cost_usd", ended?.cost_usd),
      );
      this.#end(this.#root, this.#last, ended === undefined ? this.#failure : undefined);
    }
  }
}

/**
 * The session as one trace, by the GenAI conventions: the run is a workflow, each attempt of a step an agent, each try of
 * a model call a chat, each tool call an execution. The texts of people and models are included only with `contents`; keys are
 * never in a journal. Spans are in the order in which they ended. The same session gives the same bytes.
 * @returns one JSON document, an `ExportTraceServiceRequest`, in pieces.
 */
export async function* exportOtlp(
  source: ExportSource,
  { contents }: { readonly contents: boolean },
): AsyncGenerator<string, void, void> {
  const builder = new TraceBuilder(source, contents);
  const version = source.state.engine;
  const resource = attributes({
    "service.name": "orket",
    "service.version": version,
    "orket.semconv.gen_ai.version": genAiConventions,
  });
  const request: OtlpTraceRequest = {
    resourceSpans: [
      {
        resource: { attributes: resource },
        scopeSpans: [{ scope: { name: "orket", version }, spans: [], schemaUrl }],
        schemaUrl,
      },
    ],
  };
  const [before = "", after = ""] = JSON.stringify(request).split('"spans":[]');
  yield `${before}"spans":[`;
  let isFirst = true;
  const ended = (): string => {
    const spans = builder.drain().map((span) => JSON.stringify(span));
    const text = `${isFirst || spans.length === 0 ? "" : ","}${spans.join(",")}`;
    if (spans.length > 0) isFirst = false;
    return text;
  };
  for await (const event of eachEvent(source.events)) {
    await builder.take(event);
    const text = ended();
    if (text !== "") yield text;
  }
  builder.finish();
  yield `${ended()}]${after}\n`;
}
