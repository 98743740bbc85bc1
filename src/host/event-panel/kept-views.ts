import type * as vscode from "vscode";
import { panelViews } from "../../protocol/session-panel";
import type { PanelView } from "../../protocol/session-panel";

const key = "orket.panelViews";
/** Sessions whose view is kept; the oldest are dropped. */
const maxSessions = 200;

/** Which view of each session's panel was shown last, in this workspace. */
export class KeptViews {
  readonly #memento: vscode.Memento;

  constructor(memento: vscode.Memento) {
    this.#memento = memento;
  }

  of(session: string): PanelView {
    const kept = this.#all.find(([name]) => name === session)?.[1];
    return panelViews.find((view) => view === kept) ?? panelViews[0];
  }

  async keep(session: string, view: PanelView): Promise<void> {
    const others = this.#all.filter(([name]) => name !== session);
    await this.#memento.update(key, [...others, [session, view]].slice(-maxSessions));
  }

  get #all(): readonly (readonly [string, string])[] {
    return this.#memento.get<readonly (readonly [string, string])[]>(key, []);
  }
}
