import type * as vscode from "vscode";
import { createHost } from "./host/host";
import type { Host } from "./host/host";

let host: Host | undefined;

/** The entry point that VS Code calls; everything else is in `src/host`. */
export function activate(context: vscode.ExtensionContext): void {
  host = createHost(context);
}

export async function deactivate(): Promise<void> {
  await host?.stop();
  host = undefined;
}
