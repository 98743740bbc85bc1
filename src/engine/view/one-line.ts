/** On one line, cut with an ellipsis. */
export function oneLine(text: string, max = 200): string {
  const line = text
    .slice(0, max * 2)
    .replace(/\s+/g, " ")
    .trim();
  return line.length <= max ? line : `${line.slice(0, max - 1)}…`;
}
