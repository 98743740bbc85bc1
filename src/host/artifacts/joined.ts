/**
 * Runs one round of the work after the other. A call during a round asks for one more; all calls until that begins join it,
 * because each round looks at everything anew. A failed round is over, and the next one may succeed.
 */
export function joined(work: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  let waiting: Promise<void> | undefined;
  return () => {
    waiting ??= last = last
      .then(() => {
        waiting = undefined;
        return work();
      })
      .catch(() => undefined);
    return waiting;
  };
}
