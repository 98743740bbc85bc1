import * as z from "zod";
import { once } from "../../engine/model/once";

/** An end that happened while its session was not visible, and that the user has not looked at yet. */
const unseenEndsSchema = once(() =>
  z.array(
    z.object({
      /** The session's folder. */
      directory: z.string(),
      flow: z.string(),
      /** The word for its state: `completed`. */
      word: z.string(),
      /** The notice, in one sentence. */
      sentence: z.string(),
    }),
  ),
);
export type UnseenEnd = z.infer<ReturnType<typeof unseenEndsSchema>>[number];

/** What a window keeps between its reloads. */
interface Memory {
  get(key: string): unknown;
  update(key: string, value: unknown): unknown;
}

const key = "orket.unseenEnds";

/** Maximum number of ends that are kept, newest last. */
const maxEnds = 50;

/** The ends that nobody saw, kept until the user looks at them, also when the window is reloaded before that. */
export class UnseenEnds {
  readonly #memory: Memory;
  readonly #listeners = new Set<() => void>();
  #ends: readonly UnseenEnd[];

  constructor(memory: Memory) {
    this.#memory = memory;
    const remembered = memory.get(key);
    const read = remembered === undefined ? undefined : unseenEndsSchema().safeParse(remembered);
    this.#ends = read?.data ?? [];
  }

  /** Oldest first. */
  get all(): readonly UnseenEnd[] {
    return this.#ends;
  }

  add(end: UnseenEnd): void {
    this.#keep([...this.#ends.filter(({ directory }) => directory !== end.directory), end].slice(-maxEnds));
  }

  /** Keeps only the ends that `isUnseen` is true for. */
  retain(isUnseen: (end: UnseenEnd) => boolean): void {
    const kept = this.#ends.filter(isUnseen);
    if (kept.length < this.#ends.length) this.#keep(kept);
  }

  listen(changed: () => void): void {
    this.#listeners.add(changed);
  }

  #keep(ends: readonly UnseenEnd[]): void {
    this.#ends = ends;
    this.#memory.update(key, ends);
    for (const changed of this.#listeners) changed();
  }
}
