import { callsOfValue, plainName } from "./found";
import type { Found, FoundCall, ReadableTool } from "./found";
import { LooseProblem, readLooseJson, skipSpace } from "./loose-json";
import { readPythonCall } from "./python";
import { readXmlCall } from "./xml";

/** Marks that open a call, as models' templates have them. Sticky. */
const openers: readonly RegExp[] = [
  // Hermes, Qwen, GLM, Granite, Jamba, Hunyuan, Nemotron, OLMo, and the like.
  /<(?:antml:|minimax:|seed:|｜DSML｜)?(?:tool_calls?|function_calls?|toolcalls?|functioncall)>/iy,
  // Phi, Granite, LFM2, Kimi.
  /<\|(?:tool_calls?|tool_call_start|tool_calls?_section_begin|tool_call_begin)\|>/y,
  // Mistral; LM Studio's own form.
  /\[TOOL_CALLS?\]|\[TOOL_REQUEST\]/y,
  // Llama.
  /<\|python_tag\|>/y,
  // DeepSeek.
  /<｜tool▁calls?▁begin｜>/y,
  // Cohere, InternLM, FunctionGemma.
  /<\|START_ACTION\|>|<\|action_start\|>\s*<\|plugin\|>|<start_function_call>/y,
  // gpt-oss (harmony).
  /(?:<\|start\|>assistant\s*)?<\|channel\|>commentary(?=\s+to=)/y,
];

/** Marks between calls and after them. Sticky. */
const closers: readonly RegExp[] = [
  /<\/(?:antml:|minimax:|seed:|｜DSML｜)?(?:tool_calls?|function_calls?|toolcalls?|functioncall)>/iy,
  /<\|(?:\/tool_calls?|tool_call_end|tool_calls?_section_end|eom_id|eot_id|END_ACTION|action_end|call|end)\|>/y,
  /\[\/TOOL_CALLS?\]|\[END_TOOL_REQUEST\]/y,
  /<｜tool▁calls?▁end｜>|<｜end▁of▁sentence｜>/y,
  /<end_function_call>|<\|im_end\|>|<\/s>/y,
];

const anyOf = (patterns: readonly RegExp[], text: string, at: number): number => {
  for (const pattern of patterns) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined && found !== "") return at + found.length;
  }
  return at;
};

/** Whether a marked call, or one in the tags of a template, begins exactly at `at`. */
export function readMarked(text: string, at: number, tools: readonly ReadableTool[]): Found | undefined {
  const opened = anyOf(openers, text, at);
  if (opened === at) return readXmlOnly(text, at);
  let place = opened;
  const calls: FoundCall[] = [];
  for (;;) {
    const before = place;
    place = between(text, place, calls.length > 0);
    if (place >= text.length && calls.length > 0) break;
    const found = readInner(text, place, tools);
    if (found === undefined) {
      if (calls.length > 0) {
        place = before === place ? place : trimBack(text, before, place);
        break;
      }
      return {
        kind: "broken",
        why: "what stands in it is no call",
        cut: place >= text.length,
        end: text.length,
      };
    }
    if (found.kind === "broken") return found;
    calls.push(...found.calls);
    place = found.end;
    const closed = anyOf(closers, text, skipSpace(text, place));
    if (closed > skipSpace(text, place)) place = closed;
  }
  return { kind: "calls", calls, end: place };
}

function readXmlOnly(text: string, at: number): Found | undefined {
  if (text[at] !== "<") return undefined;
  const found = readXmlCall(text, at);
  if (found?.kind !== "calls") return found;
  const closed = anyOf(closers, text, skipSpace(text, found.end));
  return closed > skipSpace(text, found.end) ? { ...found, end: closed } : found;
}

const trimBack = (text: string, from: number, to: number): number =>
  text.slice(from, to).trim() === "" ? from : to;

/** Skips opening marks, marks between calls, and closing marks. */
function between(text: string, from: number, within: boolean): number {
  let at = from;
  for (;;) {
    const start = at;
    at = skipSpace(text, at);
    at = anyOf(openers, text, at);
    if (within) {
      at = anyOf(closers, text, at);
      if (text[at] === "," || text[at] === ";") at += 1;
    }
    if (at === start) return at;
  }
}

function readInner(text: string, at: number, tools: readonly ReadableTool[]): Found | undefined {
  const isKnown = (name: string): boolean => tools.some((tool) => tool.name === name);
  const first = text[at];
  if (first === "{" || first === "[") {
    try {
      const { value, end } = readLooseJson(text, at);
      const calls = callsOfValue(value, isKnown);
      if (calls !== undefined) return { kind: "calls", calls, end };
    } catch (error) {
      if (!(error instanceof LooseProblem)) throw error;
      const python = first === "[" ? readPythonList(text, at, tools) : undefined;
      return (
        python ?? { kind: "broken", why: error.message, cut: error.cut, end: text.length, ...named(text, at) }
      );
    }
    return first === "[" ? readPythonList(text, at, tools) : undefined;
  }
  return readXmlCall(text, at) ?? readNamed(text, at) ?? readPythonList(text, at, tools);
}

function named(text: string, at: number): { tool?: string } {
  const match = /["'](?:tool|name|function|tool_name)["']\s*:\s*["']([\w.:-]+)["']/.exec(
    text.slice(at, at + 600),
  );
  return match?.[1] === undefined ? {} : { tool: plainName(match[1]) };
}

/**
 * A name, then the arguments as JSON: `NAME[ARGS]{…}` (Mistral), `functions.NAME:0<|tool_call_argument_begin|>{…}`
 * (Kimi), `function<｜tool▁sep｜>NAME` and a fence, `NAME<｜tool▁sep｜>{…}` (DeepSeek), a name and a fence (Hunyuan),
 * `to=functions.NAME <|constrain|>json<|message|>{…}` (gpt-oss).
 */
function readNamed(text: string, at: number): Found | undefined {
  const head =
    /(?:function<｜tool▁sep｜>|to=|call:)?((?:functions?\.)?[A-Za-z_][\w.-]*(?::\d+)?)\s*(?:\[CALL_ID\][\w-]*)?\s*(?:\[ARGS\]|<\|tool_call_argument_begin\|>|<｜tool▁sep｜>|<\|constrain\|>|<\|channel\|>|commentary|json|<\|message\|>|```(?:json)?|\s)*(?=\{)/y;
  return readHeaded(text, at, head);
}

/**
 * A call whose head ends where its JSON arguments begin, possibly in a fence that the head opened.
 * @param head sticky; its first group is the tool's name.
 * @returns undefined where there is no head at the offset.
 */
export function readHeaded(text: string, at: number, head: RegExp): Found | undefined {
  head.lastIndex = at;
  const match = head.exec(text);
  if (match === null) return undefined;
  const tool = plainName(match[1] ?? "");
  try {
    const { value, end } = readLooseJson(text, at + match[0].length);
    const fence = /\s*```/y;
    fence.lastIndex = end;
    const fenced = match[0].includes("```") ? (fence.exec(text)?.[0].length ?? 0) : 0;
    return { kind: "calls", calls: [{ tool, args: value }], end: end + fenced };
  } catch (error) {
    if (!(error instanceof LooseProblem)) throw error;
    return { kind: "broken", why: error.message, cut: error.cut, tool, end: text.length };
  }
}

/** `[f(a=1), g()]`, or calls one after another. Only calls of known tools: anything else is program text. */
export function readPythonList(text: string, at: number, tools: readonly ReadableTool[]): Found | undefined {
  const listed = text[at] === "[";
  const head = /\[?\s*(?:print\s*\(\s*)?(?:default_api\.|functions?\.)?([A-Za-z_][\w:-]*)\s*\(/y;
  head.lastIndex = at;
  const name = plainName(head.exec(text)?.[1] ?? "");
  if (!tools.some((tool) => tool.name === name)) return undefined;
  const calls: FoundCall[] = [];
  let place = listed ? skipSpace(text, at + 1) : at;
  try {
    for (;;) {
      const printed = /print\s*\(\s*/y;
      printed.lastIndex = place;
      const wrapper = printed.exec(text)?.[0].length ?? 0;
      const call = readPythonCall(text, place + wrapper);
      const found = pythonCall(call, tools);
      if (found === undefined) return undefined;
      calls.push(found);
      place = call.end;
      if (wrapper > 0 && text[skipSpace(text, place)] === ")") place = skipSpace(text, place) + 1;
      const next = skipSpace(text, place);
      if (listed && text[next] === "]") return { kind: "calls", calls, end: next + 1 };
      if (listed && text[next] === ",") place = skipSpace(text, next + 1);
      else if (listed)
        return {
          kind: "broken",
          why: "] is missing",
          cut: next >= text.length,
          tool: name,
          end: text.length,
        };
      else if (!startsCall(text, next, tools)) return { kind: "calls", calls, end: place };
      else place = next;
    }
  } catch (error) {
    if (!(error instanceof LooseProblem)) throw error;
    return { kind: "broken", why: error.message, cut: error.cut, tool: name, end: text.length };
  }
}

function startsCall(text: string, at: number, tools: readonly ReadableTool[]): boolean {
  const head = /(?:print\s*\(\s*)?(?:default_api\.|functions?\.)?([A-Za-z_][\w:-]*)\s*\(/y;
  head.lastIndex = at;
  const name = plainName(head.exec(text)?.[1] ?? "");
  return tools.some((tool) => tool.name === name);
}

function pythonCall(
  { name, named: args, placed }: ReturnType<typeof readPythonCall>,
  tools: readonly ReadableTool[],
): FoundCall | undefined {
  const tool = tools.find((known) => known.name === plainName(name));
  if (tool === undefined || placed.length > tool.parameters.length) return undefined;
  const byPlace = Object.fromEntries(placed.map((value, index) => [tool.parameters[index] ?? "", value]));
  return { tool: tool.name, args: { ...byPlace, ...args } };
}
