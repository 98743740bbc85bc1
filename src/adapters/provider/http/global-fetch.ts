import { isLost, KeptConnections } from "./kept-connections";
import { onKeptConnection } from "./transport";
import type { FetchInit, FetchLike, FetchResponse } from "./transport";

/** How many connections that the server has closed meanwhile are passed over before a request gets one of its own. */
const mostStale = 8;

let kept: KeptConnections | undefined;

/**
 * The global `fetch`, in VS Code the one that knows the user's proxy. Its pool decides which connection a request gets, so a
 * request that needs a fresh one is repeated until it is no longer sent on one that the server has closed. Where `fetch` is
 * not undici's, nothing is reported about connections, and nothing is repeated.
 */
export const globalFetch: FetchLike = async (url: string, init: FetchInit): Promise<FetchResponse> => {
  kept ??= new KeptConnections();
  const { fresh = false, ...rest } = init;
  for (let left = fresh ? mostStale : 1; ; left -= 1) {
    const sender = { onKept: false };
    try {
      return await kept.dispatching(sender, () => fetch(url, rest));
    } catch (error) {
      if (!sender.onKept || !isLost(causeOf(error))) throw error;
      if (left > 1 && !init.signal.aborted) continue;
      throw Object.assign(error as Error, { [onKeptConnection]: true as const });
    }
  }
};

/** undici's `fetch` wraps what happened in a TypeError. */
function causeOf(error: unknown): unknown {
  return error instanceof TypeError && error.cause !== undefined ? error.cause : error;
}
