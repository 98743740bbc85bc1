/* Formats for numbers and times. Unknown is a dash, an estimate has a tilde; neither is ever a zero. */

interface Count {
  readonly count: number;
  readonly source: "measured" | "estimated";
}

/** 950, 1.2k, 34k, 1.2M. */
export function compactNumber(value: number): string {
  if (value < 1000) return String(Math.round(value));
  const [scaled, unit] = value < 999_500 ? [value / 1000, "k"] : [value / 1_000_000, "M"];
  return `${scaled < 9.95 ? scaled.toFixed(1).replace(/\.0$/, "") : Math.round(scaled).toString()}${unit}`;
}

export function tokenText(count: Count | undefined): string {
  if (count === undefined) return "–";
  return `${count.source === "estimated" ? "~" : ""}${compactNumber(count.count)}`;
}

/** The text for a screen reader and a tooltip. */
export function tokenTitle(count: Count | undefined): string {
  if (count === undefined) return "unknown";
  return `${numberText(count.count)} ${count.source}`;
}

/** 3 s, 1:05 min, 2:03:09 h. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const pad = (value: number): string => String(value).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${pad(seconds % 60)} min`;
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)} h`;
}

export function costText(usd: number): string {
  // The sign and the amount stay in one line.
  return usd > 0 && usd < 0.01 ? "<\u00a0$0.01" : `$${usd.toFixed(2)}`;
}

/** Thousands are grouped: 6,100. */
export function numberText(value: number): string {
  return value.toLocaleString("en");
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}
