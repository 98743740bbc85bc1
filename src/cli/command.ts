import type { ExitCode } from "./exit-code";
import type { Io } from "./io";

export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  /** The placeholder for its value in the help; absent: a switch. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** The value may be omitted: the next word is the value only if it has this form. */
  readonly optional?: RegExp;
  /** May be given more than once. */
  readonly multiple?: true;
  readonly summary: string;
}

export interface ArgumentSpec {
  readonly name: string;
  readonly summary: string;
  readonly optional?: true;
  readonly multiple?: true;
}

/** A command's arguments and options. */
export class Given {
  readonly #values: ReadonlyMap<string, readonly string[]>;
  constructor(
    readonly positionals: readonly string[],
    values: ReadonlyMap<string, readonly string[]>,
  ) {
    this.#values = values;
  }

  flag(name: string): boolean {
    return this.#values.has(name);
  }
  value(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }
  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }
}

/** Everything that a command uses. */
export interface CommandContext {
  readonly io: Io;
  readonly given: Given;
  /** Absolute. */
  readonly workDomain: string;
  /** The base of relative paths from the user: the folder of `-C`, or where Orket was started. Absolute. */
  readonly base: string;
}

/** How to call the program for the same project, for suggested commands. */
export function callOf({ given }: Pick<CommandContext, "given">): string {
  const directory = given.value("directory");
  if (directory === undefined) return "orket";
  return `orket -C ${/^[\w./\\:-]+$/.test(directory) ? directory : JSON.stringify(directory)}`;
}

/** One command: its help and what it does. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Paragraphs of the help. */
  readonly details?: readonly string[];
  readonly args: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  /** It works on the folder itself, not on the project that the folder belongs to. */
  readonly staysHere?: true;
  run(context: CommandContext): Promise<ExitCode>;
}

export const globalOptions: readonly OptionSpec[] = [
  { name: "directory", short: "C", value: "DIR", summary: "Work on the project in DIR instead of here." },
  {
    name: "allow-key",
    value: "NAME@ORIGIN",
    multiple: true,
    summary: "Let the key NAME (secret:NAME or env:NAME) be sent to this server, for this call.",
  },
  { name: "no-color", summary: "No colours; the environment variable NO_COLOR does the same." },
  { name: "help", short: "h", summary: "Show help." },
  { name: "version", short: "V", summary: "Print the version." },
];

/** Options that several commands share. */
export const allowCommandsOption: OptionSpec = {
  name: "allow-commands",
  value: "DIGEST",
  optional: /^[0-9a-f]{64}$/,
  summary:
    "Agree to the Flow's commands, named by their digest in orket plan FLOW --json (commands.sha256). Without a digest they are shown and asked about, on a terminal.",
};
export const jsonOption: OptionSpec = { name: "json", summary: "Print JSON for scripts." };
export const foreignOption: OptionSpec = {
  name: "foreign",
  summary: "Also a session that was not written on this machine, once you know where it comes from.",
};
export const sessionArgument: ArgumentSpec = {
  name: "SESSION",
  summary: "A session's id, a unique part of it, or 'last'.",
};
