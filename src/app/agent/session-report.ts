import { OrketError } from "../../engine/error/orket-error";
import type { Command } from "../../engine/conductor/command";
import type { Content } from "../../engine/event/content";
import { defined } from "../../engine/model/defined";
import type { Json } from "../../engine/model/field";
import { resultOf } from "../../engine/state/scope";
import type { SessionState } from "../../engine/state/state";
import type { SessionLabel } from "../../engine/view/session-label";
import { isOpenArtifact } from "../../engine/view/session-view";
import type { QuestionView, SessionView } from "../../engine/view/session-view";
import { waitingIn } from "../session/waiting";
import { bounded } from "./bounded";
import type { ToolInput } from "./tool-inputs";

/** What an agent is told about a session, and answers in it. */
export interface AgentSession {
  readonly id: string;
  readonly view: SessionView;
  readonly state: SessionState;
  readonly label: SessionLabel;
  readonly holder: "here" | "elsewhere" | "nobody";
  readText(content: Content): Promise<string>;
  submit(...commands: readonly Command[]): Promise<void>;
}

/** Bounds of a report, so that it takes little of an agent's context: characters of a text, entries of a list. */
const max = { text: 2000, result: 8000, entries: 20 } as const;

/** Length of a digest's beginning in a question's reference; as long as the command line writes it. */
const digestLength = 16;

/** Something that waits in a session. */
export interface ReportedWait {
  readonly kind: string;
  readonly step?: string;
  /** What is asked, in full as far as it fits. */
  readonly text: string;
  /** Who answers it; `an agent, with orket_answer` only where the Score allows it. */
  readonly answeredBy: string;
  /** What orket_answer takes as `question`; present where an agent may answer. */
  readonly question?: string;
  readonly words?: readonly string[];
  readonly fields?: QuestionView["fields"];
  readonly questions?: readonly string[];
}

/** A session, as an agent is told about it: bounded, plain data. */
export interface SessionReport {
  readonly session: string;
  readonly flow: string;
  /** As `orket sessions --json` writes it. */
  readonly state: SessionLabel;
  /** The state or end in one sentence. */
  readonly ending?: string;
  readonly steps: { readonly done: number; readonly of: number; readonly running: readonly string[] };
  readonly modelCalls: number;
  readonly waiting: readonly ReportedWait[];
  readonly moreWaiting?: number;
  /** What the Score returns; only of a completed session. */
  readonly result?: { readonly verdict?: string; readonly value?: Json; readonly summary?: string };
  /** Files that wait for a person's decision. */
  readonly filesToReview: readonly string[];
  readonly moreFilesToReview?: number;
}

const byPerson = "a person, in the editor";
const byAgent = "a person, or an agent with orket_answer";

/** How orket_answer names an open question: its id, and the beginning of the digest of what it shows. */
function referenceOf({ id, sha256 }: Pick<QuestionView, "id" | "sha256">): string {
  return `${id}@${sha256.slice(0, digestLength)}`;
}

function rest<Name extends string>(name: Name, all: readonly unknown[]): Partial<Record<Name, number>> {
  const more = all.length - max.entries;
  return more > 0 ? ({ [name]: more } as Partial<Record<Name, number>>) : {};
}

/** A text of the session; one that cannot be read is replaced by a notice. */
async function textOf(session: AgentSession, content: Content, length: number): Promise<string> {
  try {
    return bounded(await session.readText(content), length);
  } catch {
    return "[This text cannot be read.]";
  }
}

async function waitsOf(session: AgentSession): Promise<ReportedWait[]> {
  const { questions } = session.view;
  const waits: ReportedWait[] = [];
  for (const { kind, about, step, text } of waitingIn(session).slice(0, max.entries)) {
    const asked = questions.find(({ id }) => id === about);
    const words = asked === undefined || asked.words.length === 0 ? undefined : asked.words;
    waits.push({
      kind: asked?.kind ?? kind,
      ...defined({ step }),
      text: asked === undefined ? text : await textOf(session, asked.text, max.text),
      answeredBy: asked?.agentMayAnswer === true ? byAgent : byPerson,
      ...(asked?.agentMayAnswer === true
        ? {
            question: referenceOf(asked),
            ...defined({ words, fields: asked.fields, questions: asked.questions }),
          }
        : {}),
    });
  }
  return waits;
}

async function resultOfSession(session: AgentSession): Promise<SessionReport["result"]> {
  const { definition, score, outcome } = session.state;
  const step = definition.score.result?.step;
  const record = step === undefined || outcome !== "completed" ? undefined : resultOf(score.scope, step);
  if (record === undefined) return undefined;
  const { verdict, result, summary } = record;
  const written = result === undefined ? "" : JSON.stringify(result);
  return {
    ...defined({ verdict }),
    ...(result === undefined
      ? {}
      : { value: written.length <= max.result ? result : bounded(written, max.result) }),
    summary: await textOf(session, summary, max.text),
  };
}

/** A session's state, what waits in it, and its result. */
export async function reportOf(session: AgentSession): Promise<SessionReport> {
  const { view, label, id } = session;
  const { steps, ending, flow, modelCalls } = view;
  const files = view.artifacts.filter(isOpenArtifact).map(({ path }) => path);
  const result = await resultOfSession(session);
  return {
    session: id,
    flow,
    state: label,
    ...defined({ ending }),
    steps: {
      done: steps.filter(({ status }) => status === "done" || status === "skipped").length,
      of: steps.length,
      running: steps
        .filter(({ status }) => status === "running")
        .slice(0, max.entries)
        .map(({ key, role }) => `${key} (${role})`),
    },
    modelCalls,
    waiting: await waitsOf(session),
    ...rest("moreWaiting", waitingIn(session)),
    ...defined({ result }),
    filesToReview: files.slice(0, max.entries),
    ...rest("moreFilesToReview", files),
  };
}

/**
 * The open question that an agent names, if the Score lets an agent answer it.
 * @throws {OrketError} approval_unknown, approval_stale, command_refused.
 */
export function questionFor({ view, id }: AgentSession, reference: string): QuestionView {
  const [name = "", digest = ""] = reference.split("@");
  const isApproval = view.approvals.some((approval) => approval.id === name);
  const open = view.questions.find((one) => one.id === name);
  if (open === undefined && !isApproval) {
    throw new OrketError("approval_unknown", `The question ${name} is not open in ${id}.`, {
      hint: "orket_session names the open questions.",
    });
  }
  if (open?.agentMayAnswer !== true) {
    throw new OrketError("command_refused", `Only a person answers ${name}, in the editor.`, {
      hint: "An agent answers only an `ask` of the Score that has `agent_may_answer: true`.",
    });
  }
  if (digest.length < digestLength || !open.sha256.startsWith(digest)) {
    throw new OrketError("approval_stale", `'${reference}' does not name what ${name} shows now.`, {
      hint: "Call orket_session, read the question, and give its `question` unchanged.",
    });
  }
  return open;
}

/** The answer as the session takes it. */
export function answerCommand(
  { id, sha256 }: QuestionView,
  { verdict, fields, answers }: Pick<ToolInput<"orket_answer">, "verdict" | "fields" | "answers">,
): Command {
  const given: Json | undefined = answers ?? fields;
  return { kind: "answer_question", id, sha256, by: "agent", ...defined({ verdict, answers: given }) };
}
