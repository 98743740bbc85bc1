import type { ServedReply } from "./servers/counting-server";

/*
 * A scripted agent that works competently: it explores a repository, reads files, and writes six files of
 * 36 KB, in at least sixty tool calls within one step. It never reads the prompt, so a prompt that lacks something
 * changes only the counts.
 */

const words =
  "the build reads each file once and keeps what it found for the next one in order of their names".split(
    " ",
  );

/** Prose of that many bytes, different for each seed. */
export function prose(bytes: number, seed: number): string {
  let text = "";
  for (let index = 0; text.length < bytes; index += 1) {
    text += words[(index * 7 + seed * 3 + (index >> 4)) % words.length] ?? "";
    text += index % 12 === 11 ? ".\n" : " ";
  }
  return text.slice(0, bytes);
}

/** Code of that many bytes, different for each seed. */
export function code(bytes: number, seed: number): string {
  let text = "";
  for (let index = 0; text.length < bytes; index += 1) {
    const name = `${words[(index + seed) % words.length] ?? ""}${index % 89}`;
    text += `export function ${name}(value: number): number {\n  return value * ${(index * 37 + seed) % 1000} + ${name}.length;\n}\n\n`;
  }
  return text.slice(0, bytes);
}

/** A repository of 200 files between 1 and 40 KB. */
export function repository(): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: 200 }, (_, index) => {
      const bytes = 1000 + ((index * 7919) % 39_000);
      return [`src/part-${index}.ts`, index % 3 === 0 ? prose(bytes, index) : code(bytes, index)];
    }),
  );
}

const end = "// END\n";

/** The agent's replies, in order; each call writes at most that many bytes. */
export function competentReplies(pieceBytes: number): ServedReply[] {
  const replies: ServedReply[] = [{ calls: [["list_dir", { path: "src" }]] }];
  const read = (index: number): ServedReply => ({
    text: "I look at the next file.",
    calls: [["read_file", { path: `src/part-${(index * 13) % 200}.ts`, start_line: 1, end_line: 40 }]],
  });
  let reads = 0;
  for (let file = 0; file < 6; file += 1) {
    for (let turn = 0; turn < 9; turn += 1) replies.push(read((reads += 1)));
    const whole = file % 2 === 0 ? prose(36_580, file + 1000) : code(30_000, file + 1000);
    const path = `out/file-${file}.md`;
    for (let at = 0; at < whole.length; at += pieceBytes) {
      const piece = whole.slice(at, at + pieceBytes);
      replies.push({
        calls: [
          at === 0
            ? ["write_file", { path, content: `${piece}\n${end}` }]
            : ["edit_file", { path, old_text: end, new_text: `${piece}\n${end}` }],
        ],
      });
    }
  }
  replies.push(
    { calls: [["search_files", { query: "export function" }]] },
    { text: "Everything is written." },
  );
  return replies;
}
