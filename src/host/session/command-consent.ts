import * as vscode from "vscode";
import { Consent } from "../../app/command/consent";
import { commandsOf, digestOf } from "../../app/command/session-commands";
import { commandFacts } from "../../app/command/table-text";
import type { CommandTable } from "../../engine/model/command";
import type { Definition } from "../../engine/model/definition";
import { askModal } from "./modal";

/** Maximum number of lines in the dialog; the rest is in the plan. */
const shownLines = 60;

/** The table for a dialog, whose font is proportional: no columns. */
function dialogLines(table: CommandTable): string[] {
  return Object.entries(table).flatMap(([name, spec], index) => [
    ...(index === 0 ? [] : [""]),
    name,
    ...commandFacts(spec).map(([label, text]) => `  ${label}: ${text}`),
  ]);
}

/**
 * Makes sure that the user has consented to the definition's commands on this machine, or asks. It uses a dialog, because
 * the table must be visible when the user answers; closing the dialog is not consent, nor is a key pressed before
 * the dialog could be read.
 * @returns false when the user cancelled, or the folder is not trusted.
 */
export async function agreeToCommands(definition: Definition, workDomain: string): Promise<boolean> {
  const digest = digestOf(definition);
  if (digest === undefined) return true;
  if (!vscode.workspace.isTrusted) return false;
  const consent = new Consent(workDomain);
  if (await consent.isAgreed(digest)) return true;
  const lines = dialogLines(commandsOf(definition));
  const more =
    lines.length > shownLines ? [`… and ${lines.length - shownLines} more lines: see Show Plan.`] : [];
  const detail = [...lines.slice(0, shownLines), ...more, "", "Agree for this project on this machine?"];
  const agree = "Agree";
  const message = `The Flow ${definition.flow.name} can run commands on this machine.`;
  if ((await askModal(message, detail.join("\n"), agree)) !== agree) return false;
  await consent.agree(digest, definition.flow.name);
  return true;
}
