import { render } from "preact";
import type { ConductorMessage, PressedAnswer } from "../../src/protocol/conductor";
import type { ConductorRequest } from "../../src/protocol/conductor-requests";
import { Host } from "../ui/host";
import { presses } from "../ui/presses";
import { registerToolkit } from "../ui/register";
import "../ui/base.css";
import "./conductor.css";
import "./tree.css";
import type { ViewContext } from "./context";
import { initialState, reduce } from "./store";
import type { Action, ViewState } from "./store";
import { announcement, View } from "./view";
import { pageElement } from "../ui/page-element";

registerToolkit();
presses.watch(document);

const host = new Host<ConductorRequest, ConductorMessage>();
const root = pageElement("app");
const live = pageElement("live");
let state: ViewState = { ...initialState, drafts: draftsIn(host.recall()) };
let drawing = false;
/** What receives the focus once it exists. */
let wanted: string | undefined;
/** The cards that were drawn last, by what they are about. */
let drawnCards: ReadonlySet<string> = new Set();
/** The user has done nothing since an answer: the next question scrolls into view. */
let waitsForNext = false;
for (const input of ["wheel", "pointerdown", "keydown"])
  document.addEventListener(input, () => (waitsForNext = false), { capture: true, passive: true });

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
      waitsForNext = true;
      dispatch({ type: "asked", about });
    },
    send: (request) => host.send(request),
    draft: (of, text) => dispatch({ type: "draft", of, text }),
    dismiss: () => dispatch({ type: "dismiss" }),
  };
}

function draw(): void {
  const focused = document.activeElement;
  const focusedCard = focused?.closest<HTMLElement>("[data-about]")?.dataset["about"];
  const inside = focused !== null && focused !== document.body;
  render(<View context={context()} now={Date.now()} />, root);
  showNewCard();
  presses.settle();
  // A key press must not reach whatever replaced an answered question, so the focus moves to a heading. A field
  // that was requested has taken the focus already.
  const lost = document.activeElement === null || document.activeElement === document.body;
  if (inside && lost && !document.contains(focused)) (cardHeading(focusedCard) ?? headline())?.focus();
  if (wanted !== undefined && state.screen?.session != null) {
    (cardHeading(wanted) ?? headline())?.focus();
    wanted = undefined;
  }
  const text = announcement(context());
  if (live.textContent !== text) live.textContent = text;
}

/** A new question would stay unseen where the view was scrolled down to the answers of the one before. */
function showNewCard(): void {
  const cards = [...document.querySelectorAll<HTMLElement>(".card[data-about]")];
  const fresh = cards.find(({ dataset }) => !drawnCards.has(dataset["about"] ?? ""));
  drawnCards = new Set(cards.map(({ dataset }) => dataset["about"] ?? ""));
  if (fresh === undefined || !waitsForNext) return;
  const { top } = fresh.getBoundingClientRect();
  if (top < 0 || top > innerHeight / 2) fresh.scrollIntoView({ block: "start" });
}

function headline(): HTMLElement | null {
  return document.getElementById("headline");
}

function cardHeading(about: string | undefined): HTMLElement | null {
  if (about === undefined) return null;
  return document.querySelector(`[data-about="${CSS.escape(about)}"] h3`);
}

/** The labels that an answer presses: the first one that the card has. */
const pressed: Readonly<Record<PressedAnswer, readonly string[]>> = {
  approve: ["Approve", "Answer", "Apply", "Review files"],
  skip: ["Skip"],
  retry: ["Retry", "More rounds"],
  refuse: ["Refuse", "Dismiss"],
};

/**
 * Presses the answer's button in the focused card, or else in the first; the guard decides as for a click. If the card
 * has no such button, such as a question with its own words, its first control receives the focus.
 */
function press(what: PressedAnswer): void {
  const card =
    document.activeElement?.closest(".card[data-about]") ?? document.querySelector(".card[data-about]");
  const buttons = [...(card?.querySelectorAll<HTMLElement>("orket-button") ?? [])];
  const labels = pressed[what];
  const button = labels
    .map((label) => buttons.find((one) => one.textContent?.trim() === label))
    .find((one) => one !== undefined);
  if (button !== undefined) button.click();
  else
    card
      ?.querySelector<HTMLElement>(
        "orket-text-field, orket-text-area, orket-dropdown, [role=switch], orket-button",
      )
      ?.focus();
}

host.listen((message) => {
  if (message.type === "press") press(message.what);
  if (message.type === "focus") wanted = message.about;
  dispatch({ type: "message", message, now: Date.now() });
});
setInterval(() => {
  if (state.screen?.session?.ticking === true) schedule();
}, 1000);
schedule();
host.send({ type: "ready" });
