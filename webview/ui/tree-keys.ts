/** Where a key leads from an item of a tree: in reading order, into a group, or out of one; undefined for other keys. */
export function itemAfterKey(key: string, from: HTMLElement): HTMLElement | undefined {
  const all = [...(from.closest("[role=tree]")?.querySelectorAll<HTMLElement>("[role=treeitem]") ?? [])];
  const index = all.indexOf(from);
  switch (key) {
    case "ArrowDown":
      return all[index + 1];
    case "ArrowUp":
      return all[index - 1];
    case "ArrowRight":
      return from.parentElement?.querySelector<HTMLElement>("[role=group] [role=treeitem]") ?? undefined;
    case "ArrowLeft":
      return (
        from.closest("[role=group]")?.parentElement?.querySelector<HTMLElement>(":scope > [role=treeitem]") ??
        undefined
      );
    case "Home":
      return all[0];
    case "End":
      return all.at(-1);
    default:
      return undefined;
  }
}
