import type { SessionController } from "../../app/session/controller";
import { maxRows } from "../../protocol/session-panel";
import type { CompareScreen } from "../../protocol/session-panel";
import { pickPair, showPair } from "../history/compare";
import type { SessionPair } from "../history/compare";
import { differencesOf, factsText } from "../history/session-text";
import type { PanelParts } from "./panel-parts";

/** The session of a panel compared with another one, which the user picks. */
export class Comparison {
  #pair: SessionPair | undefined;
  readonly #parts: PanelParts;
  readonly #controller: SessionController;

  constructor(controller: SessionController, parts: PanelParts) {
    this.#controller = controller;
    this.#parts = parts;
  }

  /** Asks for the other session. @returns undefined when there is none, or the user cancelled. */
  async ask(): Promise<CompareScreen | undefined> {
    const { sessions } = this.#parts;
    const { directory } = this.#controller;
    const own = (await sessions.list()).find(({ path }) => path === directory);
    const pair = own === undefined ? undefined : await pickPair(sessions, own);
    if (pair === undefined) return undefined;
    this.#pair = pair;
    const { left, right, rows } = pair;
    return {
      left: `${left.name} (${left.id})`,
      right: `${right.name} (${right.id})`,
      steps: rows.slice(0, maxRows).map((row) => ({
        key: row.key,
        differs: differencesOf(row),
        isSame: differencesOf(row) === "same",
        left: factsText(row.left),
        right: factsText(row.right),
      })),
      more: Math.max(0, rows.length - maxRows),
    };
  }

  /** Opens a step of both sessions side by side; without a key, all of them. */
  async open(key: string | undefined): Promise<void> {
    const pair = this.#pair;
    if (pair === undefined) return;
    const chosen = key === undefined ? pair.rows : pair.rows.filter((row) => row.key === key);
    if (chosen.length > 0) await showPair(this.#parts.reports, pair, chosen);
  }
}
