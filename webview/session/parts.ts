import type { EventDetails, EventFilter, StreamInfo } from "../../src/protocol/session-panel";
import { plural } from "../ui/format";
import { button, dropdown, textField } from "../ui/toolkit";
import { h } from "../ui/vdom";
import type { Child } from "../ui/vdom";
import type { VisibleRows } from "./list";

/** Above the list: which session, how many events, what to show of them. */
export function toolbar(
  info: StreamInfo | undefined,
  filter: EventFilter,
  onFilter: (filter: EventFilter) => void,
  silent = false,
): Child[] {
  if (info === undefined) return [h("p", { key: "loading", class: "hint" }, "Loading …")];
  return [
    h(
      "div",
      { key: "title", class: "title" },
      h("h2", {}, info.flow),
      h("span", { class: "hint" }, `${info.status} · ${info.session}`),
    ),
    info.proven !== undefined &&
      info.proven.length > 0 &&
      h(
        "ul",
        { key: "proven", class: "proven hint", attrs: { "aria-label": "Proven" } },
        ...info.proven.map((sentence, index) => h("li", { key: String(index) }, sentence)),
      ),
    silent &&
      h(
        "p",
        { key: "silent", class: "problem", attrs: { role: "alert" } },
        "Orket does not answer: this is what was there before. Close this panel and open the session again.",
      ),
    info.problem !== undefined &&
      h("p", { key: "problem", class: "problem", attrs: { role: "alert" } }, info.problem),
    h(
      "div",
      { key: "filters", class: "filters", attrs: { role: "search", "aria-label": "Filter events" } },
      dropdown("Type", {
        value: filter.type,
        all: "All types",
        choices: info.types,
        onChange: (type) => onFilter({ ...filter, type }),
      }),
      dropdown("Step", {
        value: filter.step,
        all: "All steps",
        choices: info.steps,
        onChange: (step) => onFilter({ ...filter, step }),
      }),
      textField("Text", {
        value: filter.text,
        placeholder: "Filter by text",
        hiddenLabel: true,
        onInput: (text) => onFilter({ ...filter, text }),
      }),
      h("span", { class: "hint count", attrs: { role: "status" } }, countText(info)),
    ),
  ];
}

function countText({ matching, total, scanned }: StreamInfo): string {
  const all = plural(total, "event");
  if (scanned !== undefined) {
    const percent = Math.floor((100 * scanned) / total);
    return `${matching.toLocaleString("en")} of ${all}, ${percent} % looked through`;
  }
  return matching === total ? all : `${matching.toLocaleString("en")} of ${all}`;
}

/** Above the list when it is longer than the screen: which part of it can be seen, and the ways to the others. */
export function pager(
  visible: VisibleRows,
  count: number,
  go: { readonly back: () => void; readonly toEnd: () => void },
): Child[] {
  if (visible.last - visible.first + 1 >= count) return [];
  const [first, last] = [visible.first + 1, visible.last + 1].map((place) => place.toLocaleString("en"));
  return [
    h(
      "div",
      { key: "pager", class: "pager", attrs: { role: "group", "aria-label": "Place in the list" } },
      button("Earlier events", {
        icon: "arrow-up",
        title: "A screen back. In the list: PageUp; Home for the first event",
        repeats: true,
        onPress: go.back,
      }),
      button("Latest events", {
        icon: "arrow-down",
        title: "The end of the list, where new events come. In the list: End",
        onPress: go.toEnd,
      }),
      h("span", { class: "hint" }, `${first} – ${last} of ${count.toLocaleString("en")}`),
    ),
  ];
}

/** What the list says when it has no row. */
export function emptyText(info: StreamInfo | undefined): string {
  if (info === undefined) return "";
  if (info.total === 0) return "No event yet.";
  if (info.matching > 0) return "";
  return info.scanned === undefined ? "No event matches the filter." : "Looking …";
}

/** Beside the list: everything about the selected event. */
export function detailsPane(
  details: EventDetails | undefined,
  selected: boolean,
  onCopy: (text: string) => void,
): Child[] {
  if (details === undefined) {
    return [
      h("p", { key: "none", class: "hint" }, selected ? "Loading …" : "Select an event to see its data."),
    ];
  }
  return [
    h(
      "div",
      { key: `event ${details.seq}`, class: "details-content" },
      h(
        "div",
        { class: "title" },
        h("h3", {}, `${details.seq} ${details.type}`),
        h(
          "span",
          { class: "hint" },
          [details.step ?? "", details.at].filter((text) => text !== "").join(" · "),
        ),
      ),
      details.texts.map(({ label, text }, index) =>
        h(
          "section",
          { key: `${label} ${index}` },
          h("h4", {}, label),
          h("pre", { class: "text", attrs: { tabindex: 0, role: "region", "aria-label": label } }, text.text),
          text.cutFrom !== undefined &&
            h(
              "p",
              { class: "hint" },
              `Cut after ${text.text.length.toLocaleString("en")} of ${text.cutFrom.toLocaleString("en")} characters.`,
            ),
        ),
      ),
      h(
        "section",
        { key: "data" },
        h("h4", {}, "Data"),
        h(
          "pre",
          { class: "text", attrs: { tabindex: 0, role: "region", "aria-label": "Data" } },
          details.json,
        ),
      ),
      h(
        "div",
        { key: "copy", class: "buttons" },
        button("Copy data", { icon: "copy", onPress: () => onCopy(details.json) }),
      ),
    ),
  ];
}
