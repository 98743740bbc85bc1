import type { EventDetails, EventFilter, StreamInfo } from "../../src/protocol/session-panel";
import { plural } from "../ui/format";
import { button, dropdown, textField } from "../ui/toolkit";
import { h, type Child } from "../ui/vdom";

/** Above the list: which session, how many events, what to show of them. */
export function toolbar(
  info: StreamInfo | undefined,
  filter: EventFilter,
  onFilter: (filter: EventFilter) => void,
): Child[] {
  if (info === undefined) return [h("p", { key: "loading", class: "hint" }, "Loading …")];
  const filtered = info.matching !== info.total;
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
      h(
        "span",
        { class: "hint count", attrs: { role: "status" } },
        filtered
          ? `${info.matching.toLocaleString("en")} of ${plural(info.total, "event")}`
          : plural(info.total, "event"),
      ),
    ),
  ];
}

/** What the list says when it has no row. */
export function emptyText(info: StreamInfo | undefined): string {
  if (info === undefined) return "";
  if (info.total === 0) return "No event yet.";
  return info.matching === 0 ? "No event matches the filter." : "";
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
