/** One figure of the bench: always a ratio or a size, never a bare time. */
export interface BenchRow {
  readonly name: string;
  /** undefined: it cannot be measured on this machine. */
  readonly value: number | undefined;
  readonly unit: string;
  /** The target, where there is one. */
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly note?: string;
}

/** Whether the figure meets its target; one without a target, or that could not be measured, always does. */
export function keepsPromise(row: BenchRow): boolean {
  if (row.value === undefined) return true;
  return row.value <= (row.atMost ?? Infinity) && row.value >= (row.atLeast ?? -Infinity);
}
