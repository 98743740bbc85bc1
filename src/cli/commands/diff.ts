import { diffLines, structuredPatch } from "diff";
import { readSession } from "../../app/session/open";
import type { SeenSession } from "../../app/session/session";
import { nodeUtf8 } from "../../adapters/system/utf8";
import { artifactViews } from "../../engine/view/session-view";
import type { ArtifactView } from "../../engine/view/session-view";
import { sessionArgument } from "../command";
import type { Command, CommandContext } from "../command";
import { exitCodeOfError, exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import type { Output } from "../io";
import { sessionOf } from "../runtime";
import { alignColumns, formatBytes, plural } from "../text/format";
import { safeLine, safeText } from "../text/safe";
import type { Style } from "../text/style";
import { chooseArtifacts, filesArgument } from "./review";

/** Both sides of a proposal; a side is undefined where there is no file, and null where it is no text. */
interface Sides {
  readonly before: string | null | undefined;
  readonly after: string | null | undefined;
}

async function sidesOf(seen: SeenSession, { base, content }: ArtifactView): Promise<Sides> {
  const read = async (ref: ArtifactView["base"]): Promise<string | null | undefined> =>
    ref === null ? undefined : nodeUtf8.decode(await seen.readBytes(ref));
  return { before: await read(base), after: await read(content) };
}

/** A unified diff as `diff -u` and git write it. */
export function unifiedDiff(
  path: string,
  { before, after }: Sides,
  style: Style,
  forTerminal: boolean,
): string[] {
  const from = before === undefined ? "/dev/null" : `a/${path}`;
  const to = after === undefined ? "/dev/null" : `b/${path}`;
  const head = [style.bold(safeLine(`--- ${from}`)), style.bold(safeLine(`+++ ${to}`))];
  if (before === null || after === null) return [safeLine(`Binary files ${from} and ${to} differ`)];
  const { hunks } = structuredPatch(from, to, before ?? "", after ?? "", undefined, undefined, {
    context: 3,
  });
  const lines = hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines: body }) => [
    // Where a side has no lines, the format counts from the line before.
    style.cyan(
      `@@ -${oldLines === 0 ? oldStart - 1 : oldStart},${oldLines} +${newLines === 0 ? newStart - 1 : newStart},${newLines} @@`,
    ),
    ...body.map((line) => {
      const safe = safeDiffLine(line, forTerminal);
      if (line.startsWith("+")) return style.green(safe);
      return line.startsWith("-") ? style.red(safe) : safe;
    }),
  ]);
  return [...head, ...lines];
}

/** A carriage return at a line's end belongs to the file: `git apply` needs it, people have to see it. */
function safeDiffLine(line: string, forTerminal: boolean): string {
  if (!line.endsWith("\r")) return safeText(line);
  return safeText(line.slice(0, -1)) + (forTerminal ? "\u240d" : "\r");
}

/** Lines added and removed. */
export function countLines({ before, after }: Sides): { added: number; removed: number } | undefined {
  if (before === null || after === null) return undefined;
  let added = 0;
  let removed = 0;
  for (const part of diffLines(before ?? "", after ?? "")) {
    if (part.added) added += part.count;
    else if (part.removed) removed += part.count;
  }
  return { added, removed };
}

function statRow(artifact: ArtifactView, sides: Sides, { style }: Output): string[] {
  const counts = countLines(sides);
  const size = artifact.content === null ? "" : formatBytes(artifact.content.bytes);
  const numbers =
    counts === undefined ? "binary" : `${style.green(`+${counts.added}`)} ${style.red(`-${counts.removed}`)}`;
  return [` ${safeLine(artifact.path)}`, artifact.change, size, numbers];
}

async function diff(context: CommandContext): Promise<ExitCode> {
  const { io, given } = context;
  const session = await sessionOf(context);
  const seen = await readSession(session.path);
  const artifacts = artifactViews(seen.state);
  const chosen = chooseArtifacts(
    artifacts,
    given.positionals.slice(1),
    ({ decision }) => decision === "pending",
  );
  if (chosen.length === 0) {
    io.stderr.line(
      artifacts.length === 0
        ? "The session proposes no files."
        : `All ${plural(artifacts.length, "file")} of the session are decided; name one to see it.`,
    );
  }
  const rows: string[][] = [];
  let added = 0;
  let removed = 0;
  for (const artifact of chosen) {
    const sides = await sidesOf(seen, artifact);
    if (given.flag("stat")) {
      rows.push(statRow(artifact, sides, io.stdout));
      const counts = countLines(sides);
      added += counts?.added ?? 0;
      removed += counts?.removed ?? 0;
    } else
      for (const line of unifiedDiff(artifact.path, sides, io.stdout.style, io.stdout.isTerminal))
        io.stdout.line(line);
  }
  if (rows.length > 0) {
    for (const line of alignColumns(rows)) io.stdout.line(line);
    io.stdout.line(
      ` ${plural(rows.length, "file")}, ${plural(added, "line")} added, ${plural(removed, "line")} removed`,
    );
  }
  if (seen.problem === undefined) return exitCodes.done;
  io.stderr.line(`orket: ${safeText(seen.problem.message)} What is shown is what stands before it.`);
  return exitCodeOfError(seen.problem.code);
}

export const diffCommand: Command = {
  name: "diff",
  summary: "Show what the team proposes, as a unified diff.",
  details: [
    "Compares each proposed file with the project's file that it was based on. The exit code is 0 whether there are differences or not.",
  ],
  args: [sessionArgument, filesArgument("all that wait for a decision")],
  options: [{ name: "stat", summary: "Only the files, with how many lines are added and removed." }],
  examples: [
    { line: "orket diff last", does: "everything that waits for a decision" },
    { line: "orket diff last --stat", does: "the files only" },
  ],
  run: diff,
};
