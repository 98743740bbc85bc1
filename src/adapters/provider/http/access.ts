import { ProviderError } from "../../../engine/error/provider-error";
import { globalFetch } from "./global-fetch";
import type { FetchLike } from "./transport";

/** How a provider reaches its server: the transport and the keys. */
export interface Access {
  /**
   * The key behind `secret:NAME` or `env:NAME`, for the server of this origin (scheme, host, port) and no other. Asked
   * for each call, so that a corrected key takes effect immediately.
   * @throws {OrketError} secret_missing, key_not_allowed.
   */
  readonly resolveSecret: (reference: string, origin: string) => Promise<string>;
  /**
   * How requests are sent. In VS Code omit it: the global `fetch` knows the user's proxy. The
   * command line passes `createHttpFetch()`, which costs less and sets no limit of its own for slow first tokens.
   */
  readonly fetch?: FetchLike;
}

/** The transport to use: the given one, or the global `fetch` at the time of the call. */
export function transportOf(access: Access): FetchLike {
  return access.fetch ?? globalFetch;
}

/** The server of an address: its scheme, host and port. */
function originOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).origin : endpoint;
}

/**
 * The key for a call; undefined when the Venue names none.
 * @throws {ProviderError} unauthorized when it is missing or cannot be sent in a header.
 */
async function keyFor(
  access: Access,
  reference: string | undefined,
  endpoint: string,
): Promise<string | undefined> {
  if (reference === undefined) return undefined;
  let key: string;
  try {
    key = (await access.resolveSecret(reference, originOf(endpoint))).trim();
  } catch (error) {
    const hint = error instanceof Error && "hint" in error ? ` ${String(error.hint)}` : "";
    const why = error instanceof Error ? `${error.message}${hint}` : String(error);
    const refused = error instanceof Error && "code" in error && error.code === "key_not_allowed";
    throw new ProviderError(
      "unauthorized",
      refused ? why : `The key '${reference}' could not be read: ${why}`,
    );
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

/** The part of a Venue that determines how to call its server. */
export interface Credentialed {
  readonly api_key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The headers that a Venue adds to each request, and the secrets among them. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  /** What must never appear in a message, a record or a reply. */
  readonly secrets: readonly string[];
}

/**
 * The key of a Venue and its own headers, with secrets in place of their names.
 * @throws {ProviderError} unauthorized when one is missing or cannot be sent in a header.
 */
export async function credentialsFor(
  access: Access,
  venue: Credentialed,
  endpoint: string,
): Promise<Credentials> {
  const headers: Record<string, string> = {};
  const secrets: string[] = [];
  const key = await keyFor(access, venue.api_key, endpoint);
  if (key !== undefined) {
    headers["authorization"] = `Bearer ${key}`;
    secrets.push(key);
  }
  for (const [name, value] of Object.entries(venue.headers ?? {})) {
    const { scheme, reference } = secretIn(value);
    const secret = reference === undefined ? undefined : await keyFor(access, reference, endpoint);
    headers[name.toLowerCase()] = secret === undefined ? value : `${scheme}${secret}`;
    if (secret !== undefined) secrets.push(secret);
  }
  return { headers, secrets };
}

/** `secret:NAME`, `env:NAME`, or the same behind a scheme: `Bearer secret:NAME`. */
function secretIn(value: string): { readonly scheme: string; readonly reference: string | undefined } {
  const match = /^((?:[A-Za-z][\w-]* )?)((?:secret|env):[A-Za-z0-9_.-]+)$/.exec(value);
  return { scheme: match?.[1] ?? "", reference: match?.[2] };
}

/** The names of all secrets that the Venue's requests use. */
export function secretsOf({ api_key, headers = {} }: Credentialed): string[] {
  const inHeaders = Object.values(headers).flatMap((value) => secretIn(value).reference ?? []);
  return [...new Set([...(api_key === undefined ? [] : [api_key]), ...inHeaders])];
}
