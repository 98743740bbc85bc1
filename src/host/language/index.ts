import * as vscode from "vscode";
import type { NewFile } from "../../language";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { commandIds, internalIds } from "../ids";
import type { ProjectIndex } from "../project/project-index";
import type { Secrets } from "../session/secrets";
import type { SessionRegistry } from "../session/session-registry";
import type { ErrorPresenter } from "../errors";
import type { SessionPanels } from "../event-panel/session-panels";
import { actionsOf, createFile, moveKey } from "./actions";
import type { MovedSecret } from "./actions";
import { completionOf } from "./completion";
import { HelpContexts } from "./help-context";
import { importFlow, ImportReports } from "./import-flow";
import { DefinitionLenses } from "./lenses";
import { navigationOf } from "./navigation";
import type { Navigation } from "./navigation";
import { newFlow, writeSample } from "./new-flow";
import { PromptCommands } from "./prompt-commands";
import { PromptFiles } from "./prompt-files";
import { PromptHelp } from "./prompt-help";
import { PreviewDocuments } from "./prompt-preview";
import { PromptTries } from "./try-prompt";

export interface EditingParts {
  readonly extension: vscode.Uri;
  readonly index: ProjectIndex;
  readonly secrets: Secrets;
  readonly sessions: SessionRegistry;
  readonly panels: SessionPanels;
  readonly errors: ErrorPresenter;
  /** How the trial of a prompt reaches its model. */
  readonly provider: ProviderDeps;
}

/** Commands of the editing help, for the table of commands. */
export type EditingCommands = Readonly<
  Record<
    (typeof commandIds)[
      "editPrompt" | "previewPrompt" | "tryPrompt" | "newFlow" | "importFlow" | "writeSample"],
    (target: unknown) => unknown
  >
>;

/** Commands of its lenses and quick fixes. */
type InternalCommands = Readonly<
  Record<
    (typeof internalIds)["moveKey" | "createFile" | "openResult" | "showPromptInFile"],
    (...given: never[]) => unknown
  >
>;

/** Everything that helps to write definition files. */
export class Editing implements vscode.Disposable {
  readonly commands: EditingCommands;
  readonly internal: InternalCommands;
  readonly navigation: Navigation;
  readonly completion: vscode.CompletionItemProvider;
  readonly actions: vscode.CodeActionProvider;
  readonly lenses: DefinitionLenses;
  readonly promptHelp: PromptHelp;
  readonly promptFiles: PromptFiles;
  readonly previews: PreviewDocuments;
  readonly tries: PromptTries;
  readonly reports = new ImportReports();

  constructor({ extension, index, secrets, sessions, panels, errors, provider }: EditingParts) {
    const contexts = new HelpContexts(secrets);
    const prompts = new PromptCommands(index, (this.previews = new PreviewDocuments(index)));
    this.tries = new PromptTries(prompts, provider, errors);
    this.navigation = navigationOf(index);
    this.completion = completionOf(index, contexts);
    this.actions = actionsOf(index);
    this.lenses = new DefinitionLenses(index, sessions);
    this.promptHelp = new PromptHelp(index, errors);
    this.promptFiles = new PromptFiles(index, errors);
    this.commands = {
      [commandIds.editPrompt]: (target) => prompts.edit(target),
      [commandIds.previewPrompt]: (target) => prompts.preview(target),
      [commandIds.tryPrompt]: (target) => this.tries.run(target),
      [commandIds.newFlow]: () => newFlow(index, contexts),
      [commandIds.importFlow]: (target) => importFlow(index, this.reports, target),
      [commandIds.writeSample]: () => writeSample(extension),
    };
    this.internal = {
      [internalIds.moveKey]: (secret: MovedSecret, edit: vscode.WorkspaceEdit) =>
        moveKey(secrets, secret, edit),
      [internalIds.createFile]: (folder: vscode.Uri | undefined, file: NewFile) => createFile(folder, file),
      [internalIds.openResult]: async (session: unknown) => {
        if (typeof session !== "string") return;
        const controller = await sessions.openById(session);
        sessions.show(controller);
        await panels.show(controller);
      },
      [internalIds.showPromptInFile]: (target: unknown) => prompts.showInFile(target),
    };
  }

  dispose(): void {
    const { previews, tries, promptFiles, promptHelp, lenses } = this;
    vscode.Disposable.from(previews, tries, promptFiles, promptHelp, lenses).dispose();
  }
}
