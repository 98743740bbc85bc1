/** A whole number with its thousands apart: `36,580`. The same on every machine, whatever its locale. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ",");
}
