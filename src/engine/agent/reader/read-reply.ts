import { readBlock } from "./block";
import { beginsLikeCall, callsOfValue, plainName } from "./found";
import type { Found, FoundCall, ReadableTool } from "./found";
import { LooseProblem, readLooseJson } from "./loose-json";
import { readHeaded, readMarked, readPythonList } from "./marked";
import { endOfOpenThoughts, thoughtsAt } from "./reasoning";
import { readToolTag } from "./xml";

/** How calls are looked for in a reply's text. */
export interface ReadingMode {
  /** The tools that the role may call. */
  readonly tools: readonly ReadableTool[];
  /**
   * `all`: every form is performed. `marked`: the backend's own calls are in use; calls in a template's marks are
   * reported to the model and not performed. `none`: text is text.
   */
  readonly search: "all" | "marked" | "none";
  /** Whether to ask the model about a call that could equally be a quotation. */
  readonly askAboutQuotes: boolean;
}

/** A call that was intended but could not be read, or that names none of the role's tools. */
export interface UnreadCall {
  readonly kind: "unreadable" | "cut" | "unknown_tool" | "quoted" | "not_native";
  readonly tool?: string;
  /** What is wrong with it; not a sentence. */
  readonly why: string;
  /** How much of it had arrived, in characters. */
  readonly characters: number;
}

export interface Reading {
  readonly calls: readonly FoundCall[];
  readonly unread: readonly UnreadCall[];
  /** The reply without its reasoning and its calls: what it says. */
  readonly said: string;
}

/** How often a text may be searched for ends: one that opens many calls and closes none is not a call. */
const mostReadings = 12;
const leastWork = 100_000;

/** The mode, and how many characters may still be searched without a result. */
interface Work extends ReadingMode {
  left: number;
}

type Piece =
  | { readonly kind: "said"; readonly text: string }
  | { readonly kind: "found"; readonly found: Found; readonly text: string; readonly quoted: boolean }
  | { readonly kind: "fence"; readonly text: string; readonly body: readonly Piece[] };

/**
 * Reads a reply's text from start to end: reasoning, fences, quotations and calls, whichever begins first. What is
 * inside one of them is not part of another, so a call inside reasoning is reasoning, and `<think>` in a file's content is
 * content.
 */
export function readReply(text: string, mode: ReadingMode): Reading {
  const work: Work = { ...mode, left: mostReadings * text.length + leastWork };
  const pieces = scan(text.slice(endOfOpenThoughts(text)), work, true);
  const calls: FoundCall[] = [];
  const unread: UnreadCall[] = [];
  let said = "";
  const take = (found: Found, raw: string): void => {
    if (mode.search === "marked") unread.push(notNative(found, raw));
    else if (found.kind === "broken") unread.push(broken(found, raw));
    else {
      for (const call of found.calls) {
        if (isKnown(mode, call.tool)) calls.push(call);
        else unread.push(unknown(call, raw));
      }
    }
  };
  const onlyFences = pieces.every(
    (piece) => piece.kind === "fence" || (piece.kind === "said" && piece.text.trim() === ""),
  );
  const lastAt = pieces.findLastIndex((piece) => piece.kind !== "said" || piece.text.trim() !== "");
  for (const [index, piece] of pieces.entries()) {
    if (piece.kind === "said") said += piece.text;
    else if (piece.kind === "found" && !piece.quoted) take(piece.found, piece.text);
    else {
      const inner = piece.kind === "fence" ? callsIn(piece.body) : [piece.found];
      if (piece.kind === "fence" && inner !== undefined && (onlyFences || isCallFence(piece.text))) {
        for (const found of inner) take(found, piece.text);
        continue;
      }
      said += piece.text;
      if (index === lastAt && mode.askAboutQuotes && calls.length === 0 && inner !== undefined)
        for (const found of inner.slice(0, 1))
          if (mode.search === "all") unread.push(quoted(found, piece.text));
    }
  }
  const left = said.trim();
  return { calls: withoutRepeats(calls), unread, said: saysNothing(left) ? "" : left };
}

/** The longest text that can be nothing but marks: a step's report is longer, or says something. */
const longestNothing = 200;

/** Whether a text consists of what a model does not mean: invisible characters, marks of its chat template, empty fences. */
function saysNothing(text: string): boolean {
  return (
    text.length <= longestNothing &&
    /^(?:[\s\p{Cf}\p{Cc}]|<\|[\w ]{1,40}\|>|<\/?s>|<(?:bos|eos|pad|start_of_turn|end_of_turn)>|```\w{0,20}\s+```)*$/u.test(
      text,
    )
  );
}

const isKnown = ({ tools }: ReadingMode, name: string): boolean => tools.some((tool) => tool.name === name);

const toolOf = (found: Found): string | undefined =>
  found.kind === "calls" ? found.calls[0]?.tool : found.tool;

const withTool = (tool: string | undefined): { tool?: string } => (tool === undefined ? {} : { tool });

function broken(found: Extract<Found, { kind: "broken" }>, raw: string): UnreadCall {
  const kind = found.cut ? "cut" : "unreadable";
  return { kind, ...withTool(found.tool), why: found.why, characters: raw.length };
}

const unknown = ({ tool }: FoundCall, raw: string): UnreadCall => ({
  kind: "unknown_tool",
  tool,
  why: "the role has no such tool",
  characters: raw.length,
});

const quoted = (found: Found, raw: string): UnreadCall => ({
  kind: "quoted",
  ...withTool(toolOf(found)),
  why: "it stands in a quotation",
  characters: raw.length,
});

const notNative = (found: Found, raw: string): UnreadCall => ({
  kind: "not_native",
  ...withTool(toolOf(found)),
  why: "it stands in the text",
  characters: raw.length,
});

/** The calls of a fence that contains nothing else; undefined: it contains something else. */
function callsIn(body: readonly Piece[]): Found[] | undefined {
  const found: Found[] = [];
  for (const piece of body) {
    if (piece.kind === "found" && !piece.quoted) found.push(piece.found);
    else if (piece.kind !== "said" || piece.text.trim() !== "") return undefined;
  }
  return found.length === 0 ? undefined : found;
}

/** Gemma's fences, and those whose label says that they are calls. */
const isCallFence = (text: string): boolean =>
  /^\s*(?:```|~~~)\s*(?:tool_call|tool_calls|tool_code|tool_use|function_call)\s*\n/.test(text);

/** The same call twice in one reply is a transmission error, not an intention. */
function withoutRepeats(calls: readonly FoundCall[]): FoundCall[] {
  const seen = new Set<string>();
  return calls.filter((call) => {
    const key = JSON.stringify([call.tool, call.args]);
    return seen.has(key) ? false : seen.add(key);
  });
}

function scan(text: string, mode: Work, mayThink: boolean): Piece[] {
  const pieces: Piece[] = [];
  let saidFrom = 0;
  let at = 0;
  const put = (piece: Piece | undefined, end: number): void => {
    if (at > saidFrom) pieces.push({ kind: "said", text: text.slice(saidFrom, at) });
    if (piece !== undefined) pieces.push(piece);
    at = end;
    saidFrom = end;
  };
  while (at < text.length) {
    const lineStart = isLineStart(text, at);
    const thoughts = mayThink && mode.left > 0 ? thoughtsAt(text, at, lineStart) : undefined;
    if (thoughts === "unended") mode.left -= text.length - at;
    else if (thoughts !== undefined) {
      put(undefined, thoughts);
      continue;
    }
    const fence = lineStart && mayThink ? fenceAt(text, at) : undefined;
    if (fence !== undefined) {
      put({ kind: "fence", text: text.slice(at, fence.end), body: scan(fence.body, mode, false) }, fence.end);
      continue;
    }
    if (lineStart && text[at] === ">") {
      at = endOfLine(text, at);
      continue;
    }
    if (text[at] === "`" && mayThink) {
      at = mode.left < 0 ? at + 1 : behindCode(text, at, mode);
      continue;
    }
    const found =
      mode.search === "none"
        ? undefined
        : findAt(
            text,
            at,
            lineStart,
            mode,
            () => !pieces.some(saysSomething) && /^\s*$/.test(text.slice(saidFrom, at)),
          );
    if (found === undefined) at = nextPlace(text, at, lineStart);
    else if (found === "data") at = skipData(text, at);
    else {
      const end = Math.max(found.end, at + 1);
      put({ kind: "found", found, text: text.slice(at, end), quoted: isQuoted(text, at, end, found) }, end);
    }
  }
  put(undefined, text.length);
  return pieces;
}

/** Where something could begin next: at a mark, or at the first character of a line behind its indentation. */
function nextPlace(text: string, at: number, lineStart: boolean): number {
  const here = text[at] ?? "";
  if (here === "\n" || (lineStart && /\s/.test(here))) return at + 1;
  const mark = /[<[◁`\n]/g;
  mark.lastIndex = at + 1;
  return mark.exec(text)?.index ?? text.length;
}

const saysSomething = (piece: Piece): boolean => piece.kind !== "said" || piece.text.trim() !== "";

/** A call is alone on its line: nothing before it, and only closing marks after it. */
function isQuoted(text: string, at: number, end: number, found: Found): boolean {
  if (found.kind === "broken") return !isLineStart(text, at) && !found.cut;
  const behind = text.slice(end, endOfLine(text, end));
  const alone = /^[\s}\])>;,.]*$/.test(behind);
  if (isLineStart(text, at)) return !alone && !/^[<[{]/.test(behind.trim());
  return !(alone && /[<[｜]/.test(text[at] ?? "") && !/["'`“]\s*$/.test(text.slice(Math.max(0, at - 3), at)));
}

function findAt(
  text: string,
  at: number,
  lineStart: boolean,
  mode: Work,
  isFirst: () => boolean,
): Found | "data" | undefined {
  const first = text[at] ?? "";
  if (first === "<" || first === "[") {
    const marked = readMarked(text, at, mode.tools);
    if (marked !== undefined) return marked;
  }
  if (!lineStart || mode.search === "marked") return undefined;
  const names = mode.tools.map(({ name }) => name);
  if (first === "<") return readToolTag(text, at, names);
  if (first === "{" || first === "[") return jsonAt(text, at, mode);
  if (first === "T") return readBlock(text, at, mode.tools);
  if (first === "A") return actionAt(text, at);
  return /[A-Za-z_]/.test(first) && isFirst() ? onlyCall(text, at, mode) : undefined;
}

function jsonAt(text: string, at: number, mode: Work): Found | "data" | undefined {
  // A list that begins with anything but an object contains no JSON calls; what would fail immediately is not tried.
  const opens = /\{\s*["'}]|\[\s*[{[]/y;
  opens.lastIndex = at;
  if (opens.exec(text) === null) return text[at] === "[" ? readPythonList(text, at, mode.tools) : undefined;
  try {
    const { value, end } = readLooseJson(text, at);
    const calls = callsOfValue(value, (name) => isKnown(mode, name));
    return calls === undefined ? "data" : { kind: "calls", calls, end };
  } catch (error) {
    if (!(error instanceof LooseProblem)) throw error;
    mode.left -= error.at - at;
    if (text[at] === "[") {
      const python = readPythonList(text, at, mode.tools);
      if (python !== undefined) return python;
    }
    const rest = text.slice(at);
    const names = mode.tools.map(({ name }) => name);
    if (!beginsLikeCall(rest, names)) return undefined;
    const tool =
      /["'](?:tool|name|function|tool_name|function_name|action)["']\s*:\s*["']([\w.:-]+)["']/.exec(
        rest,
      )?.[1];
    return {
      kind: "broken",
      why: error.message,
      cut: error.cut,
      ...(tool === undefined ? {} : { tool: plainName(tool) }),
      end: text.length,
    };
  }
}

/** Skips a JSON value that is not a call. */
function skipData(text: string, at: number): number {
  return readLooseJson(text, at).end;
}

/** `Action: NAME` and `Action Input: {…}`, each on a line of its own (ReAct). */
function actionAt(text: string, at: number): Found | undefined {
  const head = /Action:[ \t]*([\w.:-]+)[ \t]*\r?\n[ \t]*Action Input:\s*(?:```(?:json)?\s*)?(?=\{)/y;
  return readHeaded(text, at, head);
}

/** `write_file(path="a", …)`: a call only where the reply says nothing else, since prose names functions too. */
function onlyCall(text: string, at: number, mode: ReadingMode): Found | undefined {
  if (/\s/.test(text[at] ?? "")) return undefined;
  const found = readPythonList(text, at, mode.tools);
  if (found === undefined) return undefined;
  return found.kind === "calls" && text.slice(found.end).trim() !== "" ? undefined : found;
}

function isLineStart(text: string, at: number): boolean {
  for (let before = at - 1; before >= 0; before -= 1) {
    const character = text[before];
    if (character === "\n") return true;
    if (character !== " " && character !== "\t") return false;
  }
  return true;
}

function endOfLine(text: string, at: number): number {
  const feed = text.indexOf("\n", at);
  return feed < 0 ? text.length : feed;
}

function fenceAt(text: string, at: number): { readonly body: string; readonly end: number } | undefined {
  const head = /(`{3,}|~{3,})([^\n`]*)(\r?\n|$)/y;
  head.lastIndex = at;
  const opened = head.exec(text);
  const mark = opened?.[1];
  if (opened === null || mark === undefined) return undefined;
  const from = at + opened[0].length;
  const close = new RegExp(`^[ \\t]*${mark[0] ?? "`"}{${mark.length},}[ \\t]*\\r?$`, "gm");
  close.lastIndex = from;
  const closed = close.exec(text);
  return closed === null
    ? { body: text.slice(from), end: text.length }
    : { body: text.slice(from, closed.index), end: closed.index + closed[0].length };
}

/** Skips code in backticks within one paragraph; skips only the backticks where they do not close. */
function behindCode(text: string, at: number, work: Work): number {
  const mark = /`+/y;
  mark.lastIndex = at;
  const length = mark.exec(text)?.[0].length ?? 1;
  const close = new RegExp(`(?<!\`)\`{${length}}(?!\`)`, "g");
  close.lastIndex = at + length;
  const closed = close.exec(text);
  const end = closed?.index ?? text.length;
  if (closed !== null && !/\n\s*\n/.test(text.slice(at, end))) return end + length;
  work.left -= end - at;
  return at + length;
}
