import { constants } from "node:fs";
import type { BlobRef } from "../../engine/event/content";
import type { SessionState } from "../../engine/state/state";
import { grownIndex, staleAfterEvents, storeIndex } from "../../adapters/journal/journal-index";
import type { JournalIndex } from "../../adapters/journal/journal-index";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import type { SessionPaths } from "../../adapters/journal/layout";

/** Events between two indexes that a running session stores, so that a killed one opens quickly, too. */
const runningEveryEvents = 16_384;

/** Keeps the index beside the journal of a session that this process writes. A failed index is built at the next opening. */
export class IndexKeeper {
  #index: JournalIndex | undefined;
  #storedEvents: number;
  #storing: Promise<void> | undefined;
  readonly #environment: SessionEnvironment;
  readonly #paths: SessionPaths;
  readonly #definition: BlobRef;

  /** @param definition the digest of the session's definition as it was read or written. */
  constructor(
    environment: SessionEnvironment,
    paths: SessionPaths,
    definition: BlobRef,
    from: { readonly index: JournalIndex; readonly indexedEvents: number } | undefined,
  ) {
    this.#environment = environment;
    this.#paths = paths;
    this.#definition = definition;
    this.#index = from?.index;
    this.#storedEvents = from?.indexedEvents ?? 0;
  }

  /** The session has these events on the disk. */
  grew(state: SessionState): void {
    if (this.#storing !== undefined || state.events - this.#storedEvents < runningEveryEvents) return;
    this.#storing = this.#store(state).finally(() => {
      this.#storing = undefined;
    });
  }

  /** The session was closed with this state. */
  async close(state: SessionState): Promise<void> {
    await this.#storing;
    if (state.events - this.#storedEvents >= staleAfterEvents) await this.#store(state);
  }

  async #store(state: SessionState): Promise<void> {
    const { fs } = this.#environment;
    // A failed one is not tried again at once: reading the journal for it costs more than it saves.
    this.#storedEvents = state.events;
    try {
      const journal = await fs.open(this.#paths.journal, constants.O_RDONLY);
      try {
        const index = await grownIndex(fs, journal, this.#index, state);
        if (index === undefined) return;
        await storeIndex(this.#environment, this.#paths, index, this.#definition);
        this.#index = index;
      } finally {
        await fs.close(journal);
      }
    } catch {
      // The journal is authoritative; a session without an index only takes longer to open.
    }
  }
}
