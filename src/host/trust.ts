import * as vscode from "vscode";
import { restrictChanges } from "../adapters/journal/environment";
import { OrketError } from "../engine/error/orket-error";
import { commandIds } from "./ids";
import type { CommandId } from "./ids";

/**
 * What an untrusted window may do with each command, in one table whose type makes it complete. `look` and
 * `edit` show things and change files that the user edits; `act` runs something, decides something, asks a server, or
 * changes a session.
 */
const needs: Readonly<Record<CommandId, "look" | "edit" | "act">> = {
  [commandIds.runFlow]: "act",
  [commandIds.runFlowStepByStep]: "act",
  [commandIds.resumeSession]: "act",
  [commandIds.resumeWithNewVenue]: "act",
  [commandIds.stopSession]: "act",
  [commandIds.pauseSession]: "act",
  [commandIds.openSession]: "look",
  [commandIds.approve]: "act",
  [commandIds.skip]: "act",
  [commandIds.retry]: "act",
  [commandIds.refuse]: "act",
  [commandIds.nextWaiting]: "look",
  [commandIds.reviewArtifacts]: "look",
  [commandIds.acceptArtifact]: "act",
  [commandIds.acceptAllArtifacts]: "act",
  [commandIds.rejectArtifact]: "act",
  [commandIds.revertAcceptance]: "act",
  [commandIds.redoAcceptance]: "act",
  [commandIds.reviewAllArtifacts]: "look",
  [commandIds.rejectWithReason]: "act",
  [commandIds.editArtifact]: "act",
  [commandIds.discardVersion]: "act",
  [commandIds.acceptChange]: "act",
  [commandIds.rejectChange]: "act",
  [commandIds.artifactHistory]: "look",
  [commandIds.groupArtifacts]: "look",
  [commandIds.showPlan]: "look",
  [commandIds.showFlow]: "look",
  [commandIds.adjustSession]: "act",
  [commandIds.setSecret]: "edit",
  [commandIds.editPrompt]: "edit",
  [commandIds.previewPrompt]: "look",
  [commandIds.tryPrompt]: "act",
  [commandIds.newFlow]: "edit",
  [commandIds.importFlow]: "edit",
  [commandIds.writeSample]: "edit",
  [commandIds.replaySession]: "look",
  [commandIds.verifySession]: "look",
  [commandIds.forkSession]: "act",
  [commandIds.compareSessions]: "look",
  [commandIds.repeatSession]: "act",
  [commandIds.exportSession]: "look",
  [commandIds.renameSession]: "act",
  [commandIds.deleteSession]: "act",
  [commandIds.searchSessions]: "look",
  [commandIds.pruneSessions]: "act",
  [commandIds.selectVenue]: "act",
  [commandIds.drainNode]: "act",
  [commandIds.restoreNode]: "act",
};

/** @throws {OrketError} not_trusted */
export function ensureTrusted(): void {
  if (vscode.workspace.isTrusted) return;
  throw new OrketError(
    "not_trusted",
    "Nothing runs in a folder that is not trusted, and nothing is decided or changed there: a Flow decides which servers its files are sent to.",
    { hint: "Trust the folder first, when you know where it comes from." },
  );
}

/** Call before a command does anything. @throws {OrketError} not_trusted */
export function ensureAllowed(command: CommandId): void {
  if (needs[command] === "act") ensureTrusted();
}

/** The guard below all commands: in an untrusted window, nothing in any `.orket` changes, whoever the caller is. */
export function guardSessions(): void {
  restrictChanges(() => vscode.workspace.isTrusted);
}
