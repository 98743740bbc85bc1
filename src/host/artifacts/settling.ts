import * as vscode from "vscode";
import { contextKeys } from "../ids";

/** How long after a decision no second one is taken by pointer, in milliseconds: longer than a slow double click. */
const settleMs = 800;

/**
 * A decision moves what stands under the pointer: a row gets other buttons, the next diff opens. Until a person can have
 * seen that, the buttons are out of action, and a click that was on its way does nothing.
 */
export class Settling implements vscode.Disposable {
  #busy = 0;
  #until = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Whether a click that comes now was meant for what stood there before. */
  get isSettling(): boolean {
    return this.#busy > 0 || Date.now() < this.#until;
  }

  /** Does what a person decided, once. */
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
