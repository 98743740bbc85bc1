/** Areas of simple shapes. */

/** The area of a square. */
export function squareArea(side) {
  return side * side;
}
