import * as vscode from "vscode";
import { contextKeys } from "../ids";

/** How long after a decision a second one by pointer is ignored, in milliseconds: longer than a slow double click. */
const settleMs = 800;

/**
 * A decision moves what is under the pointer: a row gets other buttons, the next diff opens. Until the user can have
 * seen that, the buttons are disabled, and a click already on its way has no effect.
 */
export class Settling implements vscode.Disposable {
  #busy = 0;
  #until = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Whether a click now was meant for what was there before. */
  get isSettling(): boolean {
    return this.#busy > 0 || Date.now() < this.#until;
  }

  /** Carries out a user's decision, once. */
  async decide<T>(work: () => Promise<T>): Promise<T> {
    this.#busy += 1;
    clearTimeout(this.#timer);
    void setContext(true);
    try {
      return await work();
    } finally {
      this.#busy -= 1;
      this.#until = Date.now() + settleMs;
      this.#timer = setTimeout(() => void setContext(false), settleMs);
    }
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }
}

function setContext(value: boolean): Thenable<unknown> {
  return vscode.commands.executeCommand("setContext", contextKeys.settling, value);
}
