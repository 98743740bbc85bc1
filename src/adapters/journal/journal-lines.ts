import { decodeLine } from "../../engine/event/codec";
import type { SessionEvent } from "../../engine/event/event";
import type { FileSystem, Handle } from "../files/file-system";
import { notedLines } from "./journal-reader";
import { lineFeed, wholeLines } from "./journal-scan";

const chunkBytes = 256 << 10;

/**
 * Reads events of a journal by their numbers. Knows where every `notedLines`th line starts, as far as an index or an
 * earlier reading came, so that a reading begins near its first line. The chain between the lines is not checked.
 */
export class JournalLines {
  readonly #offsets: number[];
  readonly #fs: FileSystem;

  /** @param offsets where every `notedLines`th line starts, from the first; as many as are known. */
  constructor(fs: FileSystem, offsets: readonly number[]) {
    this.#fs = fs;
    this.#offsets = offsets.length === 0 ? [0] : [...offsets];
  }

  /**
   * Events from number `from` on, from 0; fewer than `count` where the journal ends.
   * @throws {OrketError} journal_damaged for an invalid line.
   */
  async read(journal: Handle, from: number, count: number): Promise<SessionEvent[]> {
    return (await this.readPlaced(journal, from, count)).map(({ event }) => event);
  }

  /** Like `read`, each event with the offset of its line. */
  async readPlaced(
    journal: Handle,
    from: number,
    count: number,
  ): Promise<{ readonly event: SessionEvent; readonly offset: number }[]> {
    const events: { event: SessionEvent; offset: number }[] = [];
    const nearest = Math.min(Math.floor(from / notedLines), this.#offsets.length - 1);
    let line = nearest * notedLines;
    if (count <= 0) return events;
    const options = { chunkBytes, ahead: false };
    for await (const { data, at } of wholeLines(
      this.#fs,
      journal,
      this.#offsets[nearest] ?? 0,
      Infinity,
      options,
    )) {
      let begin = 0;
      for (let end = data.indexOf(lineFeed); end >= 0; end = data.indexOf(lineFeed, begin)) {
        if (line >= from && events.length < count) {
          const { event } = decodeLine(data.toString("utf8", begin, end), line + 1);
          events.push({ event, offset: at + begin });
        }
        line += 1;
        begin = end + 1;
        if (line === this.#offsets.length * notedLines) this.#offsets.push(at + begin);
      }
      if (events.length >= count) break;
    }
    return events;
  }
}
