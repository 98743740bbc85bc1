/*
 * The only place where a test lets time pass by the clock; ESLint refuses it elsewhere. Wait for a condition with `until`.
 * `pace` is for the time of somebody whom the test plays, such as a hand between two presses or a server between two words:
 * what is waited for must never be the product.
 */

/**
 * What `look` finds, as soon as it finds something other than undefined or false.
 * @throws {Error} with `what` when that has not come within `patienceMs`.
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  patienceMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`it did not come to this: ${what}`);
    await pace(25);
  }
}

/** Lets the time pass that somebody takes whom the test plays, in milliseconds. */
export function pace(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
