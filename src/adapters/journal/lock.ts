import path from "node:path";
import process from "node:process";
import * as z from "zod";
import { OrketError } from "../../engine/error/orket-error";
import type { Clock } from "../../engine/port/clock";
import { writeNew } from "../files/durable";
import { isDiskCode, unlessMissing } from "../files/file-system";
import type { FileSystem } from "../files/file-system";
import { liveness, ownIdentity } from "../system/process-identity";
import type { Liveness, ProcessIdentity } from "../system/process-identity";
import { randomName } from "../system/random";
import type { RandomBytes } from "../system/random";
import { defined } from "../../engine/model/defined";

const holderSchema = z.object({
  /** Globally unique: it names the lock that is to be replaced. */
  nonce: z.string().regex(/^[a-z0-9]{16}$/),
  pid: z.int(),
  host: z.string(),
  machine: z.string(),
  boot: z.string(),
  pids: z.string(),
  started: z.string(),
  since: z.string(),
  /** What it is, for users: `editor`, `command_line`. */
  program: z.string().optional(),
  /** The session for which it is held, where the lock is not that of a session. */
  session: z.string().optional(),
});
/** The holder of a lock, as recorded in the lock's file. */
export type LockHolder = z.infer<typeof holderSchema> & ProcessIdentity;

const neverCancelled = {
  aborted: false,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
};

/** What this process holds or is acquiring; a lock of its own that is not listed here was left when it could not be removed. */
const wanted = new Set<string>();

/** Whether the holder is still using it. */
async function livenessOf(holder: LockHolder): Promise<Liveness> {
  const state = await liveness(holder);
  return state === "alive" && holder.pid === process.pid && !wanted.has(holder.nonce) ? "dead" : state;
}

/** Locks of this process, released when it ends. */
const held = new Map<string, { fs: FileSystem; nonce: string }>();

function releaseAll(): void {
  for (const [file, { fs, nonce }] of held) {
    try {
      if (fs.readFileNow(file).includes(nonce)) fs.unlinkNow(file);
    } catch {
      // The next writer sees that this process has ended.
    }
  }
  held.clear();
}

async function readHolder(fs: FileSystem, file: string): Promise<LockHolder | "none" | "unreadable"> {
  const bytes = await unlessMissing(fs.readFile(file), undefined);
  return bytes === undefined ? "none" : parseHolder(bytes);
}

function readHolderNow(fs: FileSystem, file: string): LockHolder | "none" | "unreadable" {
  try {
    return parseHolder(fs.readFileNow(file));
  } catch (error) {
    if (isDiskCode(error, "ENOENT", "ENOTDIR")) return "none";
    throw error;
  }
}

function parseHolder(bytes: Buffer): LockHolder | "unreadable" {
  try {
    const parsed = holderSchema.safeParse(JSON.parse(bytes.toString("utf8")));
    return parsed.success ? parsed.data : "unreadable";
  } catch {
    return "unreadable";
  }
}

/** A lock that is held or was left behind. */
export interface LockState {
  /** Undefined: the lock's file cannot be read. */
  readonly holder: LockHolder | undefined;
  readonly liveness: Liveness;
  /** No other process may write: the holder is not certainly dead. */
  readonly alive: boolean;
}

/** Who holds the session now, as far as can be determined; undefined: nobody. */
export async function lockState(fs: FileSystem, file: string): Promise<LockState | undefined> {
  const holder = await readHolder(fs, file);
  if (holder === "none") return undefined;
  if (holder === "unreadable") return { holder: undefined, liveness: "unknown", alive: true };
  const known = await livenessOf(holder);
  return { holder, liveness: known, alive: known !== "dead" };
}

const programs: Readonly<Record<string, string>> = { editor: "VS Code", command_line: "orket" };

/** The process that holds a lock, as users know it: `VS Code (process 17 on desk)`. */
export function holderName({ pid, host, program = "" }: LockHolder): string {
  const name = `process ${pid} on ${host}`;
  const known = programs[program];
  return known === undefined ? name : `${known} (${name})`;
}

function lockedError(file: string, holder: LockHolder | undefined, known: Liveness): OrketError {
  const session = path.basename(path.dirname(file));
  if (holder === undefined) {
    return new OrketError("session_locked", `The session ${session} has a lock that cannot be read.`, {
      hint: `If no Orket process is using it, remove the file ${file}.`,
      details: { file },
    });
  }
  const who = `${holderName(holder)}, since ${holder.since}`;
  const { pid, host, since } = holder;
  const details = { file, pid, host, since, liveness: known };
  switch (known) {
    case "suspended":
      return new OrketError(
        "session_locked",
        `The session ${session} is open for writing in ${who}, which is suspended.`,
        {
          hint: `Let it go on (fg in its terminal, or kill -CONT ${pid}) or end it; you can read the session until then.`,
          details,
        },
      );
    case "unknown":
      return new OrketError(
        "session_locked",
        `The session ${session} is locked by ${who}; whether that process is still running cannot be seen from this machine or container.`,
        { hint: `If that process is no longer running, remove the file ${file}.`, details },
      );
    default:
      return new OrketError("session_locked", `The session ${session} is open for writing in ${who}.`, {
        hint: "Close it there, or wait until it ends; you can read it until then.",
        details,
      });
  }
}

function lostError(file: string, found: LockHolder | "none" | "unreadable"): OrketError {
  const session = path.basename(path.dirname(file));
  const isTaken = typeof found !== "string";
  const why = isTaken
    ? `${holderName(found)} has taken it, since ${found.since}`
    : found === "none"
      ? "its lock was removed"
      : "its lock cannot be read";
  return new OrketError(
    "session_locked",
    `The session ${session} may not be written here any more: ${why}. Nothing was written after that.`,
    {
      hint: "Open the session again to see where it stands; what was on the disk before is kept.",
      details: { file, lost: true, ...(isTaken ? { pid: found.pid, host: found.host } : {}) },
    },
  );
}

interface Request {
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** What the holder is, for users who meet the lock. */
  readonly program?: string;
  /** For which session it is held, where the lock is not that of a session. */
  readonly session?: string;
}

/** Names `file` with our contents; false when the name is taken. Of many concurrent attempts, one succeeds. */
async function claim(fs: FileSystem, file: string, contents: Buffer, aside: string): Promise<boolean> {
  await writeNew(fs, aside, contents);
  try {
    await fs.link(aside, file);
    return true;
  } catch (error) {
    // EEXIST: the name is taken. ENOENT: its holder has cleaned up, including our temporary file.
    if (isDiskCode(error, "EEXIST", "ENOENT")) return false;
    // No hard links here (exFAT, some shares): exclusive creation instead, and readers may see the file half-written.
    if (!isDiskCode(error, "EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EISDIR", "UNKNOWN"))
      throw error;
    return await claimByCreating(fs, file, contents);
  } finally {
    await fs.unlink(aside).catch(() => undefined);
  }
}

async function claimByCreating(fs: FileSystem, file: string, contents: Buffer): Promise<boolean> {
  try {
    await writeNew(fs, file, contents);
    return true;
  } catch (error) {
    if (isDiskCode(error, "EEXIST")) return false;
    throw error;
  }
}

type Seized = { ok: true; nonce: string } | { ok: false; error: OrketError };

/**
 * Acquires the lock `file`. A dead holder's lock is replaced under a guard, itself a lock, that is named by the dead one's
 * nonce: while the guard is held, no other process may replace that same lock, so two that find the same dead holder cannot
 * both succeed, and a late one finds another nonce and starts over. A guard whose holder died is taken over in
 * the same way.
 */
async function seize(request: Request, file: string): Promise<Seized> {
  const nonce = randomName(request.random, 16);
  wanted.add(nonce);
  let seized: Seized | undefined;
  try {
    seized = await seizeAs(request, file, nonce);
    return seized;
  } finally {
    if (seized?.ok !== true) wanted.delete(nonce);
  }
}

async function seizeAs(request: Request, file: string, nonce: string): Promise<Seized> {
  const { fs, clock, program, session } = request;
  const identity = { ...(await ownIdentity()), ...defined({ program, session }) };
  let unreadable = 0;
  let busy = 0;
  for (;;) {
    const since = new Date(clock.nowMs()).toISOString();
    const contents = Buffer.from(`${JSON.stringify({ nonce, ...identity, since })}\n`);
    const aside = `${file}.new-${nonce}`;
    if (await claim(fs, file, contents, aside)) return { ok: true, nonce };

    const holder = await readHolder(fs, file);
    if (holder === "none") continue;
    if (holder === "unreadable") {
      // Where locks are created in place, a lock may be seen before its contents are written.
      unreadable += 1;
      if (unreadable > 20) return { ok: false, error: lockedError(file, undefined, "unknown") };
      await clock.sleep(10, neverCancelled);
      continue;
    }
    const state = await livenessOf(holder);
    if (state !== "dead") return { ok: false, error: lockedError(file, holder, state) };
    const replaced = await replaceDead(request, file, holder, { contents, aside });
    if (replaced === "done") return { ok: true, nonce };
    if (replaced === "changed") continue;
    // Another process is replacing it and will soon be done.
    busy += 1;
    if (busy > 400) return { ok: false, error: replaced };
    await clock.sleep(5, neverCancelled);
  }
}

async function replaceDead(
  request: Request,
  file: string,
  dead: LockHolder,
  own: { contents: Buffer; aside: string },
): Promise<"done" | "changed" | OrketError> {
  const { fs } = request;
  const guard = `${file}.${dead.nonce}`;
  const seized = await seize(request, guard);
  if (!seized.ok) return seized.error;
  try {
    const now = await readHolder(fs, file);
    if (typeof now === "string" || now.nonce !== dead.nonce) return "changed";
    await writeNew(fs, own.aside, own.contents);
    await fs.rename(own.aside, file);
    return "done";
  } finally {
    await fs.unlink(guard).catch(() => undefined);
    wanted.delete(seized.nonce);
  }
}

/** Removes files beside the lock of processes that died while acquiring it. Only the lock's holder may do this. */
async function tidy(fs: FileSystem, file: string): Promise<void> {
  const dir = path.dirname(file);
  for (const { name } of await fs.readDir(dir)) {
    if (!name.startsWith(`${path.basename(file)}.`)) continue;
    const left = path.join(dir, name);
    const holder = await readHolder(fs, left);
    const torn = holder === "unreadable" && name.includes(".new-");
    if (torn || (typeof holder !== "string" && (await livenessOf(holder)) === "dead")) {
      await fs.unlink(left).catch(() => undefined);
    }
  }
}

/** The right to write to a session: one holder at a time, across processes. */
export class SessionLock {
  /** The file that was confirmed to be ours; undefined: none was. */
  #seen: string | undefined;
  readonly #fs: FileSystem;
  readonly #file: string;
  readonly #nonce: string;

  private constructor(fs: FileSystem, file: string, nonce: string) {
    this.#fs = fs;
    this.#file = file;
    this.#nonce = nonce;
  }

  /** @throws {OrketError} session_locked, naming the holder. */
  static async acquire(request: Request, file: string): Promise<SessionLock> {
    const seized = await seize(request, file);
    if (!seized.ok) throw seized.error;
    if (held.size === 0) process.once("exit", releaseAll);
    held.set(file, { fs: request.fs, nonce: seized.nonce });
    const lock = new SessionLock(request.fs, file, seized.nonce);
    try {
      await tidy(request.fs, file);
    } catch (error) {
      await lock.release();
      throw error;
    }
    return lock;
  }

  /**
   * Checks that it is still ours. A living holder's lock is never taken, but a user may remove the lock file of a holder whose
   * machine cannot be reached, and that holder may only have been suspended.
   * @throws {OrketError} session_locked when it is another's now, or has been removed.
   */
  ensureHeld(): void {
    const found = this.lostTo();
    if (found !== undefined) throw lostError(this.#file, found);
  }

  /** What replaced our lock; undefined: nothing did. Reads the file only when it is not the one seen before. */
  lostTo(): LockHolder | "none" | "unreadable" | undefined {
    const now = this.#identityNow();
    if (now !== undefined && now === this.#seen) return undefined;
    const found = readHolderNow(this.#fs, this.#file);
    if (typeof found === "string" || found.nonce !== this.#nonce) return found;
    this.#seen = now;
    return undefined;
  }

  #identityNow(): string | undefined {
    try {
      return this.#fs.identityNow(this.#file);
    } catch {
      // Reading it gives the reason.
      return undefined;
    }
  }

  /** Releases it; a lock that is no longer ours, because someone removed the file, is left alone. */
  async release(): Promise<void> {
    if (!held.delete(this.#file)) return;
    if (held.size === 0) process.removeListener("exit", releaseAll);
    try {
      const holder = await readHolder(this.#fs, this.#file);
      if (typeof holder !== "string" && holder.nonce === this.#nonce) {
        await unlessMissing(this.#fs.unlink(this.#file), undefined);
      }
    } finally {
      // Where the disk refuses, the file stays; it no longer blocks anyone.
      wanted.delete(this.#nonce);
    }
  }
}
