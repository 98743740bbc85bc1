import { noFilter, panelViews } from "../../src/protocol/session-panel";
import type { EventFilter, PanelView } from "../../src/protocol/session-panel";

/** What the panel keeps across a reload of the window. */
export interface Kept {
  readonly folder: string;
  readonly session: string;
  readonly view: PanelView;
  readonly filter: EventFilter;
}

/** What was kept, or what a new panel begins with. `page` is what the extension wrote into the page. */
export function keptFrom(before: unknown, page: Readonly<Record<string, string | undefined>>): Kept {
  const { folder = "", session = "" } = page;
  const fields = typeof before === "object" && before !== null ? new Map(Object.entries(before)) : new Map();
  const filter: unknown = fields.get("filter");
  const view: unknown = fields.get("view") ?? page["view"];
  return {
    folder,
    session,
    view: panelViews.find((name) => name === view) ?? panelViews[0],
    filter: isFilter(filter) ? filter : noFilter,
  };
}

function isFilter(value: unknown): value is EventFilter {
  if (typeof value !== "object" || value === null) return false;
  return Object.keys(noFilter).every((key) => typeof Reflect.get(value, key) === "string");
}
