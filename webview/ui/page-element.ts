/** An element that the page of a panel is written with. @throws {Error} without it there is nothing to draw into. */
export function pageElement(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no ${id}`);
  return element;
}
