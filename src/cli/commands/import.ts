import { open, stat } from "node:fs/promises";
import path from "node:path";
import { readProjectFiles, searchLimits } from "../../app/project/project-files";
import { OrketError } from "../../engine/error/orket-error";
import { detectImport, importFiles, importKinds, mayImport, neighboursOf } from "../../language/import";
import type { ImportEntry, ImportResult } from "../../language/import";
import type { ProjectFile } from "../../language";
import { jsonOption } from "../command";
import type { Command, CommandContext } from "../command";
import { exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import { loadProject, projectPath } from "../project";
import { plural } from "../text/format";
import { safeLine, safeText } from "../text/safe";
import { folderInProject, writeNew } from "./new";

/** The file's bytes, one more than the limit at most, so that the importer can detect a longer file. */
async function readBytes(file: string): Promise<Uint8Array> {
  const handle = await open(file, "r");
  try {
    const bytes = Buffer.alloc(Math.min((await handle.stat()).size, searchLimits.bytes) + 1);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

/** The base of displayed paths: the project, or for a file outside of it a folder that shows where it is. */
function baseOf(context: CommandContext, file: string): string {
  const isOutside = projectPath(context, file) === undefined;
  return isOutside ? path.resolve(file, "..", "..", "..") : context.workDomain;
}

/**
 * The files that the paths name: files themselves, with files beside them that they need, and of folders what can be
 * imported.
 * @throws {OrketError} usage for a path that does not exist.
 */
async function gather(context: CommandContext): Promise<ProjectFile[]> {
  const { io, given } = context;
  const found = new Map<string, ProjectFile>();
  for (const written of given.positionals) {
    const place = path.resolve(context.base, written);
    const base = baseOf(context, place);
    const label = (file: string): string => path.relative(base, file).split(path.sep).join("/");
    const info = await stat(place).catch((error: unknown) => {
      if (isMissing(error)) throw new OrketError("usage", `${safeLine(written)} does not exist.`);
      throw error;
    });
    if (info.isDirectory()) {
      const { files, unreadable, truncated } = await readProjectFiles(place, mayImport);
      for (const { path: one, reason } of unreadable)
        io.stderr.line(`orket: ${safeLine(one)} cannot be read (${reason}) and is left out.`);
      if (truncated) io.stderr.line("orket: the folder is too large; not all of it was searched.");
      for (const file of files) {
        const own = path.join(place, file.path);
        found.set(own, { path: label(own), text: file.text });
      }
      continue;
    }
    const file = { path: label(place), text: await readBytes(place) };
    found.set(place, file);
    for (const neighbour of neighboursOf(file)) {
      const own = path.resolve(base, neighbour);
      const text = await readBytes(own).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      if (text !== undefined) found.set(own, { path: neighbour, text });
    }
  }
  return [...found.values()];
}

function entryAsJson({ level, message, place }: ImportEntry) {
  if (place === undefined) return { level, message };
  const { start } = place.range;
  return { level, message, file: place.file, line: start.line + 1, column: start.character + 1 };
}

function entryAsText({ level, message, place }: ImportEntry): string {
  if (place === undefined) return `${level} ${message}`;
  const { line, character } = place.range.start;
  return `${place.file}:${line + 1}:${character + 1}: ${level} ${message}`;
}

function show(result: ImportResult, { io, given }: CommandContext): void {
  const dry = given.flag("dry-run");
  const { files, report } = result;
  if (given.flag("json")) {
    const made = files.map(({ path: place, text }) => (dry ? { path: place, text } : { path: place }));
    io.stdout.line(JSON.stringify({ files: made, report: report.map(entryAsJson) }, null, 2));
    return;
  }
  for (const { path: place, text } of files) {
    io.stdout.line(dry ? `==== ${safeLine(place)}\n${safeText(text)}` : safeLine(place));
  }
  for (const entry of report) io.stderr.line(safeText(entryAsText(entry)));
  const count = (level: string): number => report.filter((entry) => entry.level === level).length;
  const done = dry ? "would be written" : "written";
  io.stderr.line(
    `${plural(files.length, "file")} ${done}: ${plural(count("error"), "error")}, ${plural(count("warning"), "warning")}, ${plural(count("info"), "remark")}.`,
  );
}

async function run(context: CommandContext): Promise<ExitCode> {
  const { io, given, workDomain } = context;
  const folder = folderInProject(context, given.value("to") ?? ".", "--to");
  const files = await gather(context);
  if (detectImport(files).sets.length === 0) {
    throw new OrketError("usage", "There is nothing to import.", {
      hint: `Known are ${Object.values(importKinds).join(", ")}; see docs/import.md.`,
    });
  }
  const result = importFiles(files, { folder, project: await loadProject(context) });
  if (!given.flag("dry-run")) await writeNew(workDomain, result.files);
  show(result, context);
  if (result.files.length > 0 && !given.flag("json") && !given.flag("dry-run")) {
    io.stderr.line("`orket validate` checks them again, and `orket plan FLOW` says what a run would do.");
  }
  return result.report.some(({ level }) => level === "error") ? exitCodes.invalidDefinition : exitCodes.done;
}

export const importCommand: Command = {
  name: "import",
  summary: "Make Orket's files from those of other tools.",
  get details() {
    return [
      `Knows ${Object.values(importKinds).join(", ")}. What cannot be carried over is listed with its place, and stands as a comment in the new files. Existing files are never changed. The exit code is 3 when something could not be read or cannot run.`,
    ];
  },
  args: [
    {
      name: "PATH",
      multiple: true,
      summary: "Files to import, or folders to search; they may lie outside the project.",
    },
  ],
  options: [
    { name: "to", value: "DIR", summary: "The folder of the project to write to; by default its root." },
    { name: "dry-run", summary: "Show the files instead of writing them." },
    jsonOption,
  ],
  examples: [
    { line: "orket import .roomodes --to flows", does: "Roo Code's modes as a Band" },
    { line: "orket import ../crew/src --dry-run", does: "see what would become of a CrewAI project" },
  ],
  run,
};
