import type { Span } from "./lines";

export interface JsonProblem extends Span {
  readonly message: string;
}

const token =
  /[ \t\n\r]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*")|((?:-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)(?![A-Za-z0-9_.+-]))|($))/y;

type Expecting = "value" | "value or end" | "key" | "key or end" | "colon" | "comma or end";

function describe(text: string, at: number): JsonProblem {
  const rest = text.slice(at, at + 2);
  const word = /^[^\s{}[\],:"']+/.exec(text.slice(at, at + 80))?.[0] ?? "";
  const message =
    rest.startsWith("//") || rest.startsWith("/*") || rest.startsWith("#")
      ? "JSON has no comments."
      : rest.startsWith("'")
        ? "JSON puts text into double quotes."
        : rest.startsWith('"')
          ? "This text is not closed, or holds a character that must be escaped in JSON."
          : "JSON does not allow this here.";
  return { start: at, end: Math.max(at + 1, at + word.length), message };
}

/** The first place where a text is not JSON. A custom check, since the messages of JSON.parse quote the text, including keys. */
export function findJsonProblem(text: string): JsonProblem | undefined {
  const open: ("{" | "[")[] = [];
  let expecting: Expecting = "value";
  let ended = false;
  let at = 0;
  const problem = (start: number, message: string): JsonProblem => ({ start, end: start + 1, message });
  for (;;) {
    const skipped = /[ \t\n\r]*/y;
    skipped.lastIndex = at;
    skipped.exec(text);
    const start = skipped.lastIndex;
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) return describe(text, start);
    at = token.lastIndex;
    const mark = match[1];
    if (match[4] !== undefined) return ended ? undefined : problem(start, "The JSON ends too early.");
    if (ended) return problem(start, "Something follows the end of the JSON.");
    if (mark === "}" || mark === "]") {
      const fits: boolean =
        open.at(-1) === (mark === "}" ? "{" : "[") &&
        (expecting === "comma or end" || expecting.endsWith(" or end"));
      if (!fits) {
        const comma = expecting === "key" || (expecting === "value" && open.at(-1) === "[");
        return problem(start, comma ? `JSON has no comma before '${mark}'.` : `'${mark}' does not fit here.`);
      }
      open.pop();
      expecting = "comma or end";
    } else if (expecting === "colon") {
      if (mark !== ":") return problem(start, "A ':' is missing after the key.");
      expecting = "value";
    } else if (expecting === "comma or end") {
      if (mark !== ",") return problem(start, "A ',' is missing.");
      expecting = open.at(-1) === "{" ? "key" : "value";
    } else if (expecting === "key" || expecting === "key or end") {
      if (match[2] === undefined) return problem(start, "A key in double quotes is expected.");
      expecting = "colon";
    } else if (mark === "{" || mark === "[") {
      open.push(mark);
      expecting = mark === "{" ? "key or end" : "value or end";
    } else if (mark !== undefined) {
      return problem(start, "A value is missing.");
    } else {
      expecting = "comma or end";
    }
    ended = open.length === 0 && expecting === "comma or end";
  }
}
