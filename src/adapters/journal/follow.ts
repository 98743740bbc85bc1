import { constants } from "node:fs";
import type { SessionEvent } from "../../engine/event/event";
import type { Cancellation } from "../../engine/port/cancellation";
import type { Clock } from "../../engine/port/clock";
import { unlessMissing } from "../files/file-system";
import { journalStart, readPart } from "./journal-reader";
import type { JournalPart, JournalPosition } from "./journal-reader";
import type { SessionEnvironment } from "./jsonl-session-store";
import { sessionPaths } from "./layout";

const pollMs = 500;

/** A wait that ends with a change, a timeout or the caller, and that remembers a change that came before it. */
class Alarm {
  #rung = false;
  #wake: (() => void) | undefined;

  readonly ring = (): void => {
    this.#rung = true;
    this.#wake?.();
  };

  async wait(clock: Clock, cancellation: Cancellation): Promise<void> {
    if (!this.#rung && !cancellation.aborted) {
      const woken = new AbortController();
      this.#wake = () => {
        woken.abort();
      };
      cancellation.addEventListener("abort", this.#wake, { once: true });
      await clock.sleep(pollMs, woken.signal);
      cancellation.removeEventListener("abort", this.#wake);
      this.#wake = undefined;
    }
    this.#rung = false;
  }
}

/**
 * The session's events as another process writes them, from `from` on, until cancelled: whole lines only, checked as in
 * any reading. File system notifications make it fast; polling twice a second makes it reliable.
 * @throws {OrketError} journal_damaged.
 */
export async function* followJournal(
  environment: SessionEnvironment,
  dir: string,
  cancellation: Cancellation,
  from: JournalPosition = journalStart,
): AsyncGenerator<readonly SessionEvent[], void, void> {
  const { fs, clock } = environment;
  const { journal } = sessionPaths(dir);
  const alarm = new Alarm();
  let unwatch: (() => void) | undefined;
  try {
    unwatch = fs.watch(dir, alarm.ring);
  } catch {
    // No notifications here: polling alone must do.
  }
  let position = from;
  try {
    while (!cancellation.aborted) {
      const part = await unlessMissing(readFrom(environment, journal, position), undefined);
      if (part) {
        ({ position } = part);
        if (part.events.length > 0) yield part.events;
        if (part.damage) throw part.damage;
      }
      if (part?.events.length) continue;
      await alarm.wait(clock, cancellation);
    }
  } finally {
    unwatch?.();
  }
}

async function readFrom(
  environment: SessionEnvironment,
  journal: string,
  from: JournalPosition,
): Promise<JournalPart> {
  const handle = await environment.fs.open(journal, constants.O_RDONLY);
  try {
    return await readPart(environment.fs, handle, from);
  } finally {
    await environment.fs.close(handle);
  }
}
