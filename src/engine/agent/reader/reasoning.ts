/** How models mark their reasoning, according to their templates: opening and closing mark. */
const marks: readonly (readonly [open: RegExp, close: RegExp])[] = [
  // Qwen, DeepSeek, GLM, Kimi and most others; Claude-like <thinking>; <thought>, <reasoning>, <reflection> of tunes.
  [/<(?:seed:)?think(?:ing)?\s*>/y, /<\/(?:seed:)?think(?:ing)?\s*>/g],
  [/<thoughts?\s*>/y, /<\/thoughts?\s*>/g],
  [
    /<(?:reasoning|reflection|scratchpad|inner_monologue|analysis)\s*>/y,
    /<\/(?:reasoning|reflection|scratchpad|inner_monologue|analysis)\s*>/g,
  ],
  // Magistral.
  [/\[THINK\]/y, /\[\/THINK\]/g],
  // Kimi-VL.
  [/◁think▷/y, /◁\/think▷/g],
  // OpenThinker.
  [/<\|begin_of_thought\|>/y, /<\|end_of_thought\|>/g],
  // gpt-oss (harmony): the analysis channel has no recipient; Gemma's thought channel.
  [/<\|channel\|>analysis(?:<\|message\|>)?/y, /<\|end\|>|(?=<\|start\|>)|(?=<\|channel\|>(?!analysis))/g],
  [/<\|channel>thought/y, /<channel\|>/g],
  // Cohere.
  [/<\|START_THINKING\|>/y, /<\|END_THINKING\|>/g],
];

/** Closing marks without an opening one: the template had opened the reasoning before the reply began. */
const lonelyClose =
  /<\/(?:seed:)?think(?:ing)?\s*>|\[\/THINK\]|◁\/think▷|<\|end_of_thought\|>|<\|END_THINKING\|>/g;

/** Where reasoning that begins exactly at `at` ends; undefined: none begins there.
 * `unended`: there is only the mark. Reasoning without an end extends to the end of the text. */
export function thoughtsAt(text: string, at: number, atLineStart: boolean): number | "unended" | undefined {
  const first = text[at];
  if (first !== "<" && first !== "[" && first !== "◁") return undefined;
  for (const [open, close] of marks) {
    open.lastIndex = at;
    const begun = open.exec(text);
    if (begun === null) continue;
    close.lastIndex = at + begun[0].length;
    const ended = close.exec(text);
    if (ended !== null) return ended.index + ended[0].length;
    // In the middle of a line, a mark without an end is a mention of the mark.
    return atLineStart ? text.length : "unended";
  }
  return undefined;
}

/** The end of reasoning whose opening mark was in the prompt's template; 0: there is none. */
export function endOfOpenThoughts(text: string): number {
  let end = 0;
  lonelyClose.lastIndex = 0;
  for (let match = lonelyClose.exec(text); match !== null; match = lonelyClose.exec(text)) {
    const before = text.slice(end, match.index);
    const line = before.slice(before.lastIndexOf("\n") + 1);
    // A mark in `code` is a mention of the mark.
    if ((line.match(/`/g)?.length ?? 0) % 2 === 1) continue;
    if (opensBefore(before)) continue;
    // After a whole line in quotes, as in a call's content, it belongs to that content.
    if ((line.match(/(?<!\\)"/g)?.length ?? 0) % 2 === 1) continue;
    end = match.index + match[0].length;
  }
  return end;
}

function opensBefore(text: string): boolean {
  for (const [open] of marks.slice(0, -1)) {
    const anywhere = new RegExp(open.source, "g");
    if (anywhere.test(text)) return true;
  }
  return false;
}
