import type { Cancellation } from "./cancellation";
import type { ToolSpec } from "./model-provider";

/** Tools that a host offers in addition to the built-in ones, such as the editor's `vscode:NAME`. */
export interface ExternalTools {
  /** The tool's description, or undefined where this host does not have it. */
  find(name: string): ToolSpec | undefined;
  /** Performs it. Failures are outcomes, never exceptions. */
  invoke(
    name: string,
    args: unknown,
    cancellation: Cancellation,
  ): Promise<{ readonly ok: boolean; readonly text: string }>;
}

/** A host without tools of its own. */
export const noExternalTools: ExternalTools = {
  find: () => undefined,
  invoke: (name) => Promise.resolve({ ok: false, text: `The tool ${name} exists only inside VS Code.` }),
};
