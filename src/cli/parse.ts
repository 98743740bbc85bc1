import { parseArgs } from "node:util";
import type { ParseArgsConfig } from "node:util";
import { OrketError } from "../engine/error/orket-error";
import { nearest } from "../language/text/nearest";
import { Given, globalOptions } from "./command";
import type { Command, OptionSpec } from "./command";
import { safeLine } from "./text/safe";
import { defined } from "../engine/model/defined";

/** The parsed arguments; `command` is absent when they name none. */
export interface Parsed {
  readonly command: Command | undefined;
  readonly given: Given;
}

function quoted(word: string): string {
  return `'${safeLine(word)}'`;
}

function usage(message: string, hint: string | undefined): OrketError {
  return new OrketError("usage", message, hint === undefined ? {} : { hint });
}

function helpOf(command: Command | undefined): string {
  return command === undefined ? "See orket --help." : `See orket ${command.name} --help.`;
}

function findOption(
  options: readonly OptionSpec[],
  written: string,
  command: Command | undefined,
): OptionSpec {
  const found = options.find(({ name, short }) =>
    written.startsWith("--") ? `--${name}` === written : `-${short ?? ""}` === written,
  );
  if (found !== undefined) return found;
  const near = written.startsWith("--")
    ? nearest(
        written.slice(2),
        options.map(({ name }) => name),
      )
    : undefined;
  const hint = near === undefined ? helpOf(command) : `Did you mean --${near}?`;
  const of = command === undefined ? "" : `${command.name} has `;
  throw usage(`${of === "" ? "There is" : of.trimEnd()} no option ${quoted(written)}.`, hint);
}

export function unknownCommand(word: string, commands: readonly Command[]): OrketError {
  const near = nearest(
    word,
    commands.map(({ name }) => name),
  );
  return usage(
    `There is no command ${quoted(word)}.`,
    near === undefined ? "See orket --help." : `Did you mean ${near}?`,
  );
}

/** The options in the form of `parseArgs`. It takes every word after an option with a value for that value. */
function configOf(options: readonly OptionSpec[]): ParseArgsConfig["options"] {
  return Object.fromEntries(
    options.map(({ name, short, value }) => [
      name,
      {
        type: value === undefined ? ("boolean" as const) : ("string" as const),
        multiple: true,
        ...defined({ short }),
      },
    ]),
  );
}

function tokensOf(words: readonly string[], options: readonly OptionSpec[]) {
  const config = { args: [...words], options: configOf(options), strict: false, tokens: true } as const;
  return parseArgs({ ...config, allowPositionals: true }).tokens;
}

/** Options whose value may be omitted get an empty one where the next word is not one of their values. */
function withEmptyValues(words: readonly string[], options: readonly OptionSpec[]): string[] {
  const end = words.indexOf("--");
  return words.map((word, at) => {
    const option = options.find(({ name, optional }) => optional !== undefined && word === `--${name}`);
    const isValue = option?.optional?.test(words[at + 1] ?? "") ?? true;
    return isValue || (end >= 0 && at > end) ? word : `${word}=`;
  });
}

/** The first word that is neither an option nor an option's value. Before it only the global options are known. */
function commandIn(words: readonly string[], commands: readonly Command[]): [Command | undefined, number] {
  const first = tokensOf(words, globalOptions).find(({ kind }) => kind === "positional");
  if (first?.kind !== "positional") return [undefined, words.length];
  const command = commands.find(({ name }) => name === first.value);
  if (command === undefined) {
    checkOptions(words.slice(0, first.index));
    throw unknownCommand(first.value, commands);
  }
  return [command, first.index];
}

/** @throws {OrketError} usage, when an option before the command is not a global one. */
function checkOptions(words: readonly string[]): void {
  for (const token of tokensOf(words, globalOptions)) {
    if (token.kind === "option") findOption(globalOptions, token.rawName, undefined);
  }
}

/**
 * Reads the arguments: options may be anywhere, the first other word is the command, `--` ends the options.
 * @throws {OrketError} usage.
 */
export function parseArguments(words: readonly string[], commands: readonly Command[]): Parsed {
  const [command, place] = commandIn(words, commands);
  checkOptions(words.slice(0, place));
  const options = [...(command?.options ?? []), ...globalOptions];
  const positionals: string[] = [];
  const values = new Map<string, string[]>();
  for (const token of tokensOf(withEmptyValues(words, options), options)) {
    if (token.kind === "positional" && token.index !== place) positionals.push(token.value);
    if (token.kind !== "option") continue;
    const option = findOption(options, token.rawName, command);
    if (option.value === undefined && token.value !== undefined)
      throw usage(`${token.rawName} takes no value.`, helpOf(command));
    addValue(values, option, token.rawName, token.value, command);
  }
  const given = new Given(positionals, values);
  if (command !== undefined && !given.flag("help")) checkCount(command, positionals);
  return { command, given };
}

function addValue(
  values: Map<string, string[]>,
  option: OptionSpec,
  written: string,
  value: string | undefined,
  command: Command | undefined,
): void {
  const before = values.get(option.name);
  if (option.value === undefined) {
    values.set(option.name, []);
    return;
  }
  if (option.optional !== undefined && (value === undefined || value === "")) {
    values.set(option.name, before ?? []);
    return;
  }
  if (value === undefined)
    throw usage(`${written} needs a value: ${written} ${option.value}.`, helpOf(command));
  if (option.choices !== undefined && !option.choices.includes(value)) {
    throw usage(`${written} is ${option.choices.join(" or ")}, not ${quoted(value)}.`, helpOf(command));
  }
  if (before !== undefined && option.multiple === undefined) {
    throw usage(`${written} is given twice.`, helpOf(command));
  }
  values.set(option.name, [...(before ?? []), value]);
}

function checkCount({ name, args }: Command, positionals: readonly string[]): void {
  const missing = args.filter(({ optional }) => optional === undefined)[positionals.length];
  if (missing !== undefined) {
    throw usage(`Missing argument ${missing.name}: ${missing.summary}`, `See orket ${name} --help.`);
  }
  const extra = positionals[args.length];
  if (extra !== undefined && args.at(-1)?.multiple === undefined) {
    throw usage(`orket ${name} takes no argument ${quoted(extra)}.`, `See orket ${name} --help.`);
  }
}
