/** A text, cut to a length in characters; what was cut is stated. */
export function bounded(text: string, max: number): string {
  const characters = text.length;
  if (characters <= max) return text;
  // Not between the two halves of a character.
  const end = /[\uD800-\uDBFF]/.test(text.charAt(max - 1)) ? max - 1 : max;
  return `${text.slice(0, end)} … (${characters - end} more characters)`;
}
