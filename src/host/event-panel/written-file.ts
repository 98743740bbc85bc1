import path from "node:path";
import * as vscode from "vscode";
import type { SessionController } from "../../app/session/controller";
import { writtenAt } from "../../app/panel/written-at";
import type { BlobRef } from "../../engine/event/content";
import { versionUri } from "../artifacts/artifact-places";

/** Opens what an event wrote to a file, beside what was there before. */
export async function openWritten(controller: SessionController, seq: number, file: string): Promise<void> {
  const written = await writtenAt(controller, seq, file);
  if (written === undefined) return;
  const { directory } = controller;
  const at = (content: BlobRef | null): vscode.Uri => versionUri({ directory, path: file, content });
  const title = `${path.posix.basename(file)} (${written.step ?? "session"}, event ${seq})`;
  await vscode.commands.executeCommand("vscode.diff", at(written.before), at(written.after), title, {
    preview: true,
  });
}
