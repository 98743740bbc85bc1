import { ProviderError } from "../../../engine/error/provider-error";
import { readBody } from "./transport";
import type { FetchResponse } from "./transport";

/** The most that is read of a response that is not a reply (a list of models, a server's properties), in bytes. */
export const longestListBytes = 8 << 20;

/** The longest token in a reply, in UTF-16 units: most are 4 or 5 long, runs of blanks are the longest. */
const unitsOfToken = 32;
/** The longest token on the wire, in bytes: servers send each in an object of some hundred bytes. */
const wireBytesOfToken = 4096;
const margin = 64 << 10;
const wireMargin = 4 << 20;

/** Longest total of text, reasoning and arguments that is accepted in a reply, in UTF-16 units. */
export function longestReply(maxOutputTokens: number): number {
  return maxOutputTokens * unitsOfToken + margin;
}

/** Most bytes that are read for a reply, whatever they contain. */
export function longestStream(maxOutputTokens: number): number {
  return maxOutputTokens * wireBytesOfToken + wireMargin;
}

/** A body of at most `limit` bytes as text. @throws {ProviderError} malformed_reply when there are more. */
export function boundedText(response: FetchResponse, limit: number, address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    let stop = (): void => undefined;
    let isFull = false;
    stop = readBody(response, {
      data: (part) => {
        if (isFull) return;
        bytes += part.length;
        if (bytes <= limit) {
          parts.push(part);
          return;
        }
        isFull = true;
        reject(
          new ProviderError("malformed_reply", `The server at ${address} sent more than ${limit} bytes.`),
        );
        queueMicrotask(() => stop());
      },
      end: () => resolve(Buffer.concat(parts).toString("utf8")),
      error: (error) => reject(error instanceof Error ? error : new Error(String(error))),
    });
  });
}
