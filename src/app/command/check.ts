import { OrketError } from "../../engine/error/orket-error";
import { secretValuePattern } from "../../engine/model/command";
import type { CommandSpec } from "../../engine/model/command";
import { resolveArgv, sessionArgument } from "../../engine/model/command-argv";
import type { Definition } from "../../engine/model/definition";
import { expandTemplate } from "../../engine/model/template";
import type { Placeholder } from "../../engine/model/template";
import type { CommandRequest, CommandVariable } from "../../engine/port/commands";
import { entryOf } from "../../engine/model/entry-of";

/** Why a command cannot be tried by itself; undefined when it can. */
export function notAlone({ argv, effects }: CommandSpec): string | undefined {
  if (effects === "outside") return "its effects are outside: it runs only after an accept step";
  const open = sessionArgument(argv);
  return open === undefined ? undefined : `${open} has a value only within a session`;
}

/** The request to the runner when a command is tried on the project alone. @throws {OrketError} usage. */
export async function checkRequest(
  name: string,
  spec: CommandSpec,
  definition: Definition,
): Promise<CommandRequest> {
  const { inputs, task } = definition.flow;
  const resolved = resolveArgv(spec.argv, (placeholder) =>
    placeholder.kind === "input" ? entryOf(inputs, placeholder.name) : undefined,
  );
  if ("problem" in resolved) throw new OrketError("usage", `The command ${name}: ${resolved.problem}`);
  const lookup = (placeholder: Placeholder): string => {
    if (placeholder.kind === "task") return task;
    const value: unknown = placeholder.kind === "input" ? (entryOf(inputs, placeholder.name) ?? "") : "";
    return typeof value === "string" ? value : JSON.stringify(value);
  };
  const env: Record<string, CommandVariable> = {};
  for (const [variable, text] of Object.entries(spec.env)) {
    const secret = secretValuePattern.exec(text)?.[1];
    env[variable] = secret === undefined ? { value: await expandTemplate(text, lookup) } : { secret };
  }
  return {
    run: `check/${name}`,
    name,
    spec,
    argv: resolved.argv,
    env,
    ...(spec.stdin === undefined ? {} : { stdin: await expandTemplate(spec.stdin, lookup) }),
    overlay: [],
    read: () => Promise.resolve(new Uint8Array()),
  };
}
