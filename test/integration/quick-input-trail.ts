import type { BrowserContext, Page } from "playwright-core";

interface Recorded extends Window {
  orketQuickInput?: string[];
}

/**
 * Has every page note what becomes of the quick input, and what keys and clicks came: it opens and closes faster than
 * a picture can show, and a test that waits for it without end must say why.
 */
export async function recordQuickInput(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    if (window.top !== window) return;
    const trail: string[] = [];
    (window as Recorded).orketQuickInput = trail;
    const note = (line: string): void => {
      trail.push(`${Math.round(performance.now())} ms: ${line}`);
      if (trail.length > 60) trail.shift();
    };
    let before = "";
    setInterval(() => {
      const widget = document.querySelector<HTMLElement>(".quick-input-widget");
      const rows = [...(widget?.querySelectorAll(".monaco-list-row") ?? [])].slice(0, 3);
      const shown = widget !== null && widget.style.display !== "none";
      const text = widget?.querySelector<HTMLInputElement>("input[type=text]")?.value ?? "";
      const now = shown
        ? `'${text}' [${rows.map((row) => (row.textContent ?? "").slice(0, 40)).join(" | ")}]`
        : "closed";
      const line = `${now}, keys go to ${document.activeElement?.tagName ?? "nothing"}`;
      if (line !== before) note(line);
      before = line;
    }, 10);
    for (const type of ["keydown", "mousedown", "mouseup", "click"]) {
      window.addEventListener(
        type,
        (event) => {
          const where = event.target instanceof Element ? event.target.className.toString().slice(0, 60) : "";
          note(`${type} ${event instanceof KeyboardEvent ? event.key : ""} on ${where}`);
        },
        true,
      );
    }
  });
}

/** What a page noted, the latest last. */
export async function quickInputTrail(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => (window as Recorded).orketQuickInput ?? []);
}
