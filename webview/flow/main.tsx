import { render } from "preact";
import type { FlowMessage, FlowRequest, FlowScreen } from "../../src/protocol/flow-view";
import { Host } from "../ui/host";
import { itemAfterKey } from "../ui/tree-keys";
import "../ui/base.css";
import { FlowView } from "./boxes";
import { withChanged } from "./kept";
import "./flow.css";

const host = new Host<FlowRequest, FlowMessage>();
const root = document.getElementById("app");
let screen: FlowScreen | undefined;
let at: string | undefined;

function draw(): void {
  if (root === null || screen === undefined) return;
  render(
    <FlowView
      screen={screen}
      at={at}
      onOpen={(id) => {
        at = id;
        host.send({ type: "open_line", id });
        draw();
      }}
      onEvents={() => host.send({ type: "open_events" })}
    />,
    root,
  );
}

document.addEventListener("keydown", (event) => {
  const from = document.activeElement?.closest<HTMLElement>("[role=treeitem]");
  const to = from == null ? undefined : itemAfterKey(event.key, from);
  if (to === undefined) return;
  event.preventDefault();
  at = to.dataset["id"];
  draw();
  to.focus();
});

host.listen((message) => {
  const { boxes } = message.screen;
  const changed = message.type === "changes" ? new Map(boxes.map((box) => [box.id, box])) : undefined;
  screen = {
    ...message.screen,
    boxes: changed === undefined ? boxes : withChanged(screen?.boxes ?? [], changed),
  };
  draw();
});
host.send({ type: "ready" });
