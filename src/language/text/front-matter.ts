/** The front matter of a Markdown file at its own line numbers, and the text after it. */
export function splitFrontMatter(text: string): { front: string | undefined; body: string } {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines[0]?.trimEnd() !== "---") return { front: undefined, body: text };
  const end = lines.findIndex((line, index) => index > 0 && line.trimEnd() === "---");
  if (end < 0) return { front: undefined, body: text };
  return { front: ["", ...lines.slice(1, end)].join("\n"), body: lines.slice(end + 1).join("\n") };
}
