import * as vscode from "vscode";

const key = "orket.venue";

/** The Venue that the user chose for the next runs, instead of the one that a Flow names. Kept per workspace. */
export class VenueChoice implements vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChange = this.#changed.event;
  readonly #memory: vscode.Memento;

  constructor(memory: vscode.Memento) {
    this.#memory = memory;
  }

  /** undefined: each Flow's own. */
  get name(): string | undefined {
    const kept = this.#memory.get<unknown>(key);
    return typeof kept === "string" && kept !== "" ? kept : undefined;
  }

  async choose(name: string | undefined): Promise<void> {
    await this.#memory.update(key, name);
    this.#changed.fire();
  }

  dispose(): void {
    this.#changed.dispose();
  }
}
