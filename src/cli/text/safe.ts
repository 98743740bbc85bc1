const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** Marks that change the order of what follows, and separators that some terminals take for line breaks. */
const reordering = /[\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** A control character as its picture, so that it is visible and has no effect. */
function picture(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? "\u2421" : "\ufffd";
}

/** Text from outside (models, files, servers) without terminal control characters. Lines and tabs stay. */
export function safeText(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(controls, picture).replace(reordering, "\ufffd");
}

/** The sequences that `style.ts` writes, and no others: colours and weights. */
const styled = /(\u001b\[(?:1|2|22|31|32|33|36|39)m)/;

/**
 * Text for a terminal: with Orket's own colours. Everything else that could control it (moving, erasing, setting
 * the clipboard or the title, turning the direction of text) becomes a picture, wherever it came from.
 */
export function safeOutput(text: string): string {
  return text
    .split(styled)
    .map((part, index) => (index % 2 === 1 ? part : safeText(part)))
    .join("");
}

/** The same on one line. */
export function safeLine(text: string): string {
  return safeText(text).replace(/\s+/g, " ").trim();
}
