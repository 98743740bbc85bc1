import type * as vscode from "vscode";
import { contribute } from "./host/contributions";

let host: ReturnType<typeof contribute> | undefined;

/** The entry point that VS Code calls; everything else is in `src/host`. */
export function activate(context: vscode.ExtensionContext): void {
  host = contribute(context);
}

export async function deactivate(): Promise<void> {
  const created = host?.asked;
  host = undefined;
  await (await created)?.stop();
}
