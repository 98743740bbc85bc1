import * as vscode from "vscode";
import { OrketError } from "../../engine/error/orket-error";
import { modelName } from "./model-choice";

/** @returns the model as a Venue names it; undefined when the user cancelled. @throws {OrketError} when there is none. */
export async function pickEditorModel(question: string): Promise<string | undefined> {
  const models = await vscode.lm.selectChatModels();
  if (models.length === 0) {
    throw new OrketError("usage", "VS Code offers no language model at the moment.", {
      hint: "An extension such as GitHub Copilot Chat brings some, once it is signed in; or use a Venue with another provider.",
    });
  }
  const items = models.map((model) => ({
    label: model.name,
    description: modelName(model),
    detail: `takes ${model.maxInputTokens} tokens`,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: "Orket",
    placeHolder: question,
    ignoreFocusOut: true,
    matchOnDescription: true,
  });
  return picked?.description;
}
