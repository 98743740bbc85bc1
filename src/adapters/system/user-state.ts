import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { makeFolder } from "../files/make-folder";

type Variables = Readonly<Record<string, string | undefined>>;

/**
 * Where this user's decisions are stored that a project must not hold, since its author may be untrusted: outside every project,
 * on this machine. `ORKET_STATE_HOME` moves it, for machines that keep no home folder.
 */
export function userStateFolder(env: Variables = process.env): string {
  const given = env.ORKET_STATE_HOME;
  if (given !== undefined && path.isAbsolute(given)) return given;
  const home = os.homedir();
  if (process.platform === "darwin") return path.join(home, "Library", "Application Support", "orket");
  if (process.platform === "win32") {
    return path.join(env.LOCALAPPDATA ?? path.join(home, "AppData", "Local"), "orket");
  }
  const set = env.XDG_STATE_HOME;
  return path.join(
    set !== undefined && path.isAbsolute(set) ? set : path.join(home, ".local", "state"),
    "orket",
  );
}

/** The JSON of a state file; undefined when it does not exist or cannot be read: then nothing was decided. */
export async function readState(file: string): Promise<unknown> {
  try {
    return JSON.parse(await fs.promises.readFile(file, "utf8")) as unknown;
  } catch {
    return undefined;
  }
}

/** Writes a state file atomically, for this user alone; a reader sees the old one or the new one. */
export async function writeState(file: string, value: unknown): Promise<void> {
  await makeFolder(path.dirname(file), 0o700);
  const fresh = `${file}.${randomBytes(4).toString("hex")}`;
  await fs.promises.writeFile(fresh, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  await fs.promises.rename(fresh, file);
}
