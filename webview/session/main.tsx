import { render } from "preact";
import { noFilter, panelViews } from "../../src/protocol/session-panel";
import type { EventFilter, PanelMessage, PanelView } from "../../src/protocol/session-panel";
import type { PanelRequest } from "../../src/protocol/session-requests";
import { Host } from "../ui/host";
import { presses } from "../ui/presses";
import { registerToolkit } from "../ui/register";
import { pageElement } from "../ui/page-element";
import "../ui/base.css";
import "./session.css";
import "./transcript.css";
import "./pages.css";
import { Filters } from "./filters";
import { keptFrom } from "./kept";
import { EventList } from "./list";
import type { VisibleRows } from "./list";
import { Pager } from "./pager";
import { Pages } from "./pages";
import { DetailsPane, emptyText, Header } from "./parts";
import { initialState, missingRange, reduce, rowAfterKey, silence } from "./store";
import type { Action, PanelViewState } from "./store";
import { Tabs } from "./tabs";
import { TranscriptView } from "./transcript-view";

registerToolkit();
presses.watch(document);

const host = new Host<PanelRequest, PanelMessage>();
const toolbarElement = pageElement("toolbar");
const listElement = pageElement("list");
const emptyElement = pageElement("empty");
const pagerElement = pageElement("pager");
const detailsElement = pageElement("details");
let kept = keptFrom(host.recall(), document.body.dataset);
let state: PanelViewState = { ...initialState, filter: kept.filter };
/** How often the panel pings the extension, in milliseconds: a panel outlives an extension that crashes. */
const pingMs = 4000;
let asked = "";
/** Whether the list of events has shown its newest events, with which it opens. */
let opened = false;
let filterTimer: ReturnType<typeof setTimeout> | undefined;

const list = new EventList(listElement, pageElement("canvas"), {
  row: (index) => state.rows.get(index),
  selected: () => state.selected,
  drawn: askFor,
  moved: drawPager,
  select,
});

const transcript = new TranscriptView(pageElement("transcript-list"), {
  request: (edition, rows) => host.send({ type: "transcript", edition, ...rows }),
  requestPart: (seq, id) => host.send({ type: "part", seq, id }),
  moved: drawTranscriptPager,
  onOpen: openPart,
  onCopy: (seq, id) => host.send({ type: "copy_part", seq, id }),
  onDiff: (seq, path) => host.send({ type: "diff", seq, path }),
  onEvent: (index) => {
    show("events");
    select(index);
  },
});

const pages = new Pages({
  send: (request) => host.send(request),
  onBar: ({ step, seq, count }) => {
    // Several steps are shown by the place of the first.
    setFilter(count === 1 ? { ...noFilter, step } : noFilter);
    show("transcript");
    if (count > 1) transcript.go(seq);
  },
});

function dispatch(action: Action): void {
  state = reduce(state, action);
  draw();
}

/** Whether the view shows single events. */
function isFiltered(view: PanelView): boolean {
  return view === "transcript" || view === "events";
}

function draw(): void {
  const { info, filter, details, selected, unanswered, steps, following } = state;
  render(
    <>
      <Header
        info={info}
        onArtifact={(action, { path, shown }) =>
          host.send({ type: "artifact", action, path, ...(shown === undefined ? {} : { shown }) })
        }
        silent={unanswered >= silence}
      />
      {info !== undefined && (
        <>
          <Tabs view={kept.view} onView={show} />
          {isFiltered(kept.view) && (
            <Filters
              info={info}
              filter={filter}
              steps={steps}
              onFilter={setFilter}
              onSteps={(text) => host.send({ type: "steps", text })}
              onLook={(on) => host.send({ type: "look", on })}
            />
          )}
        </>
      )}
    </>,
    toolbarElement,
  );
  for (const view of panelViews) pageElement(view).hidden = view !== kept.view;
  emptyElement.textContent = state.failure ?? emptyText(info);
  pageElement("transcript-empty").textContent = emptyElement.textContent;
  if (info === undefined) return;
  pages.show(kept.view, info);
  if (kept.view === "transcript") transcript.update(info, following);
  if (kept.view !== "events") return;
  listElement.style.setProperty("--digits", String(String(info.total).length));
  list.update(info.matching, following);
  if (!opened) {
    opened = true;
    if (following) list.toEnd();
  }
  render(
    <DetailsPane details={details} selected={selected !== undefined} onCopy={copy} onOpen={openPart} />,
    detailsElement,
  );
}

function pager(
  visible: VisibleRows | undefined,
  back: () => void,
  end: () => void,
  element: HTMLElement,
): void {
  const { info, following } = state;
  render(
    <Pager
      visible={visible}
      count={info?.matching ?? 0}
      live={info?.live === true}
      following={following}
      onBack={() => {
        follow(false);
        back();
      }}
      onEnd={() => {
        follow(true);
        end();
      }}
      onFollow={(on) => {
        follow(on);
        if (on) end();
      }}
    />,
    element,
  );
}

function drawPager(visible: VisibleRows): void {
  pager(
    visible,
    () => list.pageBack(),
    () => list.toEnd(),
    pagerElement,
  );
}

function drawTranscriptPager(): void {
  pager(
    transcript.visible,
    () => transcript.pageBack(),
    () => transcript.go("end"),
    pageElement("transcript-pager"),
  );
}

function follow(following: boolean): void {
  if (following === state.following) return;
  dispatch({ type: "follow", following });
  if (kept.view === "transcript") drawTranscriptPager();
  else drawPager(list.visible);
}

/** Scrolling back ends following; coming to the end begins it. */
function followReader(scroller: HTMLElement, atEnd: () => boolean): void {
  let before = 0;
  scroller.addEventListener("scroll", () => {
    const { scrollTop } = scroller;
    const isBack = scrollTop < before;
    before = scrollTop;
    if (isBack && state.following && !atEnd()) follow(false);
    else if (!isBack && !state.following && state.selected === undefined && atEnd()) follow(true);
  });
}

function show(view: PanelView): void {
  if (view !== kept.view) host.send({ type: "view", view });
  kept = { ...kept, view };
  host.keep(kept);
  draw();
  if (view === "transcript") drawTranscriptPager();
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
  kept = { ...kept, filter };
  host.keep(kept);
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

function openPart(seq: number, id: string): void {
  host.send({ type: "open_part", seq, id });
}

/** Shows an event whatever the filter was; without a filter, its index is its number. */
function reveal(seq: number): void {
  dispatch({ type: "filter", filter: noFilter });
  kept = { ...kept, filter: noFilter };
  host.keep(kept);
  asked = "";
  if (kept.view !== "events") {
    show("transcript");
    transcript.go(seq);
  } else {
    show("events");
    select(seq);
  }
}

listElement.addEventListener("keydown", (event) => {
  const index = rowAfterKey(event.key, state.selected, state.info?.matching ?? 0, list.visible);
  if (index === undefined) return;
  event.preventDefault();
  select(index);
});
followReader(listElement, () => list.atEnd);
followReader(pageElement("transcript-list"), () => transcript.atEnd);
host.listen((message) => {
  dispatch({ type: "message", message });
  if (message.type === "reveal") reveal(message.seq);
  pages.take(message);
  if (message.type === "transcript") transcript.take(message);
  if (message.type === "stream") transcript.takeStream(message);
  if (message.type === "part") transcript.takePart(message);
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
