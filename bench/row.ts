/** One figure of the bench: always a ratio or a size, never a bare time. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The promise, where there is one. */
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly note?: string;
}

/** Whether the figure keeps its promise; a figure without one always does. */
export function keepsPromise(row: BenchRow): boolean {
  return row.value <= (row.atMost ?? Infinity) && row.value >= (row.atLeast ?? -Infinity);
}
