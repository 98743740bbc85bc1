import type { BlobRef } from "../../engine/event/content";
import type { SessionEvent } from "../../engine/event/event";
import { eachEvent } from "./source";
import type { ExportSource } from "./source";

/** A blob with its contents: as text where it is text, as base64 where it is not, neither where it cannot be read. */
type Resolved = BlobRef & ({ readonly text: string } | { readonly base64: string } | object);

/**
 * The events, one JSON object per line, without the link to the line before. As recorded; `contents` adds the
 * blobs' contents beside their digests.
 */
export async function* exportNdjson(
  source: ExportSource,
  { contents }: { readonly contents: boolean },
): AsyncGenerator<string, void, void> {
  for await (const event of eachEvent(source.events))
    yield `${JSON.stringify(await lineOf(event, source, contents))}\n`;
}

async function lineOf(event: SessionEvent, source: ExportSource, contents: boolean): Promise<unknown> {
  const { seq, at, type, step } = event;
  // The definition is a file of its own, not a blob.
  const data = contents && type !== "session_start" ? await resolved(event.data, source) : event.data;
  return { seq, at, type, step, data };
}

async function resolved(value: unknown, source: ExportSource): Promise<unknown> {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Promise.all(value.map((item) => resolved(item, source)));
  if (isRef(value)) return withContents(value, source);
  const entries = await Promise.all(
    Object.entries(value).map(async ([key, inner]) => [key, await resolved(inner, source)] as const),
  );
  return Object.fromEntries(entries);
}

function isRef(value: object): value is BlobRef {
  return "sha256" in value && "bytes" in value && Object.keys(value).length === 2;
}

async function withContents(ref: BlobRef, source: ExportSource): Promise<Resolved> {
  let bytes: Uint8Array;
  try {
    bytes = await source.getBytes(ref);
  } catch {
    return ref;
  }
  const text = source.utf8.decode(bytes);
  return text === null ? { ...ref, base64: base64(bytes) } : { ...ref, text };
}

const base64Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Bytes as base64 (RFC 4648), with padding. */
export function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b, c] = bytes.subarray(at, at + 3);
    const group = (a << 16) | ((b ?? 0) << 8) | (c ?? 0);
    parts.push(
      base64Digits.charAt(group >> 18) +
        base64Digits.charAt((group >> 12) & 63) +
        (b === undefined ? "=" : base64Digits.charAt((group >> 6) & 63)) +
        (c === undefined ? "=" : base64Digits.charAt(group & 63)),
    );
  }
  return parts.join("");
}
