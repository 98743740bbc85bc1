import type { BlobRef, Content } from "../../engine/event/content";
import { commandNameOf } from "../../engine/state/command-call";
import { activeRuns } from "../../engine/state/cursor";
import type { SessionState } from "../../engine/state/state";
import type { SessionLabel } from "../../engine/view/session-label";
import { isOpenArtifact } from "../../engine/view/session-view";
import type { ApprovalView, QuestionView, SessionView, StepView } from "../../engine/view/session-view";
import type {
  ApprovalScreen,
  FailureScreen,
  LimitScreen,
  PromptPart,
  QuestionScreen,
  SessionScreen,
  ShownText,
  StepScreen,
  SuggestionScreen,
} from "../../protocol/conductor";
import { askedIn } from "../../engine/model/prompt-text";
import { instructionOf, textOfAdjustment } from "../../engine/conductor/adjusted";
import { callSettings } from "../../engine/model/definition";
import { turnText } from "../../engine/view/turn-text";
import { stepGroups } from "../../engine/view/step-groups";
import { adjustmentText, ruleWords } from "../../engine/view/adjustment-text";
import { askedCommandFacts } from "../../app/command/table-text";
import { artifactDiffs, diffOfTexts } from "../../app/artifact/artifact-diffs";
import { fieldScreens } from "./question-fields";
import { hintOf } from "./failure-hint";
import { shown } from "../../protocol/shown-text";
import { defined } from "../../engine/model/defined";
import { isFromFile } from "../../engine/model/providers";
import { entryOf } from "../../engine/model/entry-of";

/** What can be changed about the Venue of a session that failed. */
export interface VenueWays {
  /** The Venue's name, if its file has changed since. */
  readonly changed?: string;
  /** The models on the server that lacked one, by the step's run. */
  readonly models?: Readonly<Record<string, readonly string[]>>;
}

/** The parts of a controller that the screen is made from. */
export interface ScreenSource {
  readonly view: SessionView;
  readonly state: SessionState;
  readonly holder: SessionScreen["holder"];
  readonly heldBy: string | undefined;
  readonly interrupted: boolean;
  readonly foreign: boolean;
  readonly label: SessionLabel;
  readonly waiting: ReadonlyMap<string, readonly string[]>;
  readonly problem: { readonly message: string; readonly hint: string | undefined } | undefined;
  readText(content: Content): Promise<string>;
  readBytes(ref: BlobRef): Promise<Uint8Array>;
}

/** Maximum length of a finished step's summary that is sent whole, in characters. */
const maxSummaryLength = 4000;

/** Texts never change, so each is read from the disk only once. */
export class TextCache {
  readonly #texts = new Map<string, string>();
  #characters = 0;
  readonly #maxCharacters: number;

  constructor(maxCharacters = 4_000_000) {
    this.#maxCharacters = maxCharacters;
  }

  async read(source: Pick<ScreenSource, "readText">, content: Content): Promise<string> {
    if ("text" in content) return content.text;
    const known = this.#texts.get(content.sha256);
    if (known !== undefined) return known;
    const text = await source.readText(content);
    this.#texts.set(content.sha256, text);
    this.#characters += text.length;
    for (const [key, old] of this.#texts) {
      if (this.#characters <= this.#maxCharacters) break;
      this.#texts.delete(key);
      this.#characters -= old.length;
    }
    return text;
  }
}

/** The session as the conductor view shows it, with every text included. A text that cannot be read is replaced by a notice. */
export async function sessionScreen(
  source: ScreenSource,
  texts: TextCache,
  nowMs: number,
  ways: VenueWays = {},
): Promise<SessionScreen> {
  const { view, state } = source;
  const read = async (content: Content, max?: number): Promise<ShownText> => {
    try {
      return shown(await texts.read(source, content), max);
    } catch (error) {
      return {
        text: `[This text cannot be read: ${error instanceof Error ? error.message : String(error)}]`,
      };
    }
  };
  const ticking = source.holder === "here" && view.steps.some(({ status }) => status === "running");
  const limit = limitOf(state);
  const place = placeOfStep(state);
  const ended = view.status === "ended";
  return {
    session: view.session,
    flow: view.flow,
    task: view.task,
    scripted: isFromFile(view.provider),
    holder: source.holder,
    ...defined({ heldBy: source.heldBy }),
    status: view.status,
    label: source.label,
    interrupted: source.interrupted,
    ...(source.foreign ? { foreign: true as const } : {}),
    ...defined({ halting: view.halting, pause: view.pause, outcome: view.outcome }),
    // A stopped session's questions are no longer open.
    approvals: ended
      ? []
      : await Promise.all(view.approvals.map((approval) => approvalScreen(approval, source, read))),
    questions: ended ? [] : await Promise.all(view.questions.map((one) => questionScreen(one, read))),
    failures: ended ? [] : failures(view, state, ways),
    suggestions: ended ? [] : view.suggestions.map((one) => suggestionScreen(one, state)),
    ...defined({ limit }),
    pending: ended
      ? []
      : state.pending.map(({ seq, adjustment }) => ({ seq, text: adjustmentText(adjustment) })),
    steps: await Promise.all(view.steps.map((step) => stepScreen(inTurn(step, source), read, place))),
    roles: view.roles,
    artifacts: {
      pending: count(view, "pending"),
      accepted: count(view, "accepted"),
      rejected: count(view, "rejected"),
    },
    tokens: view.tokens,
    ...defined({ costUsd: view.costUsd }),
    modelCalls: view.modelCalls,
    elapsedMs: view.activeMs + (ticking ? Math.max(0, nowMs - Date.parse(state.lastAt)) : 0),
    ticking,
    ...(source.problem === undefined
      ? {}
      : {
          problem: {
            message: source.problem.message,
            ...defined({ hint: source.problem.hint }),
          },
        }),
  };
}

type Read = (content: Content, max?: number) => Promise<ShownText>;

async function approvalScreen(
  approval: ApprovalView,
  source: ScreenSource,
  read: Read,
): Promise<ApprovalScreen> {
  const { id, kind, sha256, step, role, instruction, prompt, result } = approval;
  const parts = await Promise.all(
    (prompt ?? []).map(async (message): Promise<PromptPart> => ({
      role: message.role,
      text: await read(message.content),
    })),
  );
  return {
    id,
    kind,
    sha256,
    step,
    role,
    instruction,
    ...(kind === "before_step" ? await newForStep(approval, source, read) : {}),
    prompt: parts,
    ...(result === undefined
      ? {}
      : {
          result: {
            summary: await read(result.summary),
            ...defined({ verdict: result.verdict }),
            artifacts: await artifactDiffs(source, step, result.artifacts),
          },
        }),
  };
}

/** A suggestion with the changes it would make. */
function suggestionScreen(
  { id, rule, step, message, evidence, adjustment }: SessionView["suggestions"][number],
  state: SessionState,
): SuggestionScreen {
  const text = adjustment === undefined ? undefined : textOfAdjustment(adjustment);
  const old = adjustment?.kind === "patch" ? instructionOf(state, adjustment.step) : undefined;
  return {
    id,
    rule: ruleWords(rule),
    step,
    message,
    evidence,
    ...(adjustment === undefined ? {} : { adjustment: adjustmentText(adjustment) }),
    ...defined({ text }),
    ...(old === undefined || text === undefined ? {} : { diff: diffOfTexts(`${old}\n`, `${text}\n`) }),
  };
}

async function questionScreen(question: QuestionView, read: Read): Promise<QuestionScreen> {
  const { id, kind, sha256, step, text, words, paths, tool, agentMayAnswer } = question;
  return {
    id,
    kind,
    sha256,
    step,
    text: await read(text),
    words,
    fields: fieldScreens(question),
    ...defined({ paths, tool, agentMayAnswer }),
  };
}

/** What the user has not seen yet: the new instruction or command, and the report that the step continues from. */
async function newForStep(
  { prompt, command, step }: ApprovalView,
  { view, state }: ScreenSource,
  read: Read,
): Promise<Pick<ApprovalScreen, "asked" | "answers" | "command">> {
  const last = prompt?.findLast(({ role }) => role === "user");
  const whole = async (content: Content): Promise<string> => (await read(content, Infinity)).text;
  const asked = command !== undefined || last === undefined ? undefined : askedIn(await whole(last.content));
  const before = view.steps.findLast(({ status, summary }) => status === "done" && summary !== undefined);
  return {
    ...(asked === undefined ? {} : { asked: shown(asked) }),
    ...(command === undefined ? {} : { command: commandScreen(await whole(command), step, state) }),
    ...(before?.summary === undefined
      ? {}
      : {
          answers: {
            step: before.key,
            ...defined({ verdict: before.verdict }),
            summary: await read(before.summary, maxSummaryLength),
          },
        }),
  };
}

/** The command that a step would start. */
function commandScreen(
  shows: string,
  step: string,
  { definition, score }: SessionState,
): NonNullable<ApprovalScreen["command"]> {
  const run = activeRuns(score).find((active) => active.run.key === step)?.run;
  const name = run === undefined ? "" : commandNameOf(run);
  const facts = askedCommandFacts(shows, entryOf(definition.flow.commands, name));
  return { name, facts: facts.map(([label, text]) => ({ label, text: shown(text) })) };
}

/** What the Score and the Venue define for a step. */
function placeOfStep({ definition }: SessionState): (step: StepView) => Pick<StepScreen, "groups" | "model"> {
  const groups = stepGroups(definition.score.steps);
  return ({ id, key, role }) => {
    const around = groups(id, key).map((group) => ({ key: group.key, label: group.label }));
    const isRole = entryOf(definition.band.roles, role) !== undefined;
    return {
      ...(around.length === 0 ? {} : { groups: around }),
      ...(isRole ? { model: callSettings(definition, role).model } : {}),
    };
  };
}

/** A step whose call has not begun says for whom it waits. */
function inTurn(step: StepView, { view, waiting }: ScreenSource): StepView {
  const behind = waiting.get(step.key);
  return behind === undefined || step.status !== "running"
    ? step
    : { ...step, activity: turnText(view.session, behind) };
}

async function stepScreen(
  step: StepView,
  read: Read,
  place: ReturnType<typeof placeOfStep>,
): Promise<StepScreen> {
  const { key, role, status, attempt, tokens, costUsd, verdict, red, summary, reason, note, activity } = step;
  const { startedAt, endedAt } = step;
  return {
    key,
    ...place(step),
    role,
    status,
    attempt,
    tokens,
    ...defined({ costUsd, verdict, red }),
    ...(startedAt === undefined || endedAt === undefined
      ? {}
      : { durationMs: Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)) }),
    ...(summary === undefined ? {} : { summary: await read(summary, maxSummaryLength) }),
    ...defined({ reason, note, activity }),
  };
}

/** Failures that every retry repeats while the prompt and Venue are unchanged. */
const needChange: ReadonlySet<string> = new Set(["prompt_too_large", "model_context_overflow"]);

function failures(view: SessionView, state: SessionState, ways: VenueWays): FailureScreen[] {
  const runs = activeRuns(state.score);
  return view.failed.map(({ step, code, message, retry }) => {
    const hint = hintOf(code);
    const run = runs.find((active) => active.run.key === step)?.run;
    const editable = run !== undefined && run.failure !== null && run.node.does === undefined;
    const isVenues = code.startsWith("model_") || needChange.has(code);
    return {
      step,
      message,
      ...defined({ hint, retry }),
      ...(editable ? { instruction: run.instruction } : {}),
      ...(needChange.has(code) ? { needsChange: true as const } : {}),
      ...(isVenues && ways.changed !== undefined ? { newVenue: ways.changed } : {}),
      ...defined({ models: code === "model_not_found" ? entryOf(ways.models, step) : undefined }),
    };
  });
}

/** The limit at which the session paused, with a value that allows the next call and leaves some room. */
function limitOf(state: SessionState): LimitScreen | undefined {
  const { limitHit, pause } = state;
  if (limitHit === null || pause?.reason !== "limit") return undefined;
  const { limit, value, used, needed } = limitHit;
  const enough = Math.max(value * 2, used + needed * 2);
  const proposed = limit === "cost_usd" ? Math.ceil(enough * 100) / 100 : Math.ceil(enough);
  return { limit, value, used, proposed };
}

/** A partly decided file waits until the rest is decided; then it counts as accepted. */
function count(view: SessionView, wanted: "pending" | "accepted" | "rejected"): number {
  return view.artifacts.filter((artifact) => {
    if (isOpenArtifact(artifact)) return wanted === "pending";
    return (artifact.decision === "partly" ? "accepted" : artifact.decision) === wanted;
  }).length;
}
