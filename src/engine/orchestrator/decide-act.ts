import type { ActiveRun } from "../state/cursor";
import type { CommandCall } from "../state/command-call";
import { failedStep, mustProblem } from "../state/failed-step";
import { resultOf } from "../state/scope";
import type { SessionState } from "../state/state";
import type { StepRun } from "../state/step-run";
import { stepsOf } from "../model/plan";
import { acceptanceOf, openPaths } from "../state/acceptance";
import { effect, nothing, record, work } from "./effect";
import type { Decision, Effect } from "./effect";
import { commandEndWithin } from "../event/command-end-text";
import { entryOf } from "../model/entry-of";

/** What follows for a step in which a command or a person takes the place of an agent. */
export function decideAct(state: SessionState, active: ActiveRun): Decision {
  const { run } = active;
  switch (run.node.does?.kind) {
    case "run":
      return decideCommand(state, active, run.node.does.command);
    case "ask":
      return decideQuestion(run);
    case "accept":
      return decideAcceptance(state, active);
    default:
      return nothing;
  }
}

/** The step ends, unless its verdict is not allowed. */
function ending(run: StepRun): Decision {
  const problem = mustProblem(run.node, run.verdict);
  return problem === undefined
    ? work(effect("finish_act", run))
    : record(failedStep(run, "must_not_met", problem));
}

/** Whether a command's effects reach beyond its view, so that it needs approval and runs at most once. */
function isOutside(state: SessionState, command: string): boolean {
  return entryOf(state.definition.flow.commands, command)?.effects === "outside";
}

/** Whether a command with effects outside was cut off, so that a person must first say whether it took effect. */
export function mayHaveHappened(state: SessionState, { node, commandEnd }: StepRun): boolean {
  const kind = commandEnd?.end.kind;
  return (
    node.does?.kind === "run" &&
    isOutside(state, node.does.command) &&
    (kind === "lost" || (kind === "cancelled" && commandEnd?.place !== undefined))
  );
}

function decideCommand(state: SessionState, active: ActiveRun, command: string): Decision {
  const { run } = active;
  if (run.question !== null || run.approval !== null) return nothing;
  const { commandEnd } = run;
  if (run.command !== null && commandEnd === null) return work(commandEffect(run));
  if (commandEnd !== null) {
    const { end } = commandEnd;
    switch (end.kind) {
      case "refused":
      case "not_started":
        return record(failedStep(run, `command_${end.kind}`, end.message));
      case "cancelled":
      case "lost":
        if (!mayHaveHappened(state, run)) break;
        if (run.answer === null) return work(effect("ask_question", run, run.command?.attempt ?? 1));
        return ending(run);
      default:
        if (commandEnd.result_problem !== undefined)
          return record(failedStep(run, "result_invalid", commandEnd.result_problem));
        return endOfCommand(state, run);
    }
  }
  return decideCommandStart(state, active, command);
}

/** What follows for an open call of a command as a tool: it is started, it runs, its end is reported to the model. */
export function decideCommandTool(run: StepRun, { started, end }: CommandCall, tell: Effect): Decision {
  const start = effect("start_command", run, (run.command?.attempt ?? 0) + 1);
  if (!started) return work(start);
  if (end === null) return work(commandEffect(run));
  switch (end.end.kind) {
    case "refused":
    case "not_started":
      return record(failedStep(run, `command_${end.end.kind}`, end.end.message));
    case "cancelled":
    case "lost":
      return work(start);
    default:
      return work(tell);
  }
}

function decideCommandStart(state: SessionState, { run, scope }: ActiveRun, command: string): Decision {
  const outside = isOutside(state, command);
  if (outside) {
    const accepts = stepsOf(state.definition.score.steps).filter(({ does }) => does?.kind === "accept");
    const taken = accepts.some(({ id }) =>
      ["accepted", "partly"].includes(resultOf(scope, id)?.verdict ?? ""),
    );
    if (!taken) {
      const message = `The command ${command} has effects outside and runs only after an accept step that ended accepted or partly.`;
      return record(failedStep(run, "not_accepted", message));
    }
  }
  const asks = outside || run.node.approval === "before_step" || run.node.approval === "both";
  return asks && !run.approved
    ? work(effect("ask_command", run, state.approvals + 1))
    : work(effect("start_command", run, (run.command?.attempt ?? 0) + 1));
}

/** The verdict decides; how the command ended and its last output are part of the reason. */
function endOfCommand({ versions }: SessionState, run: StepRun): Decision {
  const { commandEnd } = run;
  const how = commandEnd === null || versions.reasons < 3 ? undefined : commandEndWithin(commandEnd.end);
  const problem = mustProblem(run.node, run.verdict, how);
  if (problem === undefined || commandEnd === null) return ending(run);
  const { summary } = commandEnd;
  const said = "text" in summary ? summary.text.trim().split("\n").slice(-3).join(" ").slice(-300) : "";
  return record(failedStep(run, "must_not_met", said === "" ? problem : `${problem} It wrote: ${said}`));
}

/** The command under way. */
export function commandEffect(run: StepRun): Effect {
  const attempt = run.command?.attempt ?? 1;
  return {
    kind: "run_command",
    step: run.key,
    key: `${run.key}/${run.attempt}/command/${attempt}`,
    delaySeconds: run.attempt > 1 && attempt === 1 ? (run.node.retry_pause_seconds ?? 0) : 0,
  };
}

function decideQuestion(run: StepRun): Decision {
  if (run.question !== null) return nothing;
  return run.answer === null ? work(effect("ask_question", run)) : ending(run);
}

function decideAcceptance(state: SessionState, active: ActiveRun): Decision {
  const { run } = active;
  if (run.question === null) return work(effect("ask_question", run));
  const { paths = [] } = run.question;
  if (openPaths(state, paths).length > 0) return nothing;
  return ending({ ...run, verdict: acceptanceOf(state, paths).verdict });
}

/** Whether a run waits for a person to decide about artifacts; the draft that records this is the question. */
export function waitsForAcceptance(state: SessionState, run: StepRun): boolean {
  return run.question?.kind === "accept" && openPaths(state, run.question.paths ?? []).length > 0;
}
