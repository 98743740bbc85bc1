import { maxStreamLength } from "../../src/protocol/conductor";
import type { StreamPart } from "../../src/protocol/conductor";

/** Streamed text by step, of each the end. */
export type Streams = Readonly<Record<string, string>>;

export function withStreamed(streams: Streams, parts: readonly StreamPart[]): Streams {
  const next: Record<string, string> = { ...streams };
  for (const { step, text, fresh } of parts)
    next[step] = `${fresh ? "" : (streamedOf(next, step) ?? "")}${text}`.slice(-maxStreamLength);
  return next;
}

/** A step may bear a name that every object has, such as `constructor`. */
export function streamedOf(streams: Streams, step: string): string | undefined {
  return Object.hasOwn(streams, step) ? streams[step] : undefined;
}
