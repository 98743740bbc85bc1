import { mkdir, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { OrketError } from "../../engine/error/orket-error";
import type { Command, CommandContext } from "../command";
import { exitCodes } from "../exit-code";
import { safeLine } from "../text/safe";

/** The files of examples/shapes by their paths; added by the build. */
/** The files of the sample project by their paths, as JSON: esbuild would load an object in every file. */
declare const ORKET_SAMPLE: string;

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

/** The path from the user's folder, as typed in a shell. */
function shown(from: string, folder: string): string {
  const relative = path.relative(from, folder);
  return /^[\w./\\-]+$/.test(relative) ? relative : JSON.stringify(relative);
}

async function init({ io, given, base }: CommandContext) {
  const folder = path.resolve(base, given.positionals[0] ?? ".");
  const files = Object.entries(JSON.parse(ORKET_SAMPLE) as Readonly<Record<string, string>>);
  const taken: string[] = [];
  for (const [place] of files) if (await exists(path.join(folder, place))) taken.push(place);
  if (taken.length > 0 && !given.flag("force")) {
    for (const place of taken) io.stderr.line(`  ${place}`);
    throw new OrketError(
      "usage",
      `${taken.length === 1 ? "A file exists" : `${taken.length} files exist`} already, see above; nothing was written.`,
      {
        hint: "Choose another folder, or overwrite them with --force.",
      },
    );
  }
  for (const [place, text] of files) {
    const file = path.join(folder, place);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
    io.stdout.line(safeLine(place));
  }
  const here = folder === io.cwd;
  io.stderr.line(`\nThe sample project is written. It needs no model: its replies come from a file.\nNext:`);
  if (!here) io.stderr.line(`  cd ${shown(io.cwd, folder)}`);
  io.stderr.line("  orket plan shapes   what a run would do");
  io.stderr.line(
    "  orket run shapes    perform it: you agree to its command, then are asked before each step",
  );
  return exitCodes.done;
}

export const initCommand: Command = {
  name: "init",
  summary: "Write a small sample project.",
  args: [
    {
      name: "DIR",
      optional: true,
      summary: "Where to write it; by default here. It is created when it is missing.",
    },
  ],
  options: [{ name: "force", summary: "Overwrite existing files." }],
  staysHere: true,
  examples: [{ line: "orket init demo", does: "the sample in a new folder demo" }],
  run: init,
};
