import type { Found, FoundCall } from "./found";
import { plainName } from "./found";
import { skipSpace } from "./loose-json";

/** One line feed on each side belongs to the form, not to the value. */
const unframed = (value: string): string => value.replace(/^\r?\n/, "").replace(/\r?\n$/, "");

interface Style {
  /** Sticky: the call's opening tag; group 1 is the name. */
  readonly open: RegExp;
  /** Sticky: a parameter's opening tag; group 1 is its name. */
  readonly param: RegExp;
  readonly paramClose: RegExp;
  /** Sticky. */
  readonly close: RegExp;
}

/** Calls in tags, by the families of models that write them. */
const xmlStyles: readonly Style[] = [
  // Qwen3-Coder, Seed-OSS, Nemotron.
  {
    open: /<function=["']?([\w.:-]+)["']?\s*>/y,
    param: /<parameter=["']?([\w.-]+)["']?\s*>/y,
    paramClose: /<\/parameter>/g,
    close: /<\/function>/y,
  },
  // Claude-like, MiniMax, DeepSeek V3.2 (with its own marks in the tags).
  {
    open: /<(?:antml:|｜DSML｜)?invoke\s+name=["']([\w.:-]+)["']\s*>/y,
    param: /<(?:antml:|｜DSML｜)?parameter\s+name=["']([\w.-]+)["'][^>]*>/y,
    paramClose: /<\/(?:antml:|｜DSML｜)?parameter>/g,
    close: /<\/(?:antml:|｜DSML｜)?invoke>/y,
  },
  // GLM.
  {
    open: /([A-Za-z_][\w.:-]*)\s*(?=<arg_key>)/y,
    param: /<arg_key>\s*([\w.-]+)\s*<\/arg_key>\s*<arg_value>/y,
    paramClose: /<\/arg_value>/g,
    close: /(?=<\/tool_call>|$)|/y,
  },
];

/** A call in one of the styles, exactly at `at`; undefined: none begins there. */
export function readXmlCall(text: string, at: number): Found | undefined {
  for (const style of xmlStyles) {
    const found = readStyle(text, at, style);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `<write_file><path>…</path></write_file>`: the tags are the tool's and its parameters' own names. */
export function readToolTag(text: string, at: number, names: readonly string[]): Found | undefined {
  const opening = /<([A-Za-z_][\w-]*)((?:\s+[\w-]+=(?:"[^"]*"|'[^']*'))*)\s*(\/?)>/y;
  opening.lastIndex = at;
  const match = opening.exec(text);
  const name = match?.[1] ?? "";
  if (match === null || !names.includes(name)) return undefined;
  const attributes = Object.fromEntries(
    [...(match[2] ?? "").matchAll(/([\w-]+)=(?:"([^"]*)"|'([^']*)')/g)].map(([, key, a, b]) => [
      key ?? "",
      a ?? b ?? "",
    ]),
  );
  const end = at + match[0].length;
  if (match[3] === "/") return { kind: "calls", calls: [{ tool: name, args: attributes }], end };
  return readStyle(
    text,
    at,
    {
      open: new RegExp(`<(${name})(?:\\s[^>]*)?>`, "y"),
      param: /<([A-Za-z_][\w-]*)>/y,
      paramClose: /<\/([A-Za-z_][\w-]*)>/g,
      close: new RegExp(`</${name}>`, "y"),
    },
    attributes,
  );
}

function readStyle(
  text: string,
  at: number,
  style: Style,
  given: Record<string, string> = {},
): Found | undefined {
  style.open.lastIndex = at;
  const opened = style.open.exec(text);
  if (opened === null) return undefined;
  const tool = plainName(opened[1] ?? "");
  const args: Record<string, unknown> = { ...given };
  let place = at + opened[0].length;
  for (;;) {
    place = skipSpace(text, place);
    style.param.lastIndex = place;
    const param = style.param.exec(text);
    if (param === null) break;
    const name = param[1] ?? "";
    const from = place + param[0].length;
    const value = endOfValue(text, from, name, style);
    if (value === undefined)
      return { kind: "broken", why: `the end of ${name} is missing`, cut: true, tool, end: text.length };
    args[name] = unframed(text.slice(from, value.start));
    place = value.end;
  }
  style.close.lastIndex = place;
  const closed = style.close.exec(text);
  if (closed === null) {
    const cut = place >= text.length;
    return { kind: "broken", why: "its closing tag is missing", cut, tool, end: text.length };
  }
  const call: FoundCall = { tool, args };
  return { kind: "calls", calls: [call], end: place + closed[0].length };
}

/** A value may contain its own closing tag: the real one is followed by the rest or the end of the call. */
function endOfValue(
  text: string,
  from: number,
  name: string,
  { param, paramClose, close }: Style,
): { start: number; end: number } | undefined {
  const closing = new RegExp(paramClose.source, "g");
  closing.lastIndex = from;
  let first: { start: number; end: number } | undefined;
  for (let match = closing.exec(text); match !== null; match = closing.exec(text)) {
    if (match[1] !== undefined && match[1] !== name) continue;
    const end = match.index + match[0].length;
    const next = skipSpace(text, end);
    first ??= { start: match.index, end };
    if (next >= text.length) return { start: match.index, end };
    for (const follows of [param, close]) {
      follows.lastIndex = next;
      if ((follows.exec(text)?.[0] ?? "") !== "") return { start: match.index, end };
    }
    if (close.source.endsWith("|") && text[next] === "<") return { start: match.index, end };
  }
  return first;
}
