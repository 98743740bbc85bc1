import { isLost, KeptConnections } from "./kept-connections";
import { onKeptConnection } from "./transport";
import type { FetchInit, FetchLike, FetchResponse } from "./transport";

let kept: KeptConnections | undefined;

/**
 * The global `fetch`, in VS Code the one that knows the user's proxy, with a mark on requests that died on a kept connection.
 * Its pool connects anew for a request that follows (`fresh` has no effect). Where `fetch` is not undici's, nothing is
 * reported about connections.
 */
export const globalFetch: FetchLike = async (url: string, init: FetchInit): Promise<FetchResponse> => {
  kept ??= new KeptConnections();
  const sender = { onKept: false };
  try {
    return await kept.dispatching(sender, () => fetch(url, init));
  } catch (error) {
    if (sender.onKept && error instanceof Error && isLost(causeOf(error)))
      Object.assign(error, { [onKeptConnection]: true as const });
    throw error;
  }
};

/** undici's `fetch` wraps what happened in a TypeError. */
function causeOf(error: unknown): unknown {
  return error instanceof TypeError && error.cause !== undefined ? error.cause : error;
}
