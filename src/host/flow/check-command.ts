import * as vscode from "vscode";
import { checkRequest, notAlone } from "../../app/command/check";
import { commandRunner, commandsOf } from "../../app/command/session-commands";
import { OrketError } from "../../engine/error/orket-error";
import { commandVerdict } from "../../engine/model/command";
import { CancelSource } from "../../engine/port/cancellation";
import type { CommandResult } from "../../engine/port/commands";
import { resolveFlow } from "../../language/index";
import { relativePath } from "../project/project-index";
import type { ProjectIndex } from "../project/project-index";
import { agreeToCommands } from "../session/command-consent";
import { isOnDisk } from "../session/on-disk";
import type { SessionRegistry } from "../session/session-registry";
import { mayRun } from "./run-flow";
import { entryOf } from "../../engine/model/entry-of";

/** A command of a Flow, as its CodeLens identifies it. */
export interface CommandTarget {
  readonly uri: vscode.Uri;
  readonly command: string;
}

let channel: vscode.OutputChannel | undefined;

function sentence({ end, place, isolatedBy }: CommandResult): string {
  const where = place === undefined ? "" : ` at level ${place} (${isolatedBy ?? "nothing"})`;
  const verdict = commandVerdict(end);
  if (verdict !== undefined)
    return `${verdict}${end.kind === "exited" ? `, exit code ${end.code}` : ""}${where}`;
  return "message" in end ? end.message : end.kind;
}

/** "Run on the Project": runs one command of a Flow alone, on a temporary view. Its output is shown as it arrives. */
export async function checkCommand(
  index: ProjectIndex,
  sessions: SessionRegistry,
  { uri, command }: CommandTarget,
): Promise<void> {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  if (folder === undefined || !isOnDisk(folder) || !(await mayRun())) return;
  const { project } = await index.of(folder);
  const { definition } = resolveFlow(project, relativePath(folder, uri), { forRun: false });
  if (definition === undefined) {
    throw new OrketError("definition_invalid", "The Flow has errors, so its commands cannot be run.", {
      hint: "Fix what the Problems view lists.",
    });
  }
  const spec = entryOf(commandsOf(definition), command);
  if (spec === undefined) throw new OrketError("usage", `The Flow has no command ${command}.`);
  const why = notAlone(spec);
  if (why !== undefined) throw new OrketError("usage", `${command} cannot be tried by itself: ${why}.`);
  if (!(await agreeToCommands(definition, folder.uri.fsPath))) return;
  const request = await checkRequest(command, spec, definition);
  const runner = commandRunner(definition, sessions.optionsFor(folder.uri.fsPath), true);
  const output = (channel ??= vscode.window.createOutputChannel("Orket Commands"));
  output.show(true);
  output.appendLine(`> ${command}: ${request.argv.join(" ")}`);
  const title = `Running ${command}`;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (_progress, token) => {
      const cancel = new CancelSource();
      token.onCancellationRequested(() => cancel.cancel());
      const result = await runner.run(request, ({ text }) => output.append(text), cancel);
      output.appendLine("");
      output.appendLine(`${command}: ${sentence(result)}`);
    },
  );
}
