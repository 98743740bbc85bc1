/** A whole number with its thousands grouped, the same on every machine: 6,100. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}
