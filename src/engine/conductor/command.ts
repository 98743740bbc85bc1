import { OrketError } from "../error/orket-error";
import { aboutAdjustment, draft } from "../event/event";
import type { AdjustmentBody, DecidedBy, EventData, EventDraft } from "../event/event";
import type { Definition } from "../model/definition";
import { readFields } from "../model/field";
import type { FieldMap, Json } from "../model/field";
import { answered } from "../model/score";
import { checkText, unknown } from "../model/check-text";
import { callWords } from "../state/asked-call";
import { activeRuns, isLeftOut, openConflict } from "../state/cursor";
import { nextTry } from "../state/going-on";
import type { SessionState } from "../state/state";
import { agentMayAnswer } from "../state/step-run";
import { defined } from "../model/defined";
import { entryOf } from "../model/entry-of";

/** What a person, or a script on their behalf, can ask of a session. */
export type Command =
  | {
      readonly kind: "resolve_approval";
      readonly id: string;
      /** Digest of what the person was shown. */
      readonly sha256: string;
      readonly decision: EventData<"approval_resolved">["decision"];
      readonly instruction?: string;
      readonly comment?: string;
      readonly by: DecidedBy;
    }
  | {
      readonly kind: "answer_question";
      readonly id: string;
      /** Digest of what the person was shown. */
      readonly sha256: string;
      readonly verdict?: string;
      /** The fields by name, or the answers to a list of questions. */
      readonly answers?: Json;
      /** `agent`: an agent of the editor; refused unless the Score lets one answer. */
      readonly by: DecidedBy | "agent";
    }
  | { readonly kind: "adjust"; readonly adjustment: EventData<"adjustment"> }
  | {
      readonly kind: "resolve_suggestion";
      readonly id: string;
      readonly decision: EventData<"suggestion_resolved">["decision"];
      /** taken: what is done instead of the suggestion. */
      readonly adjustment?: AdjustmentBody;
      readonly reason?: string;
      readonly by: DecidedBy;
    }
  /** Goes on with another Venue, or with the current content of the same Venue's file. */
  | { readonly kind: "change_venue"; readonly venue: Definition["venue"]; readonly by: DecidedBy };

/**
 * Checks a command against the session and returns what it records. Nothing that a model wrote is read here.
 * @throws {OrketError} approval_unknown, approval_stale, command_refused, session_ended.
 */
export function accept(state: SessionState, command: Command): EventDraft[] {
  if (state.status === "ended") {
    throw new OrketError("session_ended", "The session has ended.", { hint: "Start a new run." });
  }
  switch (command.kind) {
    case "resolve_approval":
      return acceptAnswer(state, command);
    case "answer_question":
      return acceptQuestion(state, command);
    case "adjust":
      return acceptAdjustment(state, command.adjustment);
    case "resolve_suggestion":
      return acceptSuggestion(state, command);
    case "change_venue":
      return acceptVenue(state, command);
  }
}

function acceptVenue(
  state: SessionState,
  { venue, by }: Extract<Command, { kind: "change_venue" }>,
): EventDraft[] {
  if (activeRuns(state.score).some(({ run }) => run.call !== null) && state.status === "running") {
    throw new OrketError("command_refused", "The Venue cannot change while a model call is under way.", {
      hint: "Pause the session first.",
    });
  }
  return [draft("venue_changed", null, { by, name: venue.name, venue: venue as unknown as Json })];
}

/** A suggestion is taken by making its adjustment, or an edited one; otherwise it is dismissed. */
function acceptSuggestion(
  state: SessionState,
  { id, decision, adjustment, reason, by }: Extract<Command, { kind: "resolve_suggestion" }>,
): EventDraft[] {
  const open = state.suggestions.find((one) => one.id === id);
  if (open === undefined) {
    throw new OrketError("approval_unknown", `The suggestion ${id} is not open; it was taken or dismissed.`);
  }
  const resolved = draft("suggestion_resolved", open.step, { id, decision, by, ...defined({ reason }) });
  const body = adjustment ?? open.adjustment;
  if (decision === "dismissed" || body === undefined) return [resolved];
  // It is paused already, which is the only purpose of the pause.
  if (body.kind === "pause" && state.status !== "running") return [resolved];
  const made = acceptAdjustment(state, { ...body, by, reason: body.reason ?? open.message });
  return [...made, resolved];
}

function acceptAnswer(
  state: SessionState,
  command: Extract<Command, { kind: "resolve_approval" }>,
): EventDraft[] {
  const active = activeRuns(state.score).find(({ run }) => run.approval?.id === command.id);
  const approval = active?.run.approval ?? null;
  if (active === undefined || approval === null) {
    throw new OrketError(
      "approval_unknown",
      `The question ${command.id} is not open; it was answered or withdrawn.`,
    );
  }
  if (approval.sha256 !== command.sha256) {
    throw new OrketError("approval_stale", "What was shown has changed since; look again before you answer.");
  }
  if (command.decision === "skip" && approval.kind === "after_step") {
    throw new OrketError(
      "command_refused",
      "The step is done; it can be approved or tried again, not skipped.",
    );
  }
  if (command.decision === "edit" && (command.instruction ?? "").trim() === "") {
    throw new OrketError("command_refused", "The new instruction is empty.", {
      hint: "Write what the step is to do.",
    });
  }
  if (command.decision === "refuse" && (command.comment ?? "").trim() === "") {
    throw new OrketError("command_refused", "The refusal has no reason.", {
      hint: "Say why: the steps after it read the reason.",
    });
  }
  if (command.decision === "edit") {
    checkText(state.definition, `instruction of ${active.run.key}`, command.instruction ?? "");
  }
  return [
    draft("approval_resolved", active.run.key, {
      id: command.id,
      sha256: command.sha256,
      decision: command.decision,
      by: command.by,
      ...defined({ instruction: command.instruction, comment: command.comment }),
    }),
  ];
}

/** The answer to a question about a quoted call where nobody can be asked. */
export function unaskedRefusal({ id, sha256 }: { readonly id: string; readonly sha256: string }): Command {
  const answers = { reason: "Nobody could be asked." };
  return { kind: "answer_question", id, sha256, verdict: callWords.refuse, answers, by: "engine" };
}

/** Checks an answer against the words and fields that were asked for. */
function acceptQuestion(
  state: SessionState,
  { id, sha256, verdict, answers, by }: Extract<Command, { kind: "answer_question" }>,
): EventDraft[] {
  const active = activeRuns(state.score).find(({ run }) => run.question?.id === id);
  const question = active?.run.question ?? null;
  if (active === undefined || question === null || question.kind === "accept")
    throw new OrketError("approval_unknown", `The question ${id} is not open; it was answered or withdrawn.`);
  if (question.sha256 !== sha256)
    throw new OrketError("approval_stale", "What was shown has changed since; look again before you answer.");
  if (by === "agent" && !agentMayAnswer(active.run)) {
    throw new OrketError("command_refused", `Only a person answers the question of ${active.run.key}.`, {
      hint: "`agent_may_answer: true` at an `ask` of the Score lets an agent answer it.",
    });
  }
  const words = question.verdict ?? [];
  if (words.length > 0 && (verdict === undefined || !words.includes(verdict))) {
    throw new OrketError(
      "command_refused",
      `The answer to ${active.run.key} must be one of ${words.join(", ")}.`,
    );
  }
  const given = readAnswers(question, answers, active.run.key);
  const said = words.length > 0 ? verdict : question.kind === "ask" ? answered : undefined;
  return [
    draft("question_answered", active.run.key, {
      id,
      sha256,
      by,
      ...defined({ verdict: said, answers: given }),
    }),
  ];
}

function readAnswers(
  question: EventData<"question_asked">,
  answers: Json | undefined,
  key: string,
): Json | undefined {
  if (question.questions !== undefined) {
    const list = Array.isArray(answers) ? (answers as readonly Json[]) : [];
    if (list.length !== question.questions.length) {
      throw new OrketError(
        "command_refused",
        `${key} asks ${question.questions.length} questions; answer each of them.`,
      );
    }
    return question.questions.map((one, index) => ({ question: one, answer: list[index] ?? "" }));
  }
  if (question.fields === undefined) return undefined;
  const read = readFields(question.fields as FieldMap, answers ?? {});
  if ("problems" in read)
    throw new OrketError("command_refused", `The answer to ${key} does not fit: ${read.problems.join(" ")}`);
  return read.value;
}

function acceptAdjustment(state: SessionState, adjustment: EventData<"adjustment">): EventDraft[] {
  const { step: target } = aboutAdjustment(adjustment);
  const event = draft("adjustment", null, adjustment);
  switch (adjustment.kind) {
    case "patch_role":
    case "set_model":
      return [acceptRoleChange(state, adjustment)];
    case "withdraw":
      if (state.pending.some(({ seq }) => seq === adjustment.of)) return [event];
      throw new OrketError("command_refused", "The adjustment has taken effect or was taken back.", {
        hint: "Make another adjustment, or fork the session at the step.",
      });
    case "enable":
    case "disable":
      if (entryOf(state.definition.band.roles, adjustment.role) === undefined) {
        throw new OrketError("command_refused", `The Band has no role ${adjustment.role}.`);
      }
      return [event];
    case "retry": {
      const failed = activeRuns(state.score).some(({ run }) => run.key === target && run.failure !== null);
      if (failed || openConflict(state.score)?.step === target)
        return resumeWith(state, draft("adjustment", null, retryOf(state, adjustment)));
      throw new OrketError(
        "command_refused",
        `The step ${target ?? ""} has not failed, so there is nothing to retry.`,
      );
    }
    case "skip":
    case "patch":
      if (adjustment.kind === "patch") {
        checkText(state.definition, `instruction of ${adjustment.step}`, adjustment.instruction);
      }
      return adjustment.kind === "skip" && isFailed(state, adjustment.step)
        ? resumeWith(state, event)
        : [event];
    case "set_limit":
      return [event];
    case "pause":
      if (state.status !== "running") throw new OrketError("command_refused", "The session is not running.");
      return [event];
    case "stop":
      return [event];
  }
}

/** A retry with what it means for the turns of the failed attempt. */
function retryOf(
  state: SessionState,
  { from_turn: _, anew: __, ...asked }: Extract<EventData<"adjustment">, { kind: "retry" }>,
): EventData<"adjustment"> {
  const run = activeRuns(state.score).find((active) => active.run.key === asked.step)?.run;
  return run === undefined ? asked : { ...asked, ...nextTry(state, run, asked.feedback !== undefined) };
}

function acceptRoleChange(
  state: SessionState,
  adjustment: Extract<EventData<"adjustment">, { kind: "patch_role" | "set_model" }>,
): EventDraft {
  const { role } = adjustment;
  const { roles } = state.definition.band;
  if (entryOf(roles, role) === undefined) throw unknown("role", role, Object.keys(roles));
  if (adjustment.kind === "patch_role") {
    checkText(state.definition, `prompt of ${role}`, adjustment.prompt);
    return draft("adjustment", null, adjustment);
  }
  if (adjustment.model === undefined && adjustment.temperature === undefined) {
    throw new OrketError("command_refused", "Neither a model nor a temperature is given.");
  }
  const isCalled = activeRuns(state.score).some(({ run }) => run.node.role === role && run.call !== null);
  if (adjustment.model !== undefined && isCalled && state.status === "running") {
    throw new OrketError("command_refused", `The model of ${role} cannot change while it is called.`, {
      hint: "Pause the session first, or wait until the step has ended.",
    });
  }
  return draft("adjustment", null, adjustment);
}

function isFailed(state: SessionState, key: string): boolean {
  return (
    openConflict(state.score)?.step === key ||
    activeRuns(state.score).some(({ run }) => run.key === key && run.failure !== null)
  );
}

/** An answer to what the session paused for also lets it go on. */
function resumeWith(state: SessionState, event: EventDraft): EventDraft[] {
  return state.status === "paused" ? [event, ...goingOn(state, "person", 0)] : [event];
}

/**
 * What is recorded when a session goes on: calls that were under way when it stopped are lost and made again, and
 * failed calls and steps are tried again.
 * @param cutBytes bytes of a torn last line that were cut off on opening.
 */
export function resumeEvents(state: SessionState, by: DecidedBy, cutBytes = 0): EventDraft[] {
  const failed = activeRuns(state.score).flatMap((active) =>
    active.run.failure === null || isLeftOut(active) ? [] : [active.run.key],
  );
  const conflict = openConflict(state.score);
  if (conflict !== undefined) failed.push(conflict.step);
  const retries = failed.map((step) =>
    draft("adjustment", null, retryOf(state, { kind: "retry", by, step })),
  );
  return [...retries, ...goingOn(state, by, cutBytes)];
}

function goingOn(state: SessionState, by: DecidedBy, cutBytes: number): EventDraft[] {
  const lost = activeRuns(state.score).flatMap(({ run }) =>
    run.call === null
      ? []
      : [
          draft("model_call_failed", run.key, {
            call: run.call.call,
            turn: run.prompt?.turn ?? 1,
            attempt: run.call.attempt,
            code: "interrupted",
            message: "Orket stopped while the call was under way. It is made again.",
          }),
        ],
  );
  const cut = activeRuns(state.score).flatMap(({ run }) =>
    run.command === null || run.commandEnd !== null ? [] : [lostCommand(run.key, run.command.command)],
  );
  const resumed = draft("session_resumed", null, {
    by,
    ...(cutBytes > 0 ? { cut_bytes: cutBytes } : {}),
    ...(lost.length > 0 ? { interrupted_calls: lost.length } : {}),
  });
  return [...lost, ...cut, resumed];
}

/** A command that was under way when Orket stopped: its outcome is unknown. */
function lostCommand(step: string, command: string): EventDraft {
  const nothing = { text: "" };
  return draft("command_end", step, {
    command,
    end: { kind: "lost" },
    output: nothing,
    summary: nothing,
    files: [],
    discarded: { files: 0, bytes: 0 },
    duration_ms: 0,
  });
}
