/** An element that every panel page contains. @throws {Error} if it is missing, since nothing can be rendered. */
export function pageElement(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no ${id}`);
  return element;
}
