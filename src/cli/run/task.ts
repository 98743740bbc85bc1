import { readFile } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { OrketError } from "../../engine/error/orket-error";
import type { Io } from "../io";
import { safeLine } from "../text/safe";

/** The longest task that is read, in bytes: a longer file is most likely the wrong one. */
const taskMaxBytes = 1_000_000;

function textOf(bytes: Uint8Array, source: string): string {
  if (bytes.length > taskMaxBytes) {
    throw new OrketError("usage", `--task: ${source} holds more than ${taskMaxBytes / 1_000_000} MB.`, {
      hint: "Name it in the task as a file that the team reads.",
    });
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new OrketError("usage", `--task: ${source} is not text in UTF-8.`);
  }
  // An editor ends the last line; a task on the command line has no such end.
  const task = text.replaceAll("\r\n", "\n").replace(/\n+$/, "");
  if (task.trim() === "") throw new OrketError("usage", `--task: ${source} is empty.`);
  return task;
}

/**
 * The task from `--task`: its text, the text of the file after `@` (relative to where Orket was started), or
 * standard input for `-`. `@@` at its beginning stands for one `@` of the text.
 * @throws {OrketError} usage when it cannot be read, is empty or is not text.
 */
export async function readTask(
  written: string | undefined,
  io: Pick<Io, "cwd" | "stdin">,
): Promise<string | undefined> {
  if (written === undefined) return undefined;
  if (written === "-") return textOf(await buffer(io.stdin), "standard input");
  if (written.startsWith("@@")) return written.slice(1);
  if (!written.startsWith("@")) return written;
  const name = written.slice(1);
  const source = safeLine(name);
  try {
    return textOf(await readFile(path.resolve(io.cwd, name)), source);
  } catch (error) {
    if (OrketError.is(error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "there is no such file" : code === "EISDIR" ? "it is a folder" : code;
    throw new OrketError("usage", `--task: ${source} cannot be read: ${why ?? "unknown error"}.`, {
      hint: "A task that begins with @ is written with @@.",
    });
  }
}
