import { render } from "preact";
import type { FlowMessage, FlowRequest, FlowScreen } from "../../src/protocol/flow-view";
import { Host } from "../ui/host";
import "../ui/base.css";
import { FlowView } from "./boxes";
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

/** Where a key leads from a box: in reading order, into a group, or out of one. */
function next(key: string, from: HTMLElement): HTMLElement | undefined {
  const all = [...document.querySelectorAll<HTMLElement>("[role=treeitem]")];
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

document.addEventListener("keydown", (event) => {
  const from = document.activeElement?.closest<HTMLElement>("[role=treeitem]");
  const to = from == null ? undefined : next(event.key, from);
  if (to === undefined) return;
  event.preventDefault();
  at = to.dataset["id"];
  draw();
  to.focus();
});

host.listen((message) => {
  screen = message.screen;
  draw();
});
host.send({ type: "ready" });
