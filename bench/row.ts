/** One figure of the bench: always a ratio or a size, never a bare time. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The target, where there is one. */
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly note?: string;
}

/** Whether the figure meets its target; a figure without one always does. */
export function keepsPromise(row: BenchRow): boolean {
  return row.value <= (row.atMost ?? Infinity) && row.value >= (row.atLeast ?? -Infinity);
}
