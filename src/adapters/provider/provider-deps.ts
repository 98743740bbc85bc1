import { ProviderError } from "../../engine/error/provider-error";
import type { Timeouts } from "../../engine/model/venue";
import type { ModelProvider } from "../../engine/port/model-provider";
import type { MeshPool } from "./mesh/mesh-pool";
import type { FetchLike } from "./transport";

/** What the providers get from outside. */
export interface ProviderDeps {
  /**
   * The key behind `secret:NAME` or `env:NAME`. Asked for with every call, so that a corrected key works at once.
   * @throws {OrketError} secret_missing.
   */
  readonly resolveSecret: (reference: string) => Promise<string>;
  /**
   * How requests go out. In VS Code leave it away: the global `fetch` is the one that knows the user's proxy. The
   * command line passes `createHttpFetch()`, which costs less and has no limit of its own for slow first tokens.
   */
  readonly fetch?: FetchLike;
  /** Makes the provider `vscode-lm`; only a host inside VS Code has it. */
  readonly vscodeLm?: (venue: { readonly timeouts: Timeouts }) => ModelProvider | Promise<ModelProvider>;
  /**
   * The meshes of the process: sessions that get the same pool share the slots of equal nodes. Without it every provider
   * has a mesh of its own.
   */
  readonly mesh?: MeshPool;
}

/** The transport to use: the given one, or whatever `fetch` is at the moment of the call. */
export function transportOf(deps: ProviderDeps): FetchLike {
  return deps.fetch ?? ((url, init) => fetch(url, init));
}

/**
 * The key for a call; undefined when the Venue names none.
 * @throws {ProviderError} unauthorized when it is missing or cannot be sent in a header.
 */
export async function keyFor(deps: ProviderDeps, reference: string | undefined): Promise<string | undefined> {
  if (reference === undefined) return undefined;
  let key: string;
  try {
    key = (await deps.resolveSecret(reference)).trim();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ProviderError("unauthorized", `The key '${reference}' could not be read: ${why}`);
  }
  if (key === "") throw new ProviderError("unauthorized", `The key '${reference}' is empty.`);
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new ProviderError(
      "unauthorized",
      `The key '${reference}' holds a blank, a line break or another character that cannot be sent.`,
    );
  }
  return key;
}
