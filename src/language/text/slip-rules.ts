import type { DiagnosticCode } from "./diagnostic";
import { quoted } from "./diagnostic";

/** The interpretation of a slip, and the line without it. */
export interface Guess {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly fix: string;
  /** Columns of the line. */
  readonly start: number;
  readonly end: number;
  readonly repaired: string;
  /** Whether the repaired line is offered as a fix. */
  readonly offer: boolean;
  readonly isLastResort?: true;
}

export type Rule = (line: string) => Guess | undefined;

/** Whitespace that YAML treats as text: all Unicode spaces other than the space and the tab, and zero-width characters. */
const odd = "\\u00a0\\u00ad\\u1680\\u180e\\u2000-\\u200f\\u2028\\u2029\\u202f\\u205f\\u2060\\u3000\\ufeff";
const oddInIndent = new RegExp(`^([ \\t${odd}]*?)([${odd}]+)`);
const oddBehindMark = new RegExp(`^(\\s*(?:- +)*(?:-|["']?[\\w.-]+["']?:))( *)([${odd}]+)`);
const widthless = /[\u00ad\u180e\u200b-\u200f\u2060\ufeff]/g;

const names: Readonly<Record<string, string>> = {
  "\u00a0": "non-breaking space",
  "\u202f": "narrow non-breaking space",
  "\u3000": "wide (ideographic) space",
  "\u200b": "invisible space without width",
  "\ufeff": "invisible byte order mark",
};

function nameOf(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `${names[character] ?? "hard space"} (U+${code})`;
}

function asBlanks(text: string): string {
  return text
    .replace(widthless, "")
    .replaceAll("\u3000", "  ")
    .replace(new RegExp(`[${odd}]`, "g"), " ");
}

const hardSpace: Rule = (line) => {
  const found = oddInIndent.exec(line);
  const mark = found === null ? oddBehindMark.exec(line) : undefined;
  const before =
    found?.[1] ?? (mark === null || mark === undefined ? undefined : (mark[1] ?? "") + (mark[2] ?? ""));
  const spaces = found?.[2] ?? mark?.[3];
  if (before === undefined || spaces === undefined) return undefined;
  const place =
    found === null ? `behind ${quoted(mark?.[1]?.replace(/^[\s-]+(?=.)/, "") ?? "")}` : "in the indentation";
  const end = before.length + spaces.length;
  const blanks = asBlanks(spaces);
  return {
    code: "orket/yaml-space",
    message: `A ${nameOf(spaces[0] ?? "")} stands ${place}; YAML takes it for text.`,
    fix: "Replace it with an ordinary space.",
    start: before.length,
    end,
    repaired: asBlanks(line.slice(0, end)) + (mark?.[2] === "" && blanks === "" ? " " : "") + line.slice(end),
    offer: true,
  };
};

const tab: Rule = (line) => {
  const found = /^( *)(\t[ \t]*)/.exec(line);
  if (found === null || line.trim() === "") return undefined;
  const start = found[1]?.length ?? 0;
  const end = found[0].length;
  const repaired = `${" ".repeat(start === 0 ? 2 * (found[2]?.length ?? 1) : start)}${line.slice(end)}`;
  return {
    code: "orket/yaml-tab",
    message: "A tab is used as indentation.",
    fix: "Indent with spaces.",
    start,
    end,
    repaired,
    offer: false,
  };
};

const wrongDash: Rule = (line) => {
  const found = /^(\s*)([–—−‐‑•·*+])(\s+)(?=\S)/.exec(line);
  if (found === null) return undefined;
  const start = found[1]?.length ?? 0;
  return {
    code: "orket/yaml-syntax",
    message: `A list entry begins with '-', not with ${quoted(found[2] ?? "")}.`,
    fix: "Write '-'.",
    start,
    end: start + 1,
    repaired: `${line.slice(0, start)}-${line.slice(start + 1)}`,
    offer: true,
  };
};

const wideColon: Rule = (line) => {
  const found = /^(\s*(?:- +)*["']?[\w.-]+["']?)([：﹕︓∶])\s*/.exec(line);
  if (found === null) return undefined;
  const start = found[1]?.length ?? 0;
  return {
    code: "orket/yaml-syntax",
    message: `${quoted(found[2] ?? "")} stands behind ${quoted(found[1]?.replace(/^[\s-]+/, "") ?? "")}; YAML needs the plain ':'.`,
    fix: "Write ':' and a space.",
    start,
    end: start + 1,
    repaired: `${found[1] ?? ""}: ${line.slice(found[0].length)}`,
    offer: true,
  };
};

/** Characters that are never intended: their effect on a line explains whatever else is wrong. */
export const characterRules: readonly Rule[] = [hardSpace, tab, wideColon, wrongDash];

const keyOrEntry = /^(?:- |["']?[\w.-]+["']?:(?:\s|$))/;

/** The same where nothing else is wrong with the syntax: only what cannot be text that continues from the line above. */
export const surelyRules: readonly Rule[] = [
  (line) => {
    const guess = hardSpace(line);
    if (guess === undefined || !keyOrEntry.test(guess.repaired.trimStart())) return undefined;
    return guess;
  },
  (line) => (/^\s*\/\/.*:(?:\s|$)/.test(line) ? slashes(line) : undefined),
];

const noBlankBehindColon: Rule = (line) => {
  const found = /^(\s*(?:- +)*)(["']?)([A-Za-z_][\w.-]*)\2:(?=[^\s:/])/.exec(line);
  if (found === null) return undefined;
  const end = found[0].length;
  const key = found[3] ?? "";
  return {
    code: "orket/yaml-syntax",
    message: `A space is missing after '${key}:'.`,
    fix: `Write '${key}: ' and then the value.`,
    start: found[1]?.length ?? 0,
    end,
    repaired: `${line.slice(0, end)} ${line.slice(end)}`,
    offer: true,
  };
};

const noBlankBehindDash: Rule = (line) => {
  const found = /^(\s*)-(?=[^\s-])/.exec(line);
  if (found === null) return undefined;
  const end = found[0].length;
  return {
    code: "orket/yaml-syntax",
    message: "A space is missing after '-'.",
    fix: "Write '- ' and then the entry.",
    start: end - 1,
    end,
    repaired: `${line.slice(0, end)} ${line.slice(end)}`,
    offer: true,
  };
};

const equalsSign: Rule = (line) => {
  const found = /^(\s*(?:- +)*)([A-Za-z_][\w.-]*)(\s*=\s*)/.exec(line);
  if (found === null) return undefined;
  const start = (found[1]?.length ?? 0) + (found[2]?.length ?? 0);
  return {
    code: "orket/yaml-syntax",
    message: `'=' stands behind ${quoted(found[2] ?? "")}; YAML wants ':'.`,
    fix: "Write ':' and a space.",
    start,
    end: found[0].length,
    repaired: `${line.slice(0, start)}: ${line.slice(found[0].length)}`,
    offer: true,
  };
};

const slashes: Rule = (line) => {
  const found = /^(\s*)(\/\/|--(?!-)|;|\/\*)/.exec(line);
  if (found === null) return undefined;
  const start = found[1]?.length ?? 0;
  const end = found[0].length;
  return {
    code: "orket/yaml-syntax",
    message: `A comment begins with '#', not with ${quoted(found[2] ?? "")}.`,
    fix: "Write '#'.",
    start,
    end,
    repaired: `${line.slice(0, start)}#${line.slice(end)}`,
    offer: true,
  };
};

const questionMark: Rule = (line) => {
  const found = /^(\s*)\? +/.exec(line);
  if (found === null) return undefined;
  const start = found[1]?.length ?? 0;
  return {
    code: "orket/yaml-syntax",
    message: "'?' at the start of a line makes what follows a key; a definition has plain keys only.",
    fix: "Remove the '?'.",
    start,
    end: start + 1,
    repaired: line.slice(0, start) + line.slice(found[0].length),
    offer: true,
  };
};

const comma: Rule = (line) => {
  const twice = /^(.*[[{,].*?)(,\s*)(?=,)/.exec(line) ?? /^(.*[[{])(\s*,)/.exec(line);
  if (twice !== null) {
    const start = twice[1]?.length ?? 0;
    const end = twice[0].length;
    return {
      code: "orket/yaml-syntax",
      message: "There is nothing between this ',' and the one beside it.",
      fix: "Remove the ','.",
      start,
      end,
      repaired: line.slice(0, start) + line.slice(end),
      offer: true,
    };
  }
  const missing = /^(.*[[{].*?["'\]}\w])(\s+)(?=(?:["'[{]|[\w-]+:\s))/.exec(line);
  if (missing === null) return undefined;
  const at = missing[1]?.length ?? 0;
  return {
    code: "orket/yaml-syntax",
    message: "A ',' is missing here.",
    fix: "Write ',' between the two.",
    start: at,
    end: missing[0].length,
    repaired: `${line.slice(0, at)},${line.slice(at)}`,
    offer: true,
  };
};

const keyAndValue = /^(\s*(?:- +)*(?:["']?[\w.-]+["']?: +)?)(.*?)(\s+#.*)?$/;

function quotedValue(line: string, message: string): Guess | undefined {
  const found = keyAndValue.exec(line);
  const value = found?.[2] ?? "";
  if (found === null || value === "") return undefined;
  const start = found[1]?.length ?? 0;
  return {
    code: "orket/yaml-syntax",
    message,
    fix: "Put the whole text into quotes, or on lines of its own below '|'.",
    start,
    end: start + value.length,
    repaired: `${line.slice(0, start)}${JSON.stringify(value)}${found[3] ?? ""}`,
    offer: true,
  };
}

const reservedStart: Rule = (line) => {
  const value = keyAndValue.exec(line)?.[2] ?? "";
  const sign = /^(?:\{\{|[@`%&*!|>?,\]}])/.exec(value)?.[0];
  return sign === undefined
    ? undefined
    : quotedValue(line, `Text that begins with '${sign}' must be in quotes.`);
};

const colonInText: Rule = (line) => {
  const value = keyAndValue.exec(line)?.[2] ?? "";
  return /^[^"'[{|>].*:(?:\s|$)/.test(value)
    ? quotedValue(line, "Text that holds ': ' must be in quotes.")
    : undefined;
};

/** Quotes of a value: open at the end of the line, or followed by more text. */
const quotes: Rule = (line) => {
  const found = keyAndValue.exec(line);
  const value = line.slice(found?.[1]?.length ?? 0).trimEnd();
  const quote = value[0];
  if (found === null || (quote !== '"' && quote !== "'")) return undefined;
  const start = found[1]?.length ?? 0;
  const whole = quote === '"' ? /^"(?:[^"\\]|\\.)*"/.exec(value) : /^'(?:[^']|'')*'/.exec(value);
  if (whole === null) {
    return {
      code: "orket/yaml-syntax",
      message: "The quote that opens here is not closed.",
      fix: `Close it with ${quote} where the text ends.`,
      start,
      end: start + 1,
      repaired: `${line.slice(0, start)}${value}${quote}`,
      offer: false,
    };
  }
  const rest = value.slice(whole[0].length);
  if (/^\s*(?:#|$|:)/.test(rest) || /^\s*[,\]}]/.test(rest)) return undefined;
  const inner = value.slice(1, value.endsWith(quote) ? -1 : undefined);
  return {
    code: "orket/yaml-syntax",
    message: "The quoted text ends here, and more follows.",
    fix: quote === '"' ? 'Write a quote inside the text as \\".' : "Write a quote inside the text as ''.",
    start: start + whole[0].length - 1,
    end: start + whole[0].length,
    repaired:
      line.slice(0, start) +
      (quote === '"'
        ? JSON.stringify(inner.replaceAll('\\"', '"'))
        : `'${inner.replaceAll("''", "'").replaceAll("'", "''")}'`),
    offer: true,
  };
};

/** Brackets of one line, outside quotes: those open at its end, and those that close nothing. */
function bracketsOf(line: string): {
  open: { at: number; sign: string }[];
  wrong?: { at: number; sign: string; of?: string };
} {
  const open: { at: number; sign: string }[] = [];
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const sign = line[at] ?? "";
    if (quote !== "") {
      if (sign === "\\" && quote === '"') at++;
      else if (sign === quote) quote = "";
    } else if ((sign === '"' || sign === "'") && /[\s[{,:]/.test(line[at - 1] ?? " ")) quote = sign;
    else if (sign === "#" && /\s/.test(line[at - 1] ?? " ")) break;
    else if (sign === "[" || sign === "{") open.push({ at, sign });
    else if (sign === "]" || sign === "}") {
      const last = open.pop();
      if (last === undefined) return { open, wrong: { at, sign } };
      if (last.sign !== (sign === "]" ? "[" : "{"))
        return { open: [...open, last], wrong: { at, sign, of: last.sign } };
    }
  }
  return { open };
}

function closing(sign: string): string {
  return sign === "[" ? "]" : "}";
}

const brackets: Rule = (line) => {
  const { open, wrong } = bracketsOf(line);
  if (wrong !== undefined) {
    const { at, sign, of } = wrong;
    const right = of === undefined ? "" : closing(of);
    const opened = sign === "]" ? "[" : "{";
    return {
      code: "orket/yaml-syntax",
      message: of === undefined ? `This '${sign}' closes nothing.` : `'${of}' is closed by '${sign}'.`,
      fix: of === undefined ? `Remove it, or write '${opened}' where it begins.` : `Write '${right}'.`,
      start: at,
      end: at + 1,
      repaired: line.slice(0, at) + right + line.slice(at + 1),
      offer: true,
    };
  }
  const first = open[0];
  const last = open.at(-1);
  if (first === undefined || last === undefined) return undefined;
  return {
    code: "orket/yaml-syntax",
    message: `The '${last.sign}' that opens here is not closed.`,
    fix: `Close it with '${closing(last.sign)}'.`,
    start: last.at,
    end: last.at + 1,
    repaired:
      line.replace(/\s*(?:\s#.*)?$/, "") +
      open
        .reverse()
        .map(({ sign }) => closing(sign))
        .join(""),
    offer: false,
  };
};

/** A map between brackets whose opening bracket is missing. */
const noOpening: Rule = (line) => {
  const { wrong } = bracketsOf(line);
  const found = /^(\s*(?:- +)*(?:["']?[\w.-]+["']?: +)?)(.*)$/.exec(line);
  if (wrong === undefined || wrong.of !== undefined || found === null) return undefined;
  const start = found[1]?.length ?? 0;
  const sign = wrong.sign === "]" ? "[" : "{";
  return {
    code: "orket/yaml-syntax",
    message: `This '${wrong.sign}' closes nothing.`,
    fix: `Write '${sign}' where it begins, or remove it.`,
    start: wrong.at,
    end: wrong.at + 1,
    repaired: `${line.slice(0, start)}${sign} ${line.slice(start)}`,
    offer: false,
  };
};

const noColon: Rule = (line) => {
  const found = /^(\s*(?:- +)*)([A-Za-z_][\w.-]*)(?=\s|$)(?!\s*:)/.exec(line);
  if (found === null) return undefined;
  const start = found[1]?.length ?? 0;
  const end = found[0].length;
  return {
    code: "orket/yaml-syntax",
    message: `${quoted(found[2] ?? "")} stands here without a ':'.`,
    fix: `Write '${found[2] ?? ""}:' if it is a key; put text that belongs to the line above further in.`,
    start,
    end,
    repaired: `${line.slice(0, end)}:${line.slice(end)}`,
    offer: true,
  };
};

const dashTooMany: Rule = (line) => {
  const found = /^(\s*)- +(?=[\w"'])/.exec(line);
  if (found === null) return undefined;
  const start = found[1]?.length ?? 0;
  return {
    code: "orket/yaml-syntax",
    message: "A '-' begins an entry of a list, and there is no list here.",
    fix: "Remove the '-', or indent the line like the entries of its list.",
    start,
    end: start + 1,
    repaired: line.slice(0, start) + line.slice(found[0].length),
    offer: false,
  };
};

const otherText: Rule = (line) =>
  line.trim() === ""
    ? undefined
    : {
        code: "orket/yaml-syntax",
        message: "This line is neither a key with a value nor an entry of a list.",
        fix: "Is a ':' missing, or a '#' before a comment?",
        start: line.length - line.trimStart().length,
        end: line.trimEnd().length,
        repaired: `#${line}`,
        offer: false,
        isLastResort: true,
      };

/** The possible interpretations of a line of a damaged file, the most likely first. */
export const lineRules: readonly Rule[] = [
  slashes,
  questionMark,
  equalsSign,
  noBlankBehindColon,
  noBlankBehindDash,
  quotes,
  reservedStart,
  comma,
  noOpening,
  brackets,
  colonInText,
  noColon,
  dashTooMany,
  otherText,
];
