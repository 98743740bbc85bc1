import type { Found, FoundCall } from "./found";

const head = /^[ \t]*TOOL:[ \t]*(\S+)[ \t]*\r?$/;
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

/**
 * The block form, which begins exactly at `at` (the start of a line):
 *
 *     TOOL: write_file
 *     PATH: a.txt
 *     CONTENT:
 *     …
 *     END
 *
 * A name with nothing after it takes the lines up to END. The content may contain END lines of its own: the last one
 * before the next block, or before the reply's end, is the block's.
 */
export function readBlock(text: string, at: number): Found | undefined {
  const lines = linesFrom(text, at);
  const tool = head.exec(lines.next().value?.text ?? "")?.[1];
  if (tool === undefined) return undefined;
  const args: Record<string, string> = {};
  const call: FoundCall = { tool, args };
  for (const line of lines) {
    if (isEnd(line.text)) return { kind: "calls", calls: [call], end: line.start + line.text.length };
    const field = /^[ \t]*([A-Z][A-Z_]*):[ \t]*(.*?)\r?$/.exec(line.text);
    if (field === null || head.test(line.text)) return { kind: "calls", calls: [call], end: line.start };
    const name = (field[1] ?? "").toLowerCase();
    if (field[2] !== "") {
      args[name] = field[2] ?? "";
      continue;
    }
    const value = [...linesFrom(text, line.start + line.text.length + 1)];
    const last = endOfBlock(value);
    const end = value[last];
    if (last < 0 || end === undefined) {
      const why = "the line END behind its content is missing";
      return { kind: "broken", why, cut: true, tool, end: text.length };
    }
    const behind = value[last + 1]?.text.trim() ?? "";
    if (behind !== "" && !head.test(behind)) {
      const why = "text stands directly behind its last line END, which must be the last line of the block";
      return { kind: "broken", why, cut: false, tool, end: text.length };
    }
    const from = value[0]?.start ?? end.start;
    args[name] = withoutFence(text.slice(from, end.start));
    return { kind: "calls", calls: [call], end: end.start + end.text.length };
  }
  return { kind: "calls", calls: [call], end: text.length };
}

/**
 * Which of the lines ends the block: the last END before the next block. A TOOL: line begins a block when END comes
 * before it; one in the middle of a content that is followed by enough END lines for both is part of that content.
 */
function endOfBlock(lines: readonly { readonly text: string }[]): number {
  let last = -1;
  for (const [index, { text }] of lines.entries()) {
    if (isEnd(text)) last = index;
    else if (head.test(text)) {
      const before = lines.slice(0, index).findLast((line) => line.text.trim() !== "");
      if (before !== undefined && isEnd(before.text)) return last;
      const rest = lines.slice(index);
      const blocks = rest.filter((line) => head.test(line.text)).length;
      const ends = rest.filter((line) => isEnd(line.text)).length;
      if (ends <= blocks) return last;
    }
  }
  return last;
}

/** Models often wrap a file in a Markdown fence; the fence is not part of the file. */
function withoutFence(text: string): string {
  return /^\s*```[^\n]*\n([\s\S]*?\n)```\s*$/.exec(text)?.[1] ?? text;
}
