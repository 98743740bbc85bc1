import { composeYaml } from "./compose";
import type { DiagnosticCode } from "./diagnostic";
import type { LineIndex, Span } from "./lines";
import { characterRules, lineRules, surelyRules } from "./slip-rules";
import type { Guess, Rule } from "./slip-rules";

/** The one slip that explains what is wrong with the syntax of a file. */
export interface Slip {
  readonly code: DiagnosticCode;
  readonly span: Span;
  readonly message: string;
  readonly fix: string;
  /** Whether nothing more is known than that the line cannot stand there. */
  readonly isLastResort?: true;
  readonly replace?: { readonly span: Span; readonly with: string };
}

/** Maximum length of a text in which each guess is tried on the whole; otherwise on the surrounding lines. In characters. */
const wholeTextCharacters = 12_000;
/** Lines before and after a problem that are read with it in a long text. */
const linesAround = 60;

function indentOf(line: string): number {
  return /^ */.exec(line)?.[0].length ?? 0;
}

function isBare(line: string | undefined): boolean {
  return line === undefined || /^\s*(?:#|$)/.test(line);
}

/** The lines that are the text of a block scalar, where anything is allowed. */
function blockLines(lines: readonly string[]): ReadonlySet<number> {
  const inside = new Set<number>();
  let indent: number | undefined;
  lines.forEach((line, at) => {
    if (indent !== undefined && (line.trim() === "" || indentOf(line) > indent)) {
      inside.add(at);
      return;
    }
    indent =
      /(?:^|[:\s-])[|>][+-]?[1-9]?[+-]?\s*(?:#.*)?$/.test(line) && /[:-]\s/.test(line)
        ? indentOf(line)
        : undefined;
  });
  return inside;
}

/** Lines that are read together; `to` is after the last. */
interface Window {
  readonly from: number;
  readonly to: number;
}

class SlipFinder {
  readonly #lines: readonly string[];
  readonly #blocks: ReadonlySet<number>;

  constructor(
    readonly text: string,
    readonly index: LineIndex,
  ) {
    this.#lines = text.split(/\r\n|\n|\r/);
    this.#blocks = blockLines(this.#lines);
  }

  #slip(line: number, guess: Guess): Slip {
    const { code, message, fix, start, end, repaired, offer } = guess;
    const at = this.index.offsetAt({ line, character: 0 });
    const whole = { start: at, end: at + (this.#lines[line] ?? "").length };
    const span = { start: at + start, end: at + Math.max(start + 1, Math.min(end, whole.end - at)) };
    // A diagnostic never contains what may be a key.
    const mayHoldKey = /key|token|secret|password|auth|header|credential|:\/\/[^/]*@/i.test(
      this.#lines[line] ?? "",
    );
    return {
      code,
      message,
      fix,
      span,
      ...(guess.isLastResort === true ? { isLastResort: true } : {}),
      ...(offer && !mayHoldKey ? { replace: { span: whole, with: repaired } } : {}),
    };
  }

  /** The first character that is never intended, with the number of lines that have it. */
  character(rules: readonly Rule[]): Slip | undefined {
    let first: { line: number; guess: Guess } | undefined;
    let more = 0;
    this.#lines.forEach((line, at) => {
      if (this.#blocks.has(at) || (/^\s*(?:#|$)/.test(line.trimEnd()) && !/^[ \t]*[^\x00-\x7f]/.test(line)))
        return;
      for (const rule of rules) {
        const guess = rule(line);
        if (guess === undefined) continue;
        if (first === undefined) first = { line: at, guess };
        else if (guess.code === first.guess.code) more++;
        return;
      }
    });
    if (first === undefined) return undefined;
    const slip = this.#slip(first.line, first.guess);
    if (more === 0) return slip;
    return {
      ...slip,
      message: slip.message.replace(/\.$/, `, and so in ${more} more line${more === 1 ? "" : "s"}.`),
    };
  }

  /** A change of one line near a problem that makes the text readable again. */
  near(offset: number): Slip | undefined {
    let { line } = this.index.positionAt(offset);
    while (line < this.#lines.length - 1 && (isBare(this.#lines[line]) || this.#blocks.has(line))) line++;
    const candidates = this.#linesNear(line);
    let best: { slip: Slip; at: number } | undefined;
    const window = this.#window(Math.min(...candidates, line), line);
    const before = this.#firstError(window);
    if (before === undefined) return undefined;
    for (const rules of [lineRules.slice(0, -2), undefined, lineRules.slice(-2)]) {
      for (const at of candidates) {
        const guesses =
          rules === undefined
            ? this.#indentations(at, line)
            : rules.map((rule) => rule(this.#lines[at] ?? ""));
        for (const guess of guesses) {
          if (guess === undefined) continue;
          const error = this.#firstError(window, { line: at, text: guess.repaired });
          if (error === undefined) return this.#slip(at, guess);
          if (error > before + 1 && error > (best?.at ?? 0))
            best = { slip: this.#slip(at, guess), at: error };
        }
      }
    }
    return best?.slip;
  }

  /** The line of a problem and its possible causes: the next line and the ones before, back to where its block begins. */
  #linesNear(line: number): number[] {
    const near: number[] = [];
    const add = (at: number): void => {
      if (at >= 0 && at < this.#lines.length && !this.#blocks.has(at) && !isBare(this.#lines[at]))
        near.push(at);
    };
    add(line);
    let above = line - 1;
    for (let looked = 0; looked < 2 && above >= 0; above--) {
      if (isBare(this.#lines[above]) || this.#blocks.has(above)) continue;
      add(above);
      looked++;
    }
    let below = line + 1;
    while (below < this.#lines.length && (isBare(this.#lines[below]) || this.#blocks.has(below))) below++;
    add(below);
    return [...this.#blockStarts(line), ...near.filter((at) => !this.#blockStarts(line).includes(at))];
  }

  /** Earlier lines that a line is not aligned with: where its block begins in a column that is one off, or without its dash. */
  #blockStarts(line: number): number[] {
    const problem = this.#lines[line] ?? "";
    const own = indentOf(problem);
    const missesDash = /^ *-(?:\s|$)/.test(problem);
    let found: number | undefined;
    for (let at = line - 1, looked = 0; at >= 0 && looked < 400; at--, looked++) {
      const text = this.#lines[at] ?? "";
      if (isBare(text) || this.#blocks.has(at)) continue;
      const indent = indentOf(text);
      if (indent < own - 1) break;
      // The line in an odd column is the slip.
      if ((Math.abs(indent - own) === 1 && indent % 2 === 1) || (missesDash && indent === own + 2))
        found = at;
      else if (indent <= own) break;
    }
    return found === undefined ? [] : [found];
  }

  /** Whether a line with this indentation would become text of the block scalar above it. */
  #joinsBlock(at: number, indent: number): boolean {
    let above = at - 1;
    while (above >= 0 && isBare(this.#lines[above]) && !this.#blocks.has(above)) above--;
    const inside = this.#blocks.has(above);
    while (this.#blocks.has(above)) above--;
    const header = this.#lines[above] ?? "";
    return (inside || /[|>][+-]?\d?\s*$/.test(header)) && indent > indentOf(header);
  }

  /** The line with the indentation of an adjacent line, or of the line that it is not aligned with. */
  #indentations(at: number, problem: number): Guess[] {
    const line = this.#lines[at] ?? "";
    const own = indentOf(line);
    const wanted: number[] = [];
    const look = (step: number): void => {
      for (
        let other = at + step, looked = 0;
        looked < 3 && other >= 0 && other < this.#lines.length;
        other += step
      ) {
        const text = this.#lines[other] ?? "";
        if (isBare(text) || this.#blocks.has(other)) continue;
        looked++;
        wanted.push(indentOf(text));
        const dash = /^ *- +/.exec(text)?.[0].length;
        if (dash !== undefined && !/^ *-/.test(line)) wanted.push(dash);
      }
    };
    look(1);
    look(-1);
    wanted.push(indentOf(this.#lines[problem] ?? ""));
    const fitting = [...new Set(wanted)].filter((indent) => indent !== own && !this.#joinsBlock(at, indent));
    const near = fitting.sort((a, b) => Math.abs(a - own) - Math.abs(b - own));
    return [
      ...this.#missingDash(at, problem),
      ...near.slice(0, 3).map((indent): Guess => ({
        code: "orket/yaml-syntax",
        message: `This line is indented by ${own} space${own === 1 ? "" : "s"}, and the lines that it belongs to by ${indent}.`,
        fix: `Indent it by ${indent}.`,
        start: 0,
        end: Math.max(1, own),
        repaired: " ".repeat(indent) + line.slice(own),
        offer: true,
      })),
    ];
  }

  /** The line as an entry of the list that contains the problem's line. */
  #missingDash(at: number, problem: number): Guess[] {
    const line = this.#lines[at] ?? "";
    const entry = this.#lines[problem] ?? "";
    const indent = indentOf(entry);
    if (at >= problem || !/^ *-(?:\s|$)/.test(entry) || indentOf(line) !== indent + 2) return [];
    return [
      {
        code: "orket/yaml-syntax",
        message: "A '-' is missing before this entry of the list.",
        fix: "Write '- ' before it.",
        start: indent,
        end: line.length,
        repaired: `${" ".repeat(indent)}- ${line.trimStart()}`,
        offer: true,
      },
    ];
  }

  /** The line of the first syntax error in the lines that are checked; undefined when there is none. */
  #firstError(
    { from, to }: Window,
    change?: { readonly line: number; readonly text: string },
  ): number | undefined {
    const lines = this.#lines.slice(from, to);
    if (change !== undefined) lines[change.line - from] = change.text;
    const text = lines.join("\n");
    const document = composeYaml(text);
    if ("beyond" in document) return 0;
    const first = [...document.errors].sort((a, b) => a.pos[0] - b.pos[0])[0];
    return first === undefined ? undefined : from + text.slice(0, first.pos[0]).split("\n").length - 1;
  }

  #window(line: number, problem: number): Window {
    if (this.text.length <= wholeTextCharacters) return { from: 0, to: this.#lines.length };
    let from = line;
    let least = Infinity;
    // Backwards to a line that is indented no further than what follows it.
    for (let at = line; at >= Math.max(0, line - linesAround); at--) {
      const text = this.#lines[at] ?? "";
      if (isBare(text) || this.#blocks.has(at)) continue;
      if (indentOf(text) <= least) {
        least = indentOf(text);
        from = at;
      }
    }
    return { from, to: Math.min(this.#lines.length, problem + linesAround) };
  }
}

/** A slip in a text that YAML accepts, such as a hard space that turns the indentation into part of a key. */
export function findHiddenSlip(text: string, index: LineIndex): Slip | undefined {
  if (!/[^\x00-\x7f]|^\s*\/\//m.test(text)) return undefined;
  return new SlipFinder(text, index).character(surelyRules);
}

/** The typing slip that explains a syntax error at `offset`; undefined where none does. */
export function findSlip(text: string, index: LineIndex, offset: number): Slip | undefined {
  const finder = new SlipFinder(text, index);
  return finder.character(characterRules) ?? finder.near(offset);
}
