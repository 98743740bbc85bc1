/** HTML that is safe to put into a page: our own markup, or escaped text. There is no other way to create it. */
export class Html {
  constructor(readonly markup: string) {}
}

const special: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Control characters, marks that change the direction of text, invisible characters, and halves of surrogate pairs. */
const hidden =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return `<span class="mark">U+${code.toString(16).toUpperCase().padStart(4, "0")}</span>`;
}

function escape(value: string): string {
  return value.replace(/[&<>"']/g, (character) => special[character] ?? "");
}

/** Text as the reader sees it: every character that has an effect instead of a shape is written by its number. */
export function text(value: string): Html {
  return new Html(escape(value.replaceAll("\r\n", "\n")).replace(hidden, visible));
}

/** Text in the value of an attribute, in double quotes; there is no markup, so hidden characters are left out. */
export function attribute(value: string): string {
  return escape(value.replace(hidden, "\ufffd").replace(/\s+/g, " "));
}

type Part = Html | string | number | undefined | readonly (Html | undefined)[];

/** A template whose values are escaped, unless they are HTML already. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  let markup = strings[0] ?? "";
  values.forEach((value, index) => {
    markup += markupOf(value) + (strings[index + 1] ?? "");
  });
  return new Html(markup);
}

function markupOf(value: Part): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.markup;
  if (typeof value === "object") return value.map(markupOf).join("");
  return text(String(value)).markup;
}
