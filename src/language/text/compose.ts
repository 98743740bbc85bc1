import { Composer, Lexer, Parser, YAMLParseError } from "yaml";
import type { Document } from "yaml";
import { sourceLimits } from "./limits";

type Token = ReturnType<Parser["next"]> extends Generator<infer One> ? One : never;

/** Whether a one-character piece is in the text, or is a mark of the lexer's: a document, a scalar, the end of a flow. */
function isMark(code: number): boolean {
  return code === 0x02 || code === 0x1f || code === 0x18;
}

/** Passes the text to the parser piece by piece, and stops when it has more pieces than are worth parsing. */
class Pieces {
  #count = 0;
  #nesting = 0;
  #at = 0;
  /** Where it stopped. */
  beyond: number | undefined;

  *tokens(text: string): Generator<Token> {
    const parser = new Parser();
    for (const piece of new Lexer().lex(text)) {
      if (this.#isTooMuch(piece)) {
        this.beyond = Math.min(this.#at, text.length);
        return;
      }
      yield* parser.next(piece);
    }
    yield* parser.end();
  }

  #isTooMuch(piece: string): boolean {
    // A file has thousands of pieces, and they are processed after each keystroke.
    const code = piece.length === 1 ? piece.charCodeAt(0) : 0;
    if (code === 0x5b || code === 0x7b) this.#nesting++;
    else if (code === 0x5d || code === 0x7d) this.#nesting = Math.max(0, this.#nesting - 1);
    if (++this.#count > sourceLimits.tokens || this.#nesting > 4 * sourceLimits.depth) return true;
    if (!isMark(code)) this.#at += piece.length;
    return false;
  }
}

/** The YAML document of a text, with its syntax errors; or the place where it became too large to be read. */
export function composeYaml(text: string): Document.Parsed | { readonly beyond: number } {
  const pieces = new Pieces();
  const composer = new Composer({
    version: "1.2",
    schema: "core",
    strict: true,
    // Ours is linear, the parser's is quadratic.
    uniqueKeys: false,
    stringKeys: true,
    prettyErrors: false,
    merge: false,
    logLevel: "error",
  });
  const [first, second] = composer.compose(pieces.tokens(text), true, text.length);
  if (pieces.beyond !== undefined || first === undefined) return { beyond: pieces.beyond ?? 0 };
  if (second !== undefined) {
    const [start, end] = second.range;
    first.errors.push(new YAMLParseError([start, end], "MULTIPLE_DOCS", ""));
  }
  return first;
}
