import * as vscode from "vscode";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { commandIds, internalIds } from "../ids";
import type { ProjectIndex } from "../project/project-index";
import type { Secrets } from "../session/secrets";
import type { SessionRegistry } from "../session/session-registry";
import type { ErrorPresenter } from "../errors";
import type { SessionPanels } from "../event-panel/session-panels";
import { registerActions } from "./actions";
import { registerCompletion } from "./completion";
import { HelpContexts } from "./help-context";
import { importFlow, ImportReports } from "./import-flow";
import { DefinitionLenses } from "./lenses";
import { registerNavigation } from "./navigation";
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

/** Everything that helps to write definition files. */
export class Editing implements vscode.Disposable {
  readonly commands: EditingCommands;
  readonly #subscriptions: readonly vscode.Disposable[];

  constructor({ extension, index, secrets, sessions, panels, errors, provider }: EditingParts) {
    const contexts = new HelpContexts(secrets);
    const previews = new PreviewDocuments(index);
    const prompts = new PromptCommands(index, previews);
    const reports = new ImportReports();
    const tries = new PromptTries(prompts, provider, errors);
    this.commands = {
      [commandIds.editPrompt]: (target) => prompts.edit(target),
      [commandIds.previewPrompt]: (target) => prompts.preview(target),
      [commandIds.tryPrompt]: (target) => tries.run(target),
      [commandIds.newFlow]: () => newFlow(index, contexts),
      [commandIds.importFlow]: (target) => importFlow(index, reports, target),
      [commandIds.writeSample]: () => writeSample(extension),
    };
    const openResult = async (session: unknown): Promise<void> => {
      if (typeof session !== "string") return;
      const controller = await sessions.openById(session);
      sessions.show(controller);
      await panels.show(controller);
    };
    this.#subscriptions = [
      previews,
      tries,
      reports,
      new PromptFiles(index, errors),
      new PromptHelp(index, errors),
      new DefinitionLenses(index, sessions),
      registerNavigation(index),
      registerCompletion(index, contexts),
      registerActions(index, secrets, errors),
      vscode.commands.registerCommand(internalIds.openResult, (session: unknown) =>
        errors.guard(() => openResult(session)),
      ),
      vscode.commands.registerCommand(internalIds.showPromptInFile, (target: unknown) =>
        errors.guard(() => prompts.showInFile(target)),
      ),
    ];
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }
}
