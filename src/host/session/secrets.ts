import type * as vscode from "vscode";
import { OrketError } from "../../engine/error/orket-error";

const prefix = "orket.secret.";

/** Backend keys: kept in VS Code's SecretStorage, named in a Venue as `secret:NAME`. */
export class Secrets {
  readonly #storage: vscode.SecretStorage;
  constructor(storage: vscode.SecretStorage) {
    this.#storage = storage;
  }

  async set(name: string, value: string): Promise<void> {
    await this.#storage.store(`${prefix}${name}`, value);
  }

  /** The key, if one is stored. */
  async find(name: string): Promise<string | undefined> {
    return this.#storage.get(`${prefix}${name}`);
  }

  /** Whether `secret:NAME` or `env:NAME` has a value. */
  async has(reference: string): Promise<boolean> {
    return this.resolve(reference).then(
      () => true,
      () => false,
    );
  }

  /** Names of the stored secrets. */
  async names(): Promise<readonly string[]> {
    const keys = await this.#storage.keys();
    return keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
  }

  /** @throws {OrketError} secret_missing. */
  readonly resolve = async (reference: string): Promise<string> => {
    const at = reference.indexOf(":");
    const kind = reference.slice(0, at);
    const name = reference.slice(at + 1);
    const value = kind === "env" ? process.env[name] : await this.#storage.get(`${prefix}${name}`);
    if (value !== undefined && value !== "") return value;
    throw new OrketError(
      "secret_missing",
      kind === "env"
        ? `The environment variable ${name} is not set.`
        : `There is no stored secret named ${name}.`,
      {
        hint:
          kind === "env"
            ? "Set it where VS Code is started, then reload the window."
            : "Store it with the command Orket: Set Secret.",
        details: { kind, name },
      },
    );
  };
}
