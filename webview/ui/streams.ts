import { maxStreamLength } from "../../src/protocol/conductor";
import type { StreamPart } from "../../src/protocol/conductor";

/** Streamed text by step, of each the end. */
export type Streams = Readonly<Record<string, string>>;

export function withStreamed(streams: Streams, parts: readonly StreamPart[]): Streams {
  const next: Record<string, string> = { ...streams };
  for (const { step, text, fresh } of parts)
    next[step] = `${fresh ? "" : (next[step] ?? "")}${text}`.slice(-maxStreamLength);
  return next;
}
