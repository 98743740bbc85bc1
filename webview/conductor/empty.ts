import type { ConductorScreen, FlowChoice } from "../../src/protocol/conductor";
import { button, icon } from "../ui/toolkit";
import { h, type Child, type VNode } from "../ui/vdom";
import type { ViewContext } from "./context";
import { venueLine } from "./header";

/** What stands here as long as there is no session: how to get one. */
export function emptyState(context: ViewContext, screen: ConductorScreen): VNode {
  return h("div", { key: "empty", class: "empty" }, ...contentOf(context, screen));
}

function contentOf(context: ViewContext, screen: ConductorScreen): Child[] {
  const { send } = context;
  switch (screen.place) {
    case "no_folder":
      return [
        h("p", {}, "Orket works on the folder that is open."),
        button("Open Folder", { primary: true, onPress: () => send({ type: "open", what: "open_folder" }) }),
      ];
    case "untrusted":
      return [
        h(
          "p",
          {},
          "This folder is not trusted, so nothing runs in it. Definition files can be edited and checked.",
        ),
        button("Manage Trust", { primary: true, onPress: () => send({ type: "open", what: "trust" }) }),
      ];
    case "ready":
      if (screen.flows.length === 0) {
        return [
          h("p", {}, "This folder has no Flow yet."),
          h(
            "p",
            { class: "hint" },
            "A Flow is a file NAME.flow.yaml that names a Band, a Venue and a Score. The command orket init writes a sample.",
          ),
        ];
      }
      return [
        h("p", {}, "No session yet. Run a Flow to see its team at work here."),
        h(
          "ul",
          { class: "flows", attrs: { "aria-label": "Flows" } },
          screen.flows.slice(0, 8).map((flow) => flowItem(flow, send)),
        ),
        screen.flows.length > 8 &&
          button("All Flows …", { onPress: () => send({ type: "open", what: "pick_flow" }) }),
        venueLine(context),
      ];
  }
}

function flowItem(flow: FlowChoice, send: ViewContext["send"]): VNode {
  return h(
    "li",
    { key: `${flow.folder} ${flow.path}` },
    h("div", { class: "flow-name" }, icon("symbol-event"), h("span", {}, flow.name)),
    flow.description !== undefined && h("p", { class: "hint" }, flow.description),
    flow.runnable
      ? button(`Run ${flow.name}`, {
          icon: "play",
          primary: true,
          onPress: () => send({ type: "run_flow", folder: flow.folder, path: flow.path }),
        })
      : h("p", { class: "hint bad-text" }, icon("error"), " It has problems; the Problems panel lists them."),
  );
}
