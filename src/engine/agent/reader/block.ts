import type { Found, FoundCall, ReadableTool } from "./found";

const head = /^[ \t]*TOOL:[ \t]*(\S+)[ \t]*\r?$/;
const field = /^[ \t]*([A-Z][A-Z0-9_]*):[ \t]*(.*?)\r?$/;
const isEnd = (line: string): boolean => line.trim() === "END";

interface Line {
  readonly text: string;
  readonly start: number;
}

/** The lines of a text from an offset on, each with its own offset; a line is extracted only on request. */
function* linesFrom(text: string, at: number): Generator<Line, undefined> {
  for (let start = at; start <= text.length;) {
    const feed = text.indexOf("\n", start);
    const stop = feed < 0 ? text.length : feed;
    yield { text: text.slice(start, stop), start };
    start = stop + 1;
  }
  return undefined;
}

/** How a name is compared with a tool's parameters: `MAX_RESULTS` is also `maxResults`. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[_-]/g, "");

/** The arguments of a block as they are found, by the tool's own names for them. */
class Fields {
  readonly args: Record<string, string> = {};
  readonly #known: ReadonlyMap<string, string>;

  constructor(parameters: readonly string[]) {
    this.#known = new Map(parameters.map((name) => [plain(name), name]));
  }

  set(written: string, value: string): void {
    this.args[this.#known.get(plain(written)) ?? written.toLowerCase()] = value;
  }

  /** Whether the line gives an argument that the tool has and the block has not given yet. */
  isNext(line: string, open: string): boolean {
    const name = plain(field.exec(line)?.[1] ?? "");
    const known = this.#known.get(name);
    return known !== undefined && name !== plain(open) && !Object.hasOwn(this.args, known);
  }
}

/**
 * The block form, which begins exactly at `at` (the start of a line):
 *
 *     TOOL: edit_file
 *     PATH: a.txt
 *     REPLACE_ALL: true
 *     OLD_TEXT:
 *     …
 *     END OLD_TEXT
 *     NEW_TEXT:
 *     …
 *     END NEW_TEXT
 *     END
 *
 * A name with nothing after it takes the lines up to END and its name. Its name may be left out: then the value ends
 * where another argument of the tool follows, or with the block. The value may contain END lines of its own: the last
 * one before the next block, or before the reply's end, is the block's. Values are text; the tool's schema says what
 * they mean.
 */
export function readBlock(text: string, at: number, tools: readonly ReadableTool[]): Found | undefined {
  const tool = head.exec(linesFrom(text, at).next().value?.text ?? "")?.[1];
  if (tool === undefined) return undefined;
  const fields = new Fields(tools.find(({ name }) => name === tool)?.parameters ?? []);
  const call: FoundCall = { tool, args: fields.args };
  let behindValue = false;
  let next = lineBehind(text, at);
  for (let line = lineAt(text, next); line !== undefined; line = lineAt(text, next)) {
    const end = line.start + line.text.length;
    if (isEnd(line.text)) {
      if (behindValue && standsDirectlyBehind(text, end)) return textBehind(tool, text);
      return { kind: "calls", calls: [call], end };
    }
    next = end + 1;
    if (behindValue && line.text.trim() === "") continue;
    const given = field.exec(line.text);
    if (given === null || head.test(line.text)) return { kind: "calls", calls: [call], end: line.start };
    const [, name = "", value = ""] = given;
    if (value !== "") {
      fields.set(name, value);
      continue;
    }
    const lines = [...linesFrom(text, end + 1)];
    const ended = endOfValue(lines, name, fields);
    const last = lines[ended.index];
    if (last === undefined) {
      const why = "the line END behind its content is missing";
      return { kind: "broken", why, cut: true, tool, end: text.length };
    }
    const behind = last.start + last.text.length;
    if (ended.isBlock && standsDirectlyBehind(text, behind)) return textBehind(tool, text);
    const from = lines[0]?.start ?? last.start;
    fields.set(name, withoutFence(text.slice(from, last.start)));
    if (ended.isBlock) return { kind: "calls", calls: [call], end: behind };
    next = behind + 1;
    behindValue = true;
  }
  return { kind: "calls", calls: [call], end: text.length };
}

function lineAt(text: string, at: number): Line | undefined {
  return at > text.length ? undefined : (linesFrom(text, at).next().value ?? undefined);
}

function lineBehind(text: string, at: number): number {
  const feed = text.indexOf("\n", at);
  return feed < 0 ? text.length + 1 : feed + 1;
}

/** Whether the line behind an END is text, and not another block. */
function standsDirectlyBehind(text: string, end: number): boolean {
  const behind = lineAt(text, lineBehind(text, end))?.text.trim() ?? "";
  return behind !== "" && !head.test(behind);
}

function textBehind(tool: string, text: string): Found {
  const why = "text stands directly behind its last line END, which must be the last line of the block";
  return { kind: "broken", why, cut: false, tool, end: text.length };
}

/** Which of the lines ends a value; -1: none. `isBlock`: it ends the block with it. */
function endOfValue(
  lines: readonly Line[],
  name: string,
  fields: Fields,
): { readonly index: number; readonly isBlock: boolean } {
  const own = lines.slice(0, endOfRegion(lines));
  const isOwnEnd = ({ text }: Line): boolean => /^\s*END[ \t]+(\S+)\s*$/.exec(text)?.[1] === name;
  const named = own.findLastIndex(isOwnEnd);
  if (named >= 0) return { index: named, isBlock: false };
  const isFollowed = ({ text }: Line, index: number): boolean =>
    isEnd(text) && fields.isNext(own[index + 1]?.text ?? "", name);
  const followed = own.findIndex(isFollowed);
  if (followed >= 0) return { index: followed, isBlock: false };
  return { index: own.findLastIndex(({ text }) => isEnd(text)), isBlock: true };
}

/**
 * The line where the next block begins. A TOOL: line begins a block when END comes before it; one in the middle of a
 * content that is followed by enough END lines for both is part of that content.
 */
function endOfRegion(lines: readonly Line[]): number {
  for (const [index, { text }] of lines.entries()) {
    if (!head.test(text)) continue;
    const before = lines.slice(0, index).findLast((line) => line.text.trim() !== "");
    if (before !== undefined && isEnd(before.text)) return index;
    const rest = lines.slice(index);
    const blocks = rest.filter((line) => head.test(line.text)).length;
    const ends = rest.filter((line) => isEnd(line.text)).length;
    if (ends <= blocks) return index;
  }
  return lines.length;
}

/** Models often wrap a file in a Markdown fence; the fence is not part of the file. */
function withoutFence(text: string): string {
  return /^\s*```[^\n]*\n([\s\S]*?\n)```\s*$/.exec(text)?.[1] ?? text;
}
