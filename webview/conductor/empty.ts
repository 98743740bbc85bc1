import type { ConductorScreen, FlowChoice } from "../../src/protocol/conductor";
import { button, icon } from "../ui/toolkit";
import { h } from "../ui/vdom";
import type { Child, VNode } from "../ui/vdom";
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
    case "virtual":
      return [
        h(
          "p",
          {},
          "Orket runs in folders on a disk, and this one is virtual. Its definition files can be edited and checked, and prompts can be tried.",
        ),
        button("Open Folder", { primary: true, onPress: () => send({ type: "open", what: "open_folder" }) }),
      ];
    case "ready":
      if (screen.flows.length === 0) {
        return [
          h("p", {}, "This folder has no Flow yet."),
          h(
            "p",
            { class: "hint" },
            "A Flow names who works, on which models, in what order, and on which task. The sample needs no model.",
          ),
          button("New Flow", { primary: true, onPress: () => send({ type: "open", what: "new_flow" }) }),
          button("Write Sample Project", { onPress: () => send({ type: "open", what: "write_sample" }) }),
          button("Import", { onPress: () => send({ type: "open", what: "import" }) }),
        ];
      }
      return [
        h("p", {}, "No session yet. Run a Flow to see its team at work here."),
        h(
          "ul",
          { class: "flows", attrs: { "aria-label": "Flows" } },
          screen.flows.slice(0, 8).map((flow) => flowItem(flow, screen.venue, send)),
        ),
        screen.flows.length > 8 &&
          button("All Flows …", { onPress: () => send({ type: "open", what: "pick_flow" }) }),
        venueLine(context),
      ];
  }
}

function flowItem(flow: FlowChoice, venue: string | undefined, send: ViewContext["send"]): VNode {
  const problem =
    venue === undefined
      ? "It has problems; the Problems panel lists them."
      : `It cannot run on the Venue ${venue}.`;
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
      : h("p", { class: "hint bad-text" }, icon("error"), ` ${problem}`),
  );
}
