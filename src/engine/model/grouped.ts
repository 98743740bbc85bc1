/** A whole number with its thousands grouped, the same on every machine: 6,100. */
export function grouped(value: number): string {
  return groupedExactly(Math.round(value));
}

/** As `grouped`, with digits after the decimal point: 6,100.25. */
export function groupedExactly(value: number): string {
  const [whole = "", fraction] = String(value).split(".");
  const thousands = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? thousands : `${thousands}.${fraction}`;
}
