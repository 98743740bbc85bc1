import type { Interval } from "./intervals";

/** A piece of the axis: a stretch of time, and where it lies between 0 and 1. */
interface AxisPiece {
  readonly time: Interval;
  readonly place: Interval;
  /** A wait that is drawn shorter than it was. */
  readonly cut: boolean;
}

/** A wait on the axis that is drawn shorter than it was, in milliseconds and by its place. */
export interface AxisGap extends Interval {
  readonly ms: number;
}

/** Of the time in which somebody worked, a wait takes no more than this share of the axis. */
const longestWaitShare = 0.06;
/** A shorter wait is never cut, in milliseconds. */
const shortestCutMs = 1000;

/** The time of a session on a line from 0 to 1. Long waits are cut, so that a night does not hide a minute's work. */
export class TimeAxis {
  readonly #pieces: readonly AxisPiece[];

  /** @param waits stretches in which nobody worked, in order. */
  constructor(whole: Interval, waits: readonly Interval[]) {
    const waited = waits.reduce((sum, { from, to }) => sum + to - from, 0);
    const worked = Math.max(1, whole.to - whole.from - waited);
    const longest = worked * longestWaitShare;
    const lengths: { time: Interval; length: number; cut: boolean }[] = [];
    let at = whole.from;
    const add = (to: number, cut: boolean): void => {
      if (to > at) lengths.push({ time: { from: at, to }, length: cut ? longest : to - at, cut });
      at = Math.max(at, to);
    };
    for (const wait of waits) {
      if (wait.to - wait.from <= Math.max(longest, shortestCutMs)) continue;
      add(wait.from, false);
      add(wait.to, true);
    }
    add(whole.to, false);
    const total = Math.max(
      1,
      lengths.reduce((sum, { length }) => sum + length, 0),
    );
    let place = 0;
    this.#pieces = lengths.map(({ time, length, cut }) => {
      const from = place / total;
      place += length;
      return { time, place: { from, to: place / total }, cut };
    });
  }

  /** Where a time lies. */
  placeOf(ms: number): number {
    const piece = this.#find(({ time }) => ms <= time.to);
    if (piece === undefined) return 0;
    const { time, place } = piece;
    const share = (ms - time.from) / Math.max(1, time.to - time.from);
    return place.from + Math.min(1, Math.max(0, share)) * (place.to - place.from);
  }

  /** The time at a place. */
  timeAt(place: number): number {
    const piece = this.#find((one) => place <= one.place.to);
    if (piece === undefined) return 0;
    const share = (place - piece.place.from) / Math.max(Number.EPSILON, piece.place.to - piece.place.from);
    return piece.time.from + Math.min(1, Math.max(0, share)) * (piece.time.to - piece.time.from);
  }

  /** The waits that are drawn shorter than they were. */
  get gaps(): readonly AxisGap[] {
    return this.#pieces.flatMap(({ time, place, cut }) =>
      cut ? [{ ...place, ms: time.to - time.from }] : [],
    );
  }

  /** The first piece for which the test holds, else the last; the pieces are in order. */
  #find(test: (piece: AxisPiece) => boolean): AxisPiece | undefined {
    let [low, high] = [0, this.#pieces.length - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const piece = this.#pieces[middle];
      if (piece !== undefined && test(piece)) high = middle;
      else low = middle + 1;
    }
    return this.#pieces[low];
  }
}
