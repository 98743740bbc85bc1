import type { TokenCount, TokenUsage } from "../../engine/event/tokens";
import { displayWidth, padToWidth } from "./width";
import { groupedExactly } from "../../engine/model/grouped";

/** The placeholder for an unknown value. */
export const unknown = "–";

/** `~` marks an estimate; an unknown number is never zero. */
export function formatCount(count: TokenCount | undefined): string {
  if (count === undefined) return unknown;
  return `${count.source === "estimated" ? "~" : ""}${groupedExactly(count.count)}`;
}

export function formatTokens(usage: TokenUsage): string {
  if (usage.input === undefined && usage.output === undefined) return unknown;
  return `${formatCount(usage.input)} in, ${formatCount(usage.output)} out`;
}

export function formatUsd(usd: number | undefined): string {
  if (usd === undefined) return unknown;
  return `$${usd === 0 || usd >= 1 ? usd.toFixed(2) : usd.toFixed(4)}`;
}

export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.floor((ms % 60_000) / 1000);
  if (minutes < 60) return `${minutes} min ${seconds} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

/** 2026-11-22T10:15:03.123Z as 2026-11-22 10:15:03, still UTC. */
export function formatTime(at: string): string {
  return at.slice(0, 19).replace("T", " ");
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${groupedExactly(count)} ${count === 1 ? one : many}`;
}

/** Rows in aligned columns; the last column is not padded. */
export function alignColumns(rows: readonly (readonly string[])[], gap = 2): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, displayWidth(cell));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : padToWidth(cell, (widths[column] ?? 0) + gap),
      )
      .join("")
      .trimEnd(),
  );
}
