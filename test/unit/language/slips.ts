/** One slip of a hand in a definition file. */
export interface Slip {
  readonly kind: string;
  readonly text: string;
  /** The line that it is in, from 0. */
  readonly line: number;
}

interface Maker {
  readonly kind: string;
  /** The changed lines; undefined where the slip cannot be made. */
  readonly make: (
    line: string,
    lines: readonly string[],
    at: number,
  ) => string | readonly string[] | undefined;
}

const key = /^( *(?:- +)?)([A-Za-z_][\w.-]*):( |$)/;

/** Whether a line stands in the text of a block scalar, where anything may be written. */
function insideBlocks(lines: readonly string[]): Set<number> {
  const inside = new Set<number>();
  let indent: number | undefined;
  lines.forEach((line, at) => {
    const own = /^ */.exec(line)?.[0].length ?? 0;
    if (indent !== undefined && (line.trim() === "" || own > indent)) inside.add(at);
    else indent = undefined;
    if (indent === undefined && /[:-] [|>][+-]?\d?\s*(#.*)?$/.test(line)) indent = own;
  });
  return inside;
}

const makers: readonly Maker[] = [
  { kind: "one blank more", make: (line) => (key.test(line) ? ` ${line}` : undefined) },
  { kind: "one blank less", make: (line) => (line.startsWith(" ") ? line.slice(1) : undefined) },
  {
    kind: "a tab in place of the indentation",
    make: (line) => (/^ +\S/.test(line) ? line.replace(/^ +/, "\t") : undefined),
  },
  {
    kind: "a tab behind the indentation",
    make: (line) => (/^ +[^-\s]/.test(line) ? line.replace(/^( +)/, "$1\t") : undefined),
  },
  { kind: "no colon", make: (line) => (key.test(line) ? line.replace(key, "$1$2$3") : undefined) },
  {
    kind: "no blank behind the colon",
    make: (line) => (/^ *(?:- +)?[\w.-]+: \S/.test(line) ? line.replace(": ", ":") : undefined),
  },
  {
    kind: "an equals sign for the colon",
    make: (line) => (/^ *(?:- +)?[\w.-]+: \S/.test(line) ? line.replace(":", " =") : undefined),
  },
  {
    kind: "a wide colon",
    make: (line) => (/^ *(?:- +)?[\w.-]+: \S/.test(line) ? line.replace(": ", "：") : undefined),
  },
  {
    kind: "a double quote that is not closed",
    make: (line) => (/: [A-Za-z]/.test(line) ? line.replace(/: ([A-Za-z])/, ': "$1') : undefined),
  },
  {
    kind: "a single quote that is not closed",
    make: (line) => (/: [A-Za-z]/.test(line) ? line.replace(/: ([A-Za-z])/, ": '$1") : undefined),
  },
  {
    kind: "a double quote that is not opened",
    make: (line) => (/: [A-Za-z][^#|>]*$/.test(line) ? `${line}"` : undefined),
  },
  {
    kind: "a quote inside a quoted text",
    make: (line) =>
      /: [A-Za-z][a-z]+ [a-z]+/.test(line)
        ? line.replace(/: ([A-Za-z][a-z]+) ([a-z]+)(.*)$/, ': "$1 "$2"$3"')
        : undefined,
  },
  {
    kind: "curly quotes",
    make: (line) =>
      /^ *(?:- +)?(version|max|temperature|seed|context_tokens|max_output_tokens): \d/.test(line)
        ? line.replace(/: (\d+)/, ": “$1”")
        : undefined,
  },
  {
    kind: "a square bracket that is not closed",
    make: (line) => (/\][^\]]*$/.test(line) ? line.replace(/\]([^\]]*)$/, "$1") : undefined),
  },
  {
    kind: "a curly bracket that is not closed",
    make: (line) => (/\}\s*$/.test(line) ? line.replace(/\}\s*$/, "") : undefined),
  },
  {
    kind: "a square bracket that is not opened",
    make: (line) => (/: \[/.test(line) ? line.replace(": [", ": ") : undefined),
  },
  {
    kind: "a curly bracket that is not opened",
    make: (line) => (/[:-] \{/.test(line) ? line.replace(/([:-]) \{/, "$1 ") : undefined),
  },
  {
    kind: "a bracket of the other kind",
    make: (line) => (/\]\s*$/.test(line) ? line.replace(/\]\s*$/, "}") : undefined),
  },
  {
    kind: "a bracket too many",
    make: (line) => (/\]\s*$/.test(line) ? line.replace(/\]\s*$/, "]]") : undefined),
  },
  {
    kind: "no comma in a list",
    make: (line) => (/\[[^\]]*, /.test(line) ? line.replace(/(\[[^\],]*),/, "$1") : undefined),
  },
  {
    kind: "no comma in a map",
    make: (line) => (/\{ [^{}]*, /.test(line) ? line.replace(/(\{ [^{},]*),/, "$1") : undefined),
  },
  {
    kind: "two commas",
    make: (line) => (/\[[^\]]*, /.test(line) ? line.replace(/(\[[^\],]*),/, "$1,,") : undefined),
  },
  {
    kind: "a key twice",
    make: (line, lines, at) =>
      key.test(line) &&
      !/^ *- /.test(line) &&
      !/^ *$/.test(line.replace(key, "")) &&
      !/[|>]$/.test(line) &&
      !/[[{]$/.test(line)
        ? [line, line]
        : (void lines, void at, undefined),
  },
  {
    kind: "hard spaces in the indentation",
    make: (line) =>
      /^ +\S/.test(line) ? line.replace(/^ +/, (blanks) => "\u00a0".repeat(blanks.length)) : undefined,
  },
  {
    kind: "one hard space in the indentation",
    make: (line) => (/^ +\S/.test(line) ? line.replace(/ (?=\S)/, "\u00a0") : undefined),
  },
  {
    kind: "a hard space behind the colon",
    make: (line) => (/^ *(?:- +)?[\w.-]+: \S/.test(line) ? line.replace(": ", ":\u00a0") : undefined),
  },
  {
    kind: "a hard space behind the dash",
    make: (line) => (/^ *- \S/.test(line) ? line.replace("- ", "-\u00a0") : undefined),
  },
  {
    kind: "a wide space in the indentation",
    make: (line) => (/^ +\S/.test(line) ? line.replace(/^ +/, "\u3000") : undefined),
  },
  {
    kind: "a space without width",
    make: (line) => (key.test(line) ? line.replace(key, "$1\u200b$2:$3") : undefined),
  },
  {
    kind: "no blank behind the dash",
    make: (line) => (/^ *- \S/.test(line) ? line.replace("- ", "-") : undefined),
  },
  { kind: "an en dash", make: (line) => (/^ *- \S/.test(line) ? line.replace("-", "–") : undefined) },
  { kind: "an em dash", make: (line) => (/^ *- \S/.test(line) ? line.replace("-", "—") : undefined) },
  {
    kind: "an asterisk for the dash",
    make: (line) => (/^ *- \S/.test(line) ? line.replace("- ", "* ") : undefined),
  },
  { kind: "no dash", make: (line) => (/^ *- \S/.test(line) ? line.replace("- ", "  ") : undefined) },
  {
    kind: "a dash too many",
    make: (line) => (/^ +[a-z_]+: \S/.test(line) ? line.replace(/^( +)/, "$1- ") : undefined),
  },
  {
    kind: "a colon in a text",
    make: (line) =>
      /: [A-Za-z][^"'|>]* [a-z]+/.test(line) && !/[[{]/.test(line)
        ? line.replace(/: ([A-Za-z][^"'|>]*?) ([a-z]+)/, ": $1: $2")
        : undefined,
  },
  {
    kind: "a placeholder without quotes",
    make: (line) => (/: [A-Za-z][^"'|>[{]*$/.test(line) ? line.replace(/: .*$/, ": {{task}}") : undefined),
  },
  {
    kind: "a placeholder with text without quotes",
    make: (line) =>
      /: [A-Za-z][^"'|>[{]*$/.test(line) ? line.replace(/: (.*)$/, ": {{task}} $1") : undefined,
  },
  {
    kind: "an at sign",
    make: (line) => (/: [A-Za-z][^"'|>[{]*$/.test(line) ? line.replace(/: /, ": @") : undefined),
  },
  {
    kind: "a backtick",
    make: (line) => (/: [A-Za-z][^"'|>[{]*$/.test(line) ? line.replace(/: (.*)$/, ": `$1`") : undefined),
  },
  {
    kind: "a percent sign",
    make: (line) => (/: [A-Za-z][^"'|>[{]*$/.test(line) ? line.replace(/: /, ": %") : undefined),
  },
  {
    kind: "an asterisk",
    make: (line) => (/: [A-Za-z][^"'|>[{]*$/.test(line) ? line.replace(/: /, ": *") : undefined),
  },
  {
    kind: "an exclamation mark",
    make: (line) => (/: [A-Za-z][^"'|>[{]*$/.test(line) ? line.replace(/: /, ": !") : undefined),
  },
  {
    kind: "a question mark and blank",
    make: (line) => (key.test(line) && !/^ *- /.test(line) ? line.replace(/^( *)/, "$1? ") : undefined),
  },
  {
    kind: "a comma behind the value",
    make: (line) => (/^ *(?:version|max|max_turns|temperature): \d+$/.test(line) ? `${line},` : undefined),
  },
  {
    kind: "a comment without a blank",
    make: (line) => (/ # /.test(line) ? line.replace(" #", "#") : undefined),
  },
  {
    kind: "a comment in the style of C",
    make: (line) => (key.test(line) ? [`// ${line.trim()}`, line] : undefined),
  },
  {
    kind: "a stray word",
    make: (line) => (key.test(line) ? [line.replace(/\S.*$/, "oops"), line] : undefined),
  },
];

/** Every single slip that these kinds can make in a file. */
export function slipsIn(text: string): Slip[] {
  const lines = text.split("\n");
  const inside = insideBlocks(lines);
  return makers.flatMap(({ kind, make }) =>
    lines.flatMap((line, at): Slip[] => {
      if (inside.has(at) || line.trim() === "" || line.trim().startsWith("#")) return [];
      const made = make(line, lines, at);
      if (made === undefined || made === line) return [];
      const changed = [
        ...lines.slice(0, at),
        ...(typeof made === "string" ? [made] : made),
        ...lines.slice(at + 1),
      ];
      return [{ kind, text: changed.join("\n"), line: at }];
    }),
  );
}
