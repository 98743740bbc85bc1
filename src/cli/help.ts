import { globalOptions } from "./command";
import type { ArgumentSpec, Command, OptionSpec } from "./command";
import { alignColumns } from "./text/format";
import { wrapText } from "./text/width";

function optionLabel({ name, short, value, choices, optional }: OptionSpec): string {
  const shown = choices?.join("|") ?? (optional === undefined ? value : `[${value ?? ""}]`);
  const long = `--${name}${shown === undefined ? "" : ` ${shown}`}`;
  return short === undefined ? `    ${long}` : `-${short}, ${long}`;
}

function argumentLabel({ name, optional, multiple }: ArgumentSpec): string {
  const shown = multiple === undefined ? name : `${name}…`;
  return optional === undefined ? shown : `[${shown}]`;
}

/** `orket run FLOW [options]`. */
function usageLine(command: Command): string {
  const parts = ["orket", command.name, ...command.args.map(argumentLabel)];
  return [...parts, ...(command.options.length > 0 ? ["[options]"] : [])].join(" ");
}

function twoColumns(rows: readonly (readonly [string, string])[], columns: number): string[] {
  const left = Math.min(30, Math.max(...rows.map(([label]) => label.length)));
  return rows.flatMap(([label, text]) => {
    const lines = wrapText(text, columns - left - 4);
    const [head = "", ...more] = lines;
    const rest = more.map((line) => `${" ".repeat(left + 4)}${line}`);
    if (label.length > left) return [`  ${label}`, `${" ".repeat(left + 4)}${head}`, ...rest];
    return [`  ${label.padEnd(left)}  ${head}`, ...rest];
  });
}

/** `orket --help`. */
export function mainHelp(commands: readonly Command[], columns: number): string {
  return [
    "Orket performs a Flow: a team of agents works through ordered steps, and nothing",
    "reaches your project until you accept it.",
    "",
    "Usage: orket COMMAND [options]",
    "",
    "Commands:",
    ...twoColumns(
      commands.map(({ name, summary }) => [name, summary]),
      columns,
    ),
    "",
    "Options of every command:",
    ...twoColumns(
      globalOptions.map((option) => [optionLabel(option), option.summary]),
      columns,
    ),
    "",
    "Begin with:",
    ...alignColumns([
      ["  orket init demo", "a sample project that needs no model"],
      ["  orket -C demo run shapes", "perform it, step by step"],
      ["  orket help run", "more about one command"],
    ]),
    "",
  ].join("\n");
}

/** `orket help COMMAND`. */
export function commandHelp(command: Command, columns: number): string {
  const { args, options, examples, details = [] } = command;
  const lines = [`Usage: ${usageLine(command)}`, "", ...wrapText(command.summary, columns)];
  for (const paragraph of details) lines.push("", ...wrapText(paragraph, columns));
  if (args.length > 0) {
    lines.push(
      "",
      "Arguments:",
      ...twoColumns(
        args.map((arg) => [arg.name, arg.summary]),
        columns,
      ),
    );
  }
  const all = [...options, ...globalOptions.filter(({ name }) => name !== "version")];
  lines.push(
    "",
    "Options:",
    ...twoColumns(
      all.map((option) => [optionLabel(option), option.summary]),
      columns,
    ),
  );
  if (examples.length > 0) {
    lines.push("", "Examples:");
    for (const { line, does } of examples) lines.push(`  ${line}`, `      ${does}`);
  }
  return `${lines.join("\n")}\n`;
}
