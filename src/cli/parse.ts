import { OrketError } from "../engine/error/orket-error";
import { nearest } from "../language/text/nearest";
import { Given, globalOptions } from "./command";
import type { Command, OptionSpec } from "./command";
import { safeLine } from "./text/safe";

/** What the arguments say; `command` is absent when they name none. */
export interface Parsed {
  readonly command: Command | undefined;
  readonly given: Given;
}

function quoted(word: string): string {
  return `'${safeLine(word)}'`;
}

function usage(message: string, mend: string | undefined): OrketError {
  return new OrketError("usage", message, mend === undefined ? {} : { mend });
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
  const mend = near === undefined ? helpOf(command) : `Did you mean --${near}?`;
  const of = command === undefined ? "" : `${command.name} has `;
  throw usage(`${of === "" ? "There is" : of.trimEnd()} no option ${quoted(written)}.`, mend);
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

/** Splits `--name=value` and `-Cvalue`. */
function splitOption(word: string): [name: string, value: string | undefined] {
  if (word.startsWith("--")) {
    const equals = word.indexOf("=");
    return equals < 0 ? [word, undefined] : [word.slice(0, equals), word.slice(equals + 1)];
  }
  return word.length > 2 ? [word.slice(0, 2), word.slice(2)] : [word, undefined];
}

/**
 * Reads the arguments: options may stand anywhere, the first other word is the command, `--` ends the options.
 * @throws {OrketError} usage.
 */
export function parseArguments(words: readonly string[], commands: readonly Command[]): Parsed {
  const positionals: string[] = [];
  const values = new Map<string, string[]>();
  let command: Command | undefined;
  let onlyWords = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (onlyWords || word === "-" || !word.startsWith("-")) {
      if (command !== undefined) positionals.push(word);
      else {
        command = commands.find(({ name }) => name === word);
        if (command === undefined) throw unknownCommand(word, commands);
      }
      continue;
    }
    if (word === "--") {
      onlyWords = true;
      continue;
    }
    const [written, attached] = splitOption(word);
    const option = findOption([...(command?.options ?? []), ...globalOptions], written, command);
    let value = attached;
    if (option.value === undefined) {
      if (attached !== undefined) throw usage(`${written} takes no value.`, helpOf(command));
    } else if (value === undefined && (option.optional?.test(words[at + 1] ?? "") ?? true)) {
      at += 1;
      value = words[at];
    }
    addValue(values, option, written, value, command);
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
  if (value === undefined && option.optional !== undefined) {
    values.set(option.name, before ?? []);
    return;
  }
  if (value === undefined)
    throw usage(`${written} wants a value: ${written} ${option.value}.`, helpOf(command));
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
    throw usage(`orket ${name} wants ${missing.name}: ${missing.summary}`, `See orket ${name} --help.`);
  }
  const extra = positionals[args.length];
  if (extra !== undefined && args.at(-1)?.multiple === undefined) {
    throw usage(`orket ${name} does not know what to do with ${quoted(extra)}.`, `See orket ${name} --help.`);
  }
}
