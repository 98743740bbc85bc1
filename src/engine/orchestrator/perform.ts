import type { EventDraft } from "../event/event";
import { activeRuns } from "../state/cursor";
import type { Effect } from "./decide";
import type { SessionState } from "../state/state";
import { commandOfTool, isBuiltin, isEditorTool } from "../model/tools";
import type { PerformContext } from "../agent/agent";
import { askCommand, runCommand, startCommand } from "./command-work";
import { closeGroup, openGroup } from "./group-work";
import { askForeign } from "./foreign-work";
import { askQuestion, finishAct } from "./question-work";
import { promptOf, callModel, runTool, finishStep } from "../agent/agent";
import { entryOf } from "../model/entry-of";

/** Does an effect's work and returns the events that record its outcome. Failures that a run can have are events. */
export async function perform(effect: Effect, context: PerformContext): Promise<readonly EventDraft[]> {
  const active = activeRuns(context.state.score).find(({ run }) => run.key === effect.step);
  if (active === undefined) return [];
  switch (effect.kind) {
    case "build_prompt":
      return [await promptOf(active, context)];
    case "call_model":
      return callModel(effect, active, context);
    case "run_tool":
      await context.recorded;
      return [await runTool(active, context)];
    case "finish_step":
      return [await finishStep(active, context)];
    case "open_group":
      return [await openGroup(active, context)];
    case "close_group":
      return [await closeGroup(active, context)];
    case "ask_question":
      return [await askQuestion(active, context)];
    case "ask_command":
      return [await askCommand(active, context)];
    case "ask_foreign":
      return [await askForeign(active, context)];
    case "start_command":
      return [await startCommand(active, context)];
    case "run_command":
      return runCommand(effect, active, context);
    case "finish_act":
      return [await finishAct(active, context)];
  }
}

/** Whether the effect changes or queries something outside the engine, so that its cause must be on disk before it begins. */
export function isExternal(effect: Effect, state: SessionState): boolean {
  if (effect.kind === "call_model" || effect.kind === "run_command") return true;
  if (effect.kind !== "run_tool") return false;
  const run = activeRuns(state.score).find((active) => active.run.key === effect.step)?.run;
  const tool = run?.openTool?.call.tool;
  if (run === undefined || tool === undefined) return false;
  if (isBuiltin(tool) && !isEditorTool(tool)) return false;
  // A command has run at this point; its result is made from what was recorded.
  if (commandOfTool(tool) !== undefined) return false;
  // A tool that the role does not have is denied here, whatever else may provide it.
  const role = entryOf(state.definition.band.roles, run.node.role);
  return role?.tools.some((name) => name === tool) === true;
}
