import * as z from "zod";
import type { LineRange, LinesRead } from "../../port/files";
import { pathArg } from "./arguments";
import { numbered, partOf, plural } from "./lines";
import { readOwn } from "./team-files";
import { defineTool, resultLength } from "./tool";
import type { Job } from "./tool";

const last = Number.MAX_SAFE_INTEGER;

export const readFile = defineTool("read_file", {
  args: () =>
    z.strictObject({
      path: pathArg,
      start_line: z.int().min(1).optional().describe("First line to read, from 1."),
      end_line: z.int().min(1).optional().describe("Last line to read, included."),
    }),
  async call(job, { path, start_line: start = 1, end_line: end = last }) {
    if (end < start)
      return job.result(false, `There are no lines ${start} to ${end}: the last is before the first.`);
    // Each line is shown with its number and a tab.
    const maxLength = Math.floor(resultLength(job.context) * 0.85) - 200;
    const read = await readRange(job, path, { start, end, maxLength });
    if (read.kind === "denied") return job.denied(read.rule, read.message, path);
    if (read.kind === "missing") return job.result(false, read.message);
    const { lines, total, bytes } = read;
    if (total === 0) return job.result(true, `[${path} is empty]`);
    if (lines.length === 0) {
      const count = total === undefined ? "fewer lines" : plural(total, "line");
      return job.result(false, `${path} has ${count}; there is no line ${start}.`);
    }
    const shown = shortened(fitting(lines, start, resultLength(job.context) - 200), maxLength);
    const until = start + shown.length - 1;
    const whole = start === 1 && until === total;
    const of = total === undefined ? "" : ` of ${total}`;
    const what = whole ? `all ${plural(total, "line")}` : `lines ${start} to ${until}${of}`;
    const more = read.cut || shown.length < lines.length ? `; read on with start_line ${until + 1}` : "";
    const executable = read.executable ? ", executable" : "";
    return job.result(
      true,
      `${numbered(shown, start)}\n[${path}: ${what}, ${bytes} bytes${executable}${more}]`,
    );
  },
});

/** The first lines that fit with their numbers, at least one. */
function fitting(lines: readonly string[], start: number, maxLength: number): readonly string[] {
  let length = 0;
  const count = lines.findIndex((line, index) => {
    length += `${start + index}`.length + line.length + 2;
    return length > maxLength;
  });
  return count < 0 ? lines : lines.slice(0, Math.max(1, count));
}

/** One line can be longer than the whole part that is shown. */
function shortened(lines: readonly string[], maxLength: number): readonly string[] {
  const [only = ""] = lines;
  if (lines.length !== 1 || only.length <= maxLength) return lines;
  return [`${only.slice(0, maxLength)} [… cut, the line has ${only.length} characters]`];
}

async function readRange(
  job: Job,
  path: string,
  range: LineRange,
): Promise<
  LinesRead | { kind: "missing"; message: string } | { kind: "denied"; rule: string; message: string }
> {
  const own = await readOwn(job, path);
  if (own === undefined) return job.context.files.readLines(path, range);
  return own.kind === "text" ? { ...partOf(own.text, own.bytes, range), executable: own.executable } : own;
}
