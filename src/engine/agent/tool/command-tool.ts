import type { EventDraft } from "../../event/event";
import type { CommandSpec, CommandTable } from "../../model/command";
import { commandOfTool } from "../../model/tools";
import type { ToolSpec } from "../../port/model-provider";
import { commandCallOf } from "../../state/command-call";
import type { Job } from "./tool";
import { entryOf } from "../../model/entry-of";

/** A command of the Flow as a model is told about it; undefined where it is not one, or one that no tool may run. */
export function commandToolSpec(name: string, commands: CommandTable | undefined): ToolSpec | undefined {
  const command = commandOfTool(name);
  const spec = command === undefined ? undefined : entryOf(commands, command);
  if (spec === undefined || spec.effects === "outside") return undefined;
  return {
    name,
    description: `${spec.description === undefined ? "" : `${spec.description} `}Runs \`${spec.argv.join(" ")}\` on a copy of the project with the team's files over it, and gives its verdict (pass, fail or timeout) and the end of what it printed. Takes no arguments.`,
    parameters: { type: "object", properties: {}, additionalProperties: false },
  };
}

function endText(spec: CommandSpec, end: { readonly kind: string; readonly code?: number }): string {
  if (end.kind === "timeout") return ` after ${spec.timeout_seconds} s`;
  return end.kind === "exited" && end.code !== 0 ? ` (exit code ${end.code})` : "";
}

/** What the model is told about the command that its call ran, or why none ran. */
export async function commandResult(command: string, job: Job): Promise<EventDraft> {
  const { state, active, store } = job.context;
  const spec = entryOf(state.definition.flow.commands, command);
  if (spec === undefined) return job.result(false, `The Flow has no command ${command}.`);
  if (spec.effects === "outside")
    return job.denied(
      "effects-outside",
      `The command ${command} has effects outside: it runs as a step of its own, after an acceptance, never as a tool.`,
    );
  const end = commandCallOf(active.run)?.end;
  if (end == null) throw new Error("a command's result is asked for, and it has not ended");
  const printed = (await store.getText(end.summary)).trimEnd();
  const files = end.files.map(({ path }) => path);
  return job.result(
    end.verdict === "pass",
    [
      `Verdict: ${end.verdict ?? "none"}${endText(spec, end.end)}.`,
      ...(files.length === 0 ? [] : [`It wrote ${files.join(", ")}.`]),
      printed === "" ? "It printed nothing." : `It printed:\n${printed}`,
    ].join("\n"),
  );
}
