import path from "node:path";
import * as vscode from "vscode";
import { failureOf } from "../app/failure";
import { OrketError } from "../engine/error/orket-error";
import type { ErrorCode } from "../engine/error/orket-error";
import { commandIds } from "./ids";

/** A button below a message, and what it does. */
interface ErrorAction {
  readonly label: string;
  readonly run: () => unknown;
}

/** Turns failures into messages with a way to fix them; nothing else does. */
export class ErrorPresenter {
  readonly #log: vscode.LogOutputChannel;
  /** Failures of background work whose message is open. */
  readonly #open = new Set<string>();

  constructor(log: vscode.LogOutputChannel) {
    this.#log = log;
  }

  /** Runs what the user asked for; a failure becomes a message. */
  async guard(work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      await this.show(error);
    }
  }

  /** Reports a failure of work that nobody waits for, such as a view's update; not again while its message is open. */
  readonly report = (error: unknown): void => {
    const text = this.textOf(error);
    if (this.#open.has(text)) return;
    this.#open.add(text);
    const closed = (): boolean => this.#open.delete(text);
    void this.show(error).then(closed, closed);
  };

  /** Runs work that nobody waits for; a failure is reported. */
  inBackground(work: () => unknown): void {
    void Promise.resolve().then(work).catch(this.report);
  }

  /** A failure in one or two sentences, for a place that shows text. */
  textOf(error: unknown): string {
    const { message, hint = "" } = codedFailure(error);
    return `${message} ${hint}`.trim();
  }

  async show(error: unknown): Promise<void> {
    if (error instanceof vscode.CancellationError) return;
    this.#log.error(error instanceof Error ? error : String(error));
    const ways = this.#actionsFor(error);
    const chosen = await vscode.window.showErrorMessage(
      this.textOf(error),
      ...ways.map(({ label }) => label),
    );
    const way = ways.find(({ label }) => label === chosen);
    if (way !== undefined) await way.run();
  }

  #actionsFor(error: unknown): readonly ErrorAction[] {
    const showLog: ErrorAction = { label: "Show Log", run: () => this.#log.show() };
    const { code, details } = codedFailure(error);
    const ways: Readonly<Record<ErrorCode, readonly ErrorAction[]>> = {
      usage: [],
      definition_invalid: [
        {
          label: "Show Problems",
          run: () => vscode.commands.executeCommand("workbench.actions.view.problems"),
        },
      ],
      session_not_found: [],
      session_ambiguous: [],
      session_locked: [],
      session_ended: [{ label: "Run Flow", run: () => vscode.commands.executeCommand(commandIds.runFlow) }],
      journal_damaged: [...openJournal(details), showLog],
      blob_missing: [showLog],
      folder_unsafe: [showLog],
      not_trusted: [
        { label: "Manage Trust", run: () => vscode.commands.executeCommand("workbench.trust.manage") },
      ],
      format_unsupported: [
        {
          label: "Check for Updates",
          run: () => vscode.commands.executeCommand("workbench.extensions.action.checkForUpdates"),
        },
      ],
      approval_unknown: [],
      approval_stale: [],
      command_refused: [],
      artifact_unknown: [],
      acceptance_conflict: [],
      acceptance_denied: [],
      consent_missing: [],
      acceptance_stale: [],
      acceptance_unchecked: [],
      venue_unready: [
        {
          label: "Select Venue",
          run: () => vscode.commands.executeCommand(commandIds.selectVenue),
        },
      ],
      secret_missing:
        details["kind"] === "env"
          ? [
              {
                label: "Reload Window",
                run: () => vscode.commands.executeCommand("workbench.action.reloadWindow"),
              },
            ]
          : [
              {
                label: "Set Secret",
                run: () =>
                  vscode.commands.executeCommand(commandIds.setSecret, details["name"], details["origin"]),
              },
            ],
      provider_failed: [
        { label: "Select Venue", run: () => vscode.commands.executeCommand(commandIds.selectVenue) },
        showLog,
      ],
      key_not_allowed: [],
      session_foreign: [],
      disk_full: [showLog],
      disk_failed: [showLog],
      internal: [showLog],
    };
    return ways[code];
  }
}

/** Any failure as an error with a code; the editor's own file operations fail with errors of their own. */
function codedFailure(error: unknown): OrketError {
  if (!(error instanceof vscode.FileSystemError)) return failureOf(error);
  return new OrketError("disk_failed", `A file could not be read or written: ${error.message}`, {
    hint: "Check the folder and its permissions, then try again.",
    cause: error,
  });
}

function openJournal(details: OrketError["details"]): readonly ErrorAction[] {
  const { line, directory } = details;
  if (typeof directory !== "string") return [];
  const row = typeof line === "number" ? line - 1 : 0;
  const selection = new vscode.Range(row, 0, row, 0);
  const file = vscode.Uri.file(path.join(directory, "journal.jsonl"));
  return [{ label: "Show Journal", run: () => vscode.window.showTextDocument(file, { selection }) }];
}
