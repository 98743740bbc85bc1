import type { Content } from "../event/content";
import { contentLength } from "../event/content";
import type { EventOf, SessionEvent } from "../event/event";
import { defined } from "../model/defined";
import { grouped } from "../model/grouped";
import { eventTexts } from "./event-texts";
import { eventLine } from "./event-line";
import { eventWords, isFailure } from "./event-kind";
import { durationWords } from "./duration";
import { adjustmentText, ruleWords } from "./adjustment-text";
import { commandFacts, replyFacts } from "./transcript-facts";

/** What an entry of a transcript is, which decides how it looks. */
export type TranscriptKind =
  | "session"
  | "step"
  | "prompt"
  | "reply"
  | "tool"
  | "file"
  | "verdict"
  | "check"
  | "question"
  | "answer"
  | "adjustment"
  | "failure"
  | "end";

/** A text of an entry: which event it belongs to, and how it is named there. */
export interface TranscriptPart {
  readonly seq: number;
  readonly id: string;
  readonly label: string;
  readonly content: Content;
  /** Shown at once; otherwise folded. */
  readonly open?: true;
}

/** One entry of the transcript. */
export interface TranscriptEntry {
  readonly seq: number;
  readonly at: string;
  readonly kind: TranscriptKind;
  /** Who or what: `build#2`, `read_file`. */
  readonly head: string;
  /** Small print beside the head. */
  readonly facts: readonly string[];
  readonly step?: string;
  readonly role?: string;
  readonly tone?: "good" | "bad" | "caution";
  /** A short text that stands in the event itself. */
  readonly say?: string;
  readonly parts: readonly TranscriptPart[];
  /** The files that were written or deleted, each with the number of its event. */
  readonly files?: readonly { readonly seq: number; readonly path: string }[];
  /** Its end is not there yet. */
  readonly open?: true;
}

/** What is known of a step beside its events. */
export interface StepFacts {
  readonly role: string;
  /** The round, the item, the branch around it: `Round 2 of 4`. */
  readonly places: readonly string[];
  /** The model that its role uses. */
  readonly model?: string;
  readonly startedAt?: string;
}

/** The surroundings in which an event is read. */
export interface TranscriptContext {
  /** The other sides of a call, a command or a question, where they are near. */
  readonly partners: (seq: number) => readonly SessionEvent[];
  /** Whether the transcript has an entry for the event; a filter leaves events out. */
  readonly includes: (seq: number) => boolean;
  /** Whether the other half can still come: the session runs, and the event is among its last. */
  readonly awaits: (seq: number) => boolean;
  readonly stepOf: (key: string) => StepFacts | undefined;
}

/** Whether the event is shown by the entry of its other side: a result by its call, a start by its end. */
function isFolded(event: SessionEvent, { partners, includes }: TranscriptContext): boolean {
  const others = partners(event.seq).filter(({ seq }) => includes(seq));
  if (event.type === "model_call_start" || event.type === "command_start") return others.length > 0;
  return event.type !== "tool_call" && others.some(({ type }) => type === "tool_call");
}

/**
 * The transcript's entry for an event; undefined where the entry of another event shows it. A pure function of the event
 * and its surroundings, so that any part of a session can be shown without the rest.
 */
export function transcriptEntry(
  event: SessionEvent,
  context: TranscriptContext,
): TranscriptEntry | undefined {
  if (isFolded(event, context)) return undefined;
  const { seq, at, step } = event;
  const role = step === null ? undefined : context.stepOf(step)?.role;
  return { seq, at, ...defined({ step: step ?? undefined, role }), ...bodyOf(event, context) };
}

type Body = Omit<TranscriptEntry, "seq" | "at" | "step" | "role">;

function body(
  kind: TranscriptKind,
  head: string,
  facts: readonly (string | undefined | false)[],
  more: Partial<Body> = {},
): Body {
  const named = facts.filter((fact): fact is string => typeof fact === "string" && fact !== "");
  return { kind, head, facts: named, parts: [], ...more };
}

/** A text of an event by its id; empty texts are left out. */
function part(event: SessionEvent, id: string, open?: true, label?: string): TranscriptPart[] {
  const text = eventTexts(event).find((one) => one.id === id);
  if (text === undefined || contentLength(text.content) === 0) return [];
  return [{ seq: event.seq, id, label: label ?? text.label, content: text.content, ...defined({ open }) }];
}

function bodyOf(event: SessionEvent, context: TranscriptContext): Body {
  switch (event.type) {
    case "step_start":
      return stepBody(event, context);
    case "prompt_built":
      return promptBody(event);
    case "model_call_start":
      return startBody("reply", event, event.data.model, [], context);
    case "model_call_end":
      return replyBody(event, context);
    case "model_call_failed":
      return body("failure", eventWords(event.type), [event.data.code], {
        tone: "bad",
        say: event.data.message,
        parts: part(event, "partial"),
      });
    case "tool_call":
      return toolBody(event, context);
    case "tool_result":
    case "tool_denied":
    case "artifact_written":
    case "artifact_deleted":
    case "notes_updated":
    case "verdict_set":
    case "result_set":
      return outcomeBody(event);
    case "command_start":
      return startBody("check", event, event.data.argv.join(" "), [event.data.command], context);
    case "command_end":
      return commandBody(event, context.partners(event.seq)[0]);
    case "approval_requested":
      return body(
        "question",
        event.data.kind === "before_step"
          ? `Begin ${event.step ?? ""}?`
          : `Take the result of ${event.step ?? ""}?`,
        [],
        {
          parts: part(event, "shows"),
          tone: "caution",
        },
      );
    case "question_asked":
      return body("question", "Question", [event.data.verdict?.join(" or "), event.data.tool], {
        parts: part(event, "question", true),
        tone: "caution",
      });
    case "approval_resolved":
      return answerBody(event.data.decision, event.data.by, event.data.instruction ?? event.data.comment);
    case "question_answered":
      return answerBody(
        event.data.verdict ?? "answered",
        event.data.by,
        event.data.answers === undefined ? undefined : JSON.stringify(event.data.answers, null, 2),
      );
    default:
      return otherBody(event, context);
  }
}

function otherBody(event: SessionEvent, { stepOf }: TranscriptContext): Body {
  const tone = isFailure(event) ? ("bad" as const) : undefined;
  switch (event.type) {
    case "adjustment":
      return body("adjustment", "Adjustment", [`by ${event.data.by}`], {
        say: [adjustmentText(event.data), event.data.reason ?? ""].join(" ").trim(),
      });
    case "suggestion":
      return body("adjustment", `Drift: ${ruleWords(event.data.rule)}`, [], {
        say: event.data.message,
        tone: "caution",
      });
    case "step_end": {
      const { verdict, turns, tokens } = event.data;
      const took = spanOf(stepOf(event.step ?? "")?.startedAt, event.at);
      const counts = turns === 0 ? undefined : replyFacts.tokens(tokens);
      return body("end", `${event.step ?? ""} ended`, [verdict, counts, took], {
        parts: part(event, "summary"),
      });
    }
    case "step_failed":
      return body("failure", `${event.step ?? ""} failed`, [event.data.will_retry && "it is tried again"], {
        tone: "bad",
        say: event.data.message,
      });
    case "session_paused": {
      const { reason, message } = event.data;
      const say = message === "" ? reason.replaceAll("_", " ") : message;
      return body(tone === undefined ? "session" : "failure", eventWords(event.type), [], {
        ...defined({ tone }),
        say,
      });
    }
    case "step_skipped":
      return body("end", `${event.step ?? ""} skipped`, [`by ${event.data.by}`], { say: event.data.reason });
    case "failover":
      return body("failure", eventWords(event.type), [], {
        say: eventLine(event),
        tone: "caution",
        parts: part(event, "partial"),
      });
    case "group_end":
      return body("end", eventWords(event.type), [event.step ?? "", event.data.verdict], {
        parts: part(event, "summary"),
      });
    case "artifact_accepted":
    case "artifact_rejected":
    case "acceptance_reverted":
      return body("file", `${eventWords(event.type)}: ${event.data.path}`, [
        event.data.by === undefined ? undefined : `by ${event.data.by}`,
      ]);
    default: {
      const kind = event.step === null ? "session" : "step";
      const text = eventLine(event);
      return body(tone === undefined ? kind : "failure", eventWords(event.type), [], {
        ...defined({ tone }),
        ...(text === "" ? {} : { say: text }),
      });
    }
  }
}

/** The time from a beginning to its end. */
function spanOf(start: string | undefined, end: string): string | undefined {
  if (start === undefined) return undefined;
  const ms = Date.parse(end) - Date.parse(start);
  return Number.isFinite(ms) ? durationWords(ms) : undefined;
}

function stepBody({ step, data }: EventOf<"step_start">, { stepOf }: TranscriptContext): Body {
  const { role, attempt, item } = data;
  const { places = [], model } = stepOf(step ?? "") ?? {};
  const named = places.map((place) =>
    item !== undefined && place.startsWith("Item ") ? `${place}: ${item}` : place,
  );
  return body("step", step ?? data.id, [...named, role, model, attempt > 1 && `try ${attempt}`]);
}

/**
 * What is new comes first: of a step's first prompt the message of the step, of a later one, which repeats replies and
 * results, what the engine tells the model.
 */
function promptBody(event: EventOf<"prompt_built">): Body {
  const { kept, added, estimated_tokens, omitted, turn } = event.data;
  const lastOfUser = added.findLastIndex(({ role }) => role === "user");
  const isTold = (index: number): boolean =>
    kept === 0 ? index === lastOfUser : added[index]?.role === "user";
  const message = (index: number): string => `message ${kept + index + 1}`;
  const told = added.flatMap((_, index) =>
    isTold(index) ? part(event, message(index), true, "What the model is told") : [],
  );
  const rest =
    kept === 0 ? added.flatMap((_, index) => (isTold(index) ? [] : part(event, message(index)))) : [];
  return body(
    "prompt",
    kept === 0 ? "Prompt" : `Prompt, turn ${turn}`,
    [
      `${kept + added.length} messages`,
      `about ${grouped(estimated_tokens)} tokens`,
      omitted.length > 0 && `left out: ${omitted.map(({ what }) => what.replaceAll("_", " ")).join(", ")}`,
    ],
    { parts: [...told, ...rest] },
  );
}

function replyBody(event: EventOf<"model_call_end">, { partners, stepOf }: TranscriptContext): Body {
  const { data } = event;
  const [start] = partners(event.seq);
  const asked = start?.type === "model_call_start" ? start.data.model : undefined;
  const said = data.said === undefined ? part(event, "reply", true) : part(event, "said", true, "Reply");
  const role = event.step === null ? undefined : stepOf(event.step)?.role;
  return body("reply", role ?? "Reply", replyFacts.of(data, data.model ?? asked), {
    parts: [...part(event, "reasoning"), ...said],
    ...(data.notices === undefined ? {} : { say: data.notices.join("\n") }),
    ...(data.finish_reason === "stop" || data.finish_reason === "tool_calls"
      ? {}
      : { tone: "caution" as const }),
  });
}

/** What has begun, and has no end that is shown. */
function startBody(
  kind: TranscriptKind,
  { seq }: SessionEvent,
  head: string,
  facts: readonly string[],
  { partners, awaits }: TranscriptContext,
  parts: readonly TranscriptPart[] = [],
): Body {
  if (partners(seq).length > 0) return body(kind, head, facts, { parts });
  return awaits(seq)
    ? body(kind, head, [...facts, "in progress"], { parts, open: true })
    : body(kind, head, [...facts, "no end recorded"], { parts, tone: "caution" });
}

/** A call with its outcome: what it changed says more than what the model is told about it. */
function toolBody(call: EventOf<"tool_call">, context: TranscriptContext): Body {
  const args = part(call, "args");
  const ends = context.partners(call.seq);
  const main = ends.find(({ type }) => type !== "tool_result") ?? ends[0];
  if (main === undefined) return startBody("tool", call, call.data.tool, [], context, args);
  const shown = outcomeBody(main);
  const results = ends.flatMap((end) => outcomeBody(end).parts);
  return {
    ...shown,
    facts: [call.data.tool, ...shown.facts].filter((fact) => fact !== shown.head),
    parts: [...args, ...results],
  };
}

/** The outcome of a tool call, by what it changed. */
function outcomeBody(event: SessionEvent): Body {
  switch (event.type) {
    case "tool_result":
      return body("tool", event.data.tool, [!event.data.ok && "failed"], {
        parts: part(event, "result"),
        ...(event.data.ok ? {} : { tone: "bad" as const }),
      });
    case "tool_denied":
      return body("tool", event.data.tool, [`denied by the rule ${event.data.rule}`, event.data.path], {
        tone: "bad",
        say: event.data.message,
      });
    case "artifact_written": {
      const { path, content, moved_from } = event.data;
      return body(
        "file",
        `Wrote ${path}`,
        [`${grouped(content.bytes)} bytes`, moved_from && `moved from ${moved_from.path}`],
        {
          files: [{ seq: event.seq, path }],
        },
      );
    }
    case "artifact_deleted":
      return body("file", `Deleted ${event.data.path}`, [], {
        files: [{ seq: event.seq, path: event.data.path }],
      });
    case "notes_updated":
      return body("tool", eventWords(event.type), Object.keys(event.data.set), {});
    case "verdict_set":
      return body("verdict", `Verdict: ${event.data.verdict}`, [], defined({ say: event.data.reason }));
    case "result_set":
      return body("verdict", "Result", [], { say: JSON.stringify(event.data.result, null, 2) });
    default:
      return body("tool", eventWords(event.type), []);
  }
}

function commandBody(event: EventOf<"command_end">, start: SessionEvent | undefined): Body {
  const argv = start?.type === "command_start" ? start.data.argv.join(" ") : event.data.command;
  const { verdict, files } = event.data;
  const passed = verdict === undefined ? !isFailure(event) : verdict === "pass";
  return body("check", argv, commandFacts(event.data, argv), {
    tone: passed ? "good" : "bad",
    ...(files.length === 0 ? {} : { files: files.map(({ path }) => ({ seq: event.seq, path })) }),
    parts: [...part(event, "tail", true), ...part(event, "output", undefined, "Whole output")],
  });
}

function answerBody(decision: string, by: string, text: string | undefined): Body {
  return body("answer", `Answer: ${decision}`, [`by ${by}`], defined({ say: text }));
}
