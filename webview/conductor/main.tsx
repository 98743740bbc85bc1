import { render } from "preact";
import type { ConductorMessage, ConductorRequest } from "../../src/protocol/conductor";
import { Host } from "../ui/host";
import { presses } from "../ui/presses";
import { registerToolkit } from "../ui/register";
import "../ui/base.css";
import "./conductor.css";
import type { ViewContext } from "./context";
import { initialState, reduce } from "./store";
import type { Action, ViewState } from "./store";
import { announcement, View } from "./view";

registerToolkit();
presses.watch(document);

const host = new Host<ConductorRequest, ConductorMessage>();
const root = elementOf("app");
const live = elementOf("live");
let state: ViewState = { ...initialState, drafts: draftsIn(host.recall()) };
let drawing = false;

function elementOf(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no ${id}`);
  return element;
}

function draftsIn(kept: unknown): Readonly<Record<string, string>> {
  if (typeof kept !== "object" || kept === null || !("drafts" in kept)) return {};
  const { drafts } = kept;
  if (typeof drafts !== "object" || drafts === null) return {};
  return Object.fromEntries(
    Object.entries(drafts).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

function dispatch(action: Action): void {
  const before = state.drafts;
  state = reduce(state, action);
  if (state.drafts !== before) host.keep({ drafts: state.drafts });
  schedule();
}

function schedule(): void {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    draw();
  });
}

function context(): ViewContext {
  return {
    state,
    ask: (request, about) => {
      const session = state.screen?.session?.session;
      if (session === undefined) return;
      host.send({ ...request, request: state.nextRequest, session });
      dispatch({ type: "asked", about });
    },
    send: (request) => host.send(request),
    draft: (of, text) => dispatch({ type: "draft", of, text }),
    dismiss: () => dispatch({ type: "dismiss" }),
  };
}

function draw(): void {
  const focused = document.activeElement;
  const inside = focused !== null && focused !== document.body;
  render(<View context={context()} now={Date.now()} />, root);
  presses.settle();
  // A key must not fall on whatever came into the place of an answered question: the focus goes to the heading.
  if (inside && !document.contains(focused)) document.getElementById("headline")?.focus();
  const text = announcement(context());
  if (live.textContent !== text) live.textContent = text;
}

host.listen((message) => dispatch({ type: "message", message, now: Date.now() }));
setInterval(() => {
  if (state.screen?.session?.ticking === true) schedule();
}, 1000);
schedule();
host.send({ type: "ready" });
