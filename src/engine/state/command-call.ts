import type { EventData } from "../event/event";
import type { CommandTable } from "../model/command";
import type { Definition } from "../model/definition";
import { commandOfTool } from "../model/tools";
import type { StepRun } from "./step-run";

/** A command that a role called as a tool, and its state. */
export interface CommandCall {
  readonly command: string;
  /** It was started for this call. */
  readonly started: boolean;
  /** How it ended; null while it runs, or before it does. */
  readonly end: EventData<"command_end"> | null;
}

/** The open tool call where it is a command of the Flow; undefined for every other. */
export function commandCallOf({ openTool, command, commandEnd }: StepRun): CommandCall | undefined {
  if (openTool === null) return undefined;
  const name = commandOfTool(openTool.call.tool);
  if (name === undefined) return undefined;
  const started = command?.call_id === openTool.call.id;
  return { command: name, started, end: started ? commandEnd : null };
}

/** Whether the role may run the command as a tool. Never for a command with effects outside. */
export function mayCall({ band, flow }: Definition, role: string, command: string): boolean {
  const commands: CommandTable = flow.commands ?? {};
  const spec = Object.hasOwn(commands, command) ? commands[command] : undefined;
  const { tools } = (Object.hasOwn(band.roles, role) ? band.roles[role] : undefined) ?? { tools: [] };
  return (
    spec !== undefined && spec.effects !== "outside" && tools.some((tool) => commandOfTool(tool) === command)
  );
}

/** The command that the step runs: its own, or the one that its open tool call names. */
export function commandNameOf(run: StepRun): string {
  const { does } = run.node;
  return does?.kind === "run" ? does.command : (commandCallOf(run)?.command ?? "");
}
