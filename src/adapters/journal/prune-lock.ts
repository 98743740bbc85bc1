import path from "node:path";
import { OrketError } from "../../engine/error/orket-error";
import type { SessionEnvironment } from "./jsonl-session-store";
import type { SessionPaths } from "./layout";
import { lockState, SessionLock } from "./lock";

/** How long a writer waits for pruning to end, in milliseconds. */
const maxWaitMs = 60_000;
const pollMs = 25;
/** How long to wait for an unreadable lock to become readable: where locks are created in place, they are seen half-written. */
const maxUnreadableMs = 500;

const neverCancelled = {
  aborted: false,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
};

/** Held while blobs that no session names are removed. `orket` is `.orket`. */
function pruneLockFile(orket: string): string {
  return path.join(orket, "prune.lock");
}

/**
 * Acquires the right to write to a session while no blobs are being removed. A writer takes its own lock and then checks for the
 * pruning lock; a pruning process takes its own and then checks for writers' locks: the later one sees the other, so a blob that
 * a writer finds on the disk stays there.
 * @throws {OrketError} session_locked.
 */
export async function acquireWriter(
  environment: SessionEnvironment,
  paths: SessionPaths,
): Promise<SessionLock> {
  const { fs, clock } = environment;
  const lock = await SessionLock.acquire(environment, paths.lock);
  try {
    const file = pruneLockFile(paths.orket);
    for (let waitedMs = 0; ; waitedMs += pollMs) {
      const state = await lockState(fs, file);
      if (state?.alive !== true) return lock;
      if (waitedMs >= (state.holder === undefined ? maxUnreadableMs : maxWaitMs)) throw stillPruning(file);
      await clock.sleep(pollMs, neverCancelled);
    }
  } catch (error) {
    await lock.release().catch(() => undefined);
    throw error;
  }
}

function stillPruning(file: string): OrketError {
  return new OrketError("session_locked", "Another process is pruning blobs and has not finished.", {
    hint: `Wait for it. If no Orket process is pruning, remove the file ${file}.`,
    details: { file },
  });
}

/**
 * Acquires the right to remove blobs.
 * @throws {OrketError} command_refused when another process has it.
 */
export async function acquirePruning(environment: SessionEnvironment, orket: string): Promise<SessionLock> {
  try {
    return await SessionLock.acquire(environment, pruneLockFile(orket));
  } catch (error) {
    if (!OrketError.is(error, "session_locked")) throw error;
    throw new OrketError("command_refused", "Another process is pruning already.", {
      hint: error.hint ?? "Wait until it ends.",
      details: error.details,
      cause: error,
    });
  }
}
