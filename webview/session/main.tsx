import { render } from "preact";
import { noFilter } from "../../src/protocol/session-panel";
import type { EventFilter, PanelMessage, PanelRequest } from "../../src/protocol/session-panel";
import { Host } from "../ui/host";
import { presses } from "../ui/presses";
import { registerToolkit } from "../ui/register";
import "../ui/base.css";
import "./session.css";
import { EventList } from "./list";
import type { VisibleRows } from "./list";
import { DetailsPane, emptyText, Pager, Toolbar } from "./parts";
import { initialState, missingRange, reduce, rowAfterKey, silence } from "./store";
import type { Action, PanelViewState } from "./store";
import { pageElement } from "../ui/page-element";

registerToolkit();
presses.watch(document);

const host = new Host<PanelRequest, PanelMessage>();
const toolbarElement = pageElement("toolbar");
const listElement = pageElement("list");
const emptyElement = pageElement("empty");
const pagerElement = pageElement("pager");
const detailsElement = pageElement("details");
const kept = keptState();
let state: PanelViewState = { ...initialState, filter: kept.filter };
/** How often the panel pings the extension, in milliseconds: a panel outlives an extension that crashes. */
const pingMs = 4000;
let asked = "";
/** Whether the panel has shown its newest events, with which it opens. */
let opened = false;
let filterTimer: ReturnType<typeof setTimeout> | undefined;

const list = new EventList(listElement, pageElement("canvas"), {
  row: (index) => state.rows.get(index),
  selected: () => state.selected,
  drawn: askFor,
  moved: drawPager,
  select,
});

/** The page names the session; the filter is restored from the saved state. */
function keptState(): { folder: string; session: string; filter: EventFilter } {
  const { folder = "", session = "" } = document.body.dataset;
  const before = host.recall();
  const filter =
    typeof before === "object" && before !== null && "filter" in before && isFilter(before.filter)
      ? before.filter
      : noFilter;
  return { folder, session, filter };
}

function isFilter(value: unknown): value is EventFilter {
  if (typeof value !== "object" || value === null) return false;
  return ["type", "step", "text"].every((key) => typeof Reflect.get(value, key) === "string");
}

function dispatch(action: Action): void {
  state = reduce(state, action);
  draw();
}

function draw(): void {
  const { info, filter, details, selected, unanswered } = state;
  render(
    <Toolbar
      info={info}
      filter={filter}
      onFilter={setFilter}
      onArtifact={(action, { path, shown }) =>
        host.send({ type: "artifact", action, path, ...(shown === undefined ? {} : { shown }) })
      }
      silent={unanswered >= silence}
    />,
    toolbarElement,
  );
  listElement.style.setProperty("--digits", String(String(info?.total ?? 0).length));
  list.update(info?.matching ?? 0);
  if (!opened && info !== undefined) {
    opened = true;
    list.toEnd();
  }
  emptyElement.textContent = state.failure ?? emptyText(info);
  render(<DetailsPane details={details} selected={selected !== undefined} onCopy={copy} />, detailsElement);
}

function drawPager(visible: VisibleRows): void {
  render(
    <Pager
      visible={visible}
      count={state.info?.matching ?? 0}
      onBack={() => list.pageBack()}
      onEnd={() => list.toEnd()}
    />,
    pagerElement,
  );
}

/** Requests the missing rows, and a page more in both directions; does not repeat the same request. */
function askFor(first: number, last: number): void {
  const { info } = state;
  if (info === undefined || info.matching === 0) return;
  const missing = missingRange(state, first, Math.min(last, info.matching - 1));
  if (missing === undefined) return;
  const from = Math.max(0, missing.from - 40);
  const to = Math.min(info.matching, missing.to + 40);
  const question = `${info.edition} ${from} ${to} ${info.matching}`;
  if (question === asked) return;
  asked = question;
  host.send({ type: "rows", edition: info.edition, from, to });
}

function setFilter(filter: EventFilter): void {
  dispatch({ type: "filter", filter });
  host.keep({ folder: kept.folder, session: kept.session, filter });
  clearTimeout(filterTimer);
  filterTimer = setTimeout(() => {
    asked = "";
    list.toStart();
    host.send({ type: "filter", filter });
  }, 120);
}

function select(index: number): void {
  const row = state.rows.get(index);
  dispatch({ type: "select", index });
  list.reveal(index);
  if (row !== undefined) host.send({ type: "details", seq: row.seq });
}

function copy(text: string): void {
  host.send({ type: "copy", text });
}

listElement.addEventListener("keydown", (event) => {
  const index = rowAfterKey(event.key, state.selected, state.info?.matching ?? 0, list.visible);
  if (index === undefined) return;
  event.preventDefault();
  select(index);
});
host.listen((message) => {
  dispatch({ type: "message", message });
  if (message.type === "reveal") {
    // Without a filter, an event's index is its number.
    dispatch({ type: "filter", filter: noFilter });
    host.keep({ folder: kept.folder, session: kept.session, filter: noFilter });
    asked = "";
    select(message.seq);
  }
  // A row that was selected by key before it had been loaded.
  if (message.type === "rows" && state.details === undefined && state.selected !== undefined) {
    const row = state.rows.get(state.selected);
    if (row !== undefined) host.send({ type: "details", seq: row.seq });
  }
});
host.keep(kept);
draw();
host.send({ type: "ready", filter: state.filter });
setInterval(() => {
  dispatch({ type: "pinged" });
  host.send({ type: "ping" });
}, pingMs);
