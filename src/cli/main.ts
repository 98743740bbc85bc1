import { stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { failureOf } from "../app/failure";
import { OrketError } from "../engine/error/orket-error";
import { commands } from "./commands";
import { exitCodeOfError, exitCodes } from "./exit-code";
import { projectAbove } from "./find-project";
import type { ExitCode } from "./exit-code";
import { commandHelp, mainHelp } from "./help";
import { processIo, steer } from "./io";
import type { Io } from "./io";
import { parseArguments } from "./parse";
import { safeLine, safeText } from "./text/safe";

declare const ORKET_VERSION: string;

/** Prints what went wrong and what to do about it, and returns the exit code. */
function report(error: unknown, io: Io): ExitCode {
  const { style } = io.stderr;
  const { code, message, hint } = failureOf(error);
  io.stderr.line(`${style.red("orket:")} ${safeText(message)}`);
  if (hint !== undefined) io.stderr.line(`  ${safeText(hint)}`);
  if (code === "internal") io.stderr.line("  This is a bug in Orket; ORKET_DEBUG=1 shows where.");
  if (io.env.ORKET_DEBUG === "1" && error instanceof Error) io.stderr.line(safeText(error.stack ?? ""));
  return exitCodeOfError(code);
}

/** @throws {OrketError} usage when `-C` names no folder. */
async function requireFolder(workDomain: string): Promise<void> {
  const isFolder = await stat(workDomain).then(
    (found) => found.isDirectory(),
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") {
        throw new OrketError("usage", `There is no folder ${safeLine(workDomain)}.`, {
          hint: "-C takes the folder of a project; `orket init DIR` makes one with a sample.",
        });
      }
      return false;
    },
  );
  if (!isFolder) {
    throw new OrketError("usage", `${safeLine(workDomain)} is not a folder that can be read.`, {
      hint: "-C takes the folder of a project.",
    });
  }
}

async function dispatch(words: readonly string[], io: Io): Promise<ExitCode> {
  const { command, given } = parseArguments(words, commands);
  const columns = Math.min(io.stdout.columns, 100);
  if (given.flag("version")) {
    io.stdout.line(ORKET_VERSION);
    return exitCodes.done;
  }
  if (command === undefined) {
    const wanted = given.flag("help");
    (wanted ? io.stdout : io.stderr).write(mainHelp(commands, columns));
    return wanted ? exitCodes.done : exitCodes.usage;
  }
  if (given.flag("help")) {
    io.stdout.write(commandHelp(command, columns));
    return exitCodes.done;
  }
  const base = path.resolve(io.cwd, given.value("directory") ?? ".");
  if (given.value("directory") !== undefined) {
    await requireFolder(base);
    return command.run({ io, given, workDomain: base, base });
  }
  const surroundings = { home: os.homedir(), uid: process.getuid?.() };
  const above = command.staysHere === true ? undefined : await projectAbove(base, surroundings);
  if (above !== undefined)
    io.stderr.line(`orket: works on the project ${safeLine(above)}; -C . would take this folder.`);
  return command.run({ io, given, workDomain: above ?? base, base });
}

/** The command line, from its arguments to the exit code. */
export async function main(words: readonly string[]): Promise<void> {
  const options = words.includes("--") ? words.slice(0, words.indexOf("--")) : words;
  const io = processIo(options.includes("--no-color"));
  process.on("uncaughtException", (error) => {
    // Nothing that was recorded is lost: the session can be resumed. A live display may have hidden the cursor.
    if (io.stderr.isTerminal) steer(io.stderr, "\u001b[?25h");
    process.exit(report(error, io));
  });
  try {
    process.exitCode = await dispatch(words, io);
  } catch (error) {
    process.exitCode = report(error, io);
  }
}
