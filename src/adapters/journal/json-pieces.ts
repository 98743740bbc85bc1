import { LateList } from "../../engine/state/late-list";
import { Breath } from "../system/breath";

/*
 * A large value as lines of JSON: first the elements of its long lists, so many a line, then the value without them and the
 * places where they go. Neither writing nor reading it holds the thread for long.
 */

/** Most elements of a list in one line; a longer list is taken out of the value. */
const pieceElements = 256;
const lineFeed = 0x0a;

type Path = readonly (string | number)[];

/** A list that was taken out: where it belongs, and how many lines hold its elements. */
interface Place {
  readonly path: Path;
  readonly lines: number;
}

interface Last {
  readonly places: readonly Place[];
  readonly rest: unknown;
}

function* withoutLists(value: unknown, path: Path, places: Place[]): Generator<string, unknown, void> {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const list = value as readonly unknown[];
    if (list.length <= pieceElements) {
      const rest: unknown[] = [];
      for (const [index, element] of list.entries())
        rest.push(yield* withoutLists(element, [...path, index], places));
      return rest;
    }
    for (let from = 0; from < list.length; from += pieceElements)
      yield JSON.stringify(list.slice(from, from + pieceElements));
    places.push({ path, lines: Math.ceil(list.length / pieceElements) });
    return [];
  }
  const rest: [string, unknown][] = [];
  for (const [key, inner] of Object.entries(value))
    rest.push([key, yield* withoutLists(inner, [...path, key], places)]);
  // A key such as `__proto__` stays a key.
  return Object.fromEntries(rest);
}

/** The lines of a value that JSON can hold, without line feeds. */
export function* toPieces(value: unknown): Generator<string, void, void> {
  const places: Place[] = [];
  const rest = yield* withoutLists(value, [], places);
  const last: Last = { places, rest };
  yield JSON.stringify(last);
}

/** Where the lines begin and end. @throws {Error} when the last one has no line feed. */
function lineBounds(bytes: Buffer): (readonly [number, number])[] {
  const bounds: (readonly [number, number])[] = [];
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(lineFeed, from);
    if (end < 0) throw new Error("The last line is cut off.");
    bounds.push([from, end]);
    from = end + 1;
  }
  return bounds;
}

/**
 * The value of lines that `toPieces` made, each with a line feed.
 * @param late places of lists, such as `scope.results`, that are returned as a `LateList` if they were taken out: their lines are
 * parsed only when they are read, and must be known to be whole.
 * @throws {Error} when they are others.
 */
export async function fromPieces(bytes: Buffer, late: ReadonlySet<string> = new Set()): Promise<unknown> {
  const breath = new Breath();
  const bounds = lineBounds(bytes);
  const parsed = (line: number): unknown => {
    const [from, end] = bounds[line] ?? [0, 0];
    return JSON.parse(bytes.toString("utf8", from, end));
  };
  const lines = bounds.length - 1;
  const { places, rest } = parsed(lines) as Last;
  let line = 0;
  for (const { path, lines: count } of places) {
    const first = line;
    const parts = Array.from({ length: count }, (_, part) => () => parsed(first + part) as unknown[]);
    const at = (place: Path): unknown =>
      place.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], rest);
    if (late.has(path.join("."))) {
      const length = (count - 1) * pieceElements + (parts.at(-1)?.().length ?? 0);
      const around = at(path.slice(0, -1)) as Record<string, unknown>;
      around[path.at(-1) ?? ""] = new LateList(parts, pieceElements, length);
    } else {
      const list = at(path) as unknown[];
      for (const part of parts) {
        list.push(...part());
        await breath.pause();
      }
    }
    line += count;
  }
  if (line !== lines) throw new Error("Lines are left over.");
  return rest;
}
