import * as vscode from "vscode";
import { Consent } from "../../app/command/consent";
import { commandsOf, digestOf } from "../../app/command/session-commands";
import { commandTableLines } from "../../app/command/table-text";
import type { Definition } from "../../engine/model/definition";

/** The most lines that a dialog shows; the rest is in the plan. */
const shownLines = 60;

/**
 * Makes sure that a person agreed to the definition's commands on this machine, or asks. A dialog, since the answer must
 * be given with the table before their eyes; nothing is agreed to by closing it.
 * @returns false when they turned back, or the folder is not trusted.
 */
export async function agreeToCommands(definition: Definition, workDomain: string): Promise<boolean> {
  const digest = digestOf(definition);
  if (digest === undefined) return true;
  if (!vscode.workspace.isTrusted) return false;
  const consent = new Consent(workDomain);
  if (await consent.isAgreed(digest)) return true;
  const lines = commandTableLines(commandsOf(definition));
  const more =
    lines.length > shownLines ? [`… and ${lines.length - shownLines} more lines: see Show Plan.`] : [];
  const agree = "Agree";
  const answer = await vscode.window.showWarningMessage(
    `The Flow ${definition.flow.name} can run commands on this machine.`,
    {
      modal: true,
      detail: [...lines.slice(0, shownLines), ...more, "", "Agree for this project on this machine?"].join(
        "\n",
      ),
    },
    agree,
  );
  if (answer !== agree) return false;
  await consent.agree(digest, definition.flow.name);
  return true;
}
