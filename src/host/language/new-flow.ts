import * as vscode from "vscode";
import { OrketError } from "../../engine/error/orket-error";
import { offeredTestRunners } from "../../app/project/test-runners";
import {
  flowTemplates,
  newFlowFiles,
  newFlowNameProblem,
  newFlowProviders,
  runsTests,
  testRunners,
} from "../../language/templates";
import type { NewFlowProvider, TestRunnerId } from "../../language/templates";
import { commandIds } from "../ids";
import type { ProjectIndex } from "../project/project-index";
import type { HelpContexts } from "./help-context";
import { askPlace, chooseFolder, writeNewFiles } from "./new-files";
import { defined } from "../../engine/model/defined";
import { factsOf, isFromFile } from "../../engine/model/providers";

interface ModelItem extends vscode.QuickPickItem {
  readonly model?: string;
}

/** Asks step by step: template, name, backend, model, folder. Escape goes back: nothing is written before the end. */
export async function newFlow(index: ProjectIndex, contexts: HelpContexts): Promise<void> {
  const folder = await chooseFolder();
  if (folder === undefined) return;
  const title = "New Flow";
  const templates = flowTemplates.map(({ id, title: label, summary }) => ({ label, detail: summary, id }));
  const template = await vscode.window.showQuickPick(templates, {
    title: `${title} (1/5)`,
    placeHolder: "Which team?",
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  if (template === undefined) return;
  const { project } = await index.of(folder);
  const name = await vscode.window.showInputBox({
    title: `${title} (2/5)`,
    prompt: "A name for the Flow, its Band and its Score",
    value: newFlowNameProblem(template.id, project) === undefined ? template.id : "",
    ignoreFocusOut: true,
    validateInput: (text) => (text === "" ? "A name is needed." : newFlowNameProblem(text, project)),
  });
  if (name === undefined) return;
  const backends = newFlowProviders.map((id) => {
    const { title: label, summary: detail } = factsOf(id);
    return { label, detail, id };
  });
  const backend = await vscode.window.showQuickPick(backends, {
    title: `${title} (3/5)`,
    placeHolder: "Which models?",
    ignoreFocusOut: true,
  });
  if (backend === undefined) return;
  const model = await askModel(contexts, backend.id, `${title} (4/5)`);
  if (model === undefined) return;
  const place = await askPlace(`${title} (5/5)`, "flows");
  if (place === undefined) return;
  const tests = runsTests(template.id) ? await askTests(folder.uri.fsPath, title) : undefined;
  if (tests === undefined && runsTests(template.id)) return;
  const made = newFlowFiles({
    template: template.id,
    name,
    provider: backend.id,
    folder: place,
    project: (await index.of(folder)).project,
    ...(model === "" ? {} : { model }),
    ...defined({ tests }),
  });
  if (made.kind === "refused") throw new OrketError("usage", made.message);
  await writeNewFiles(folder, made.files);
  await vscode.window.showTextDocument(vscode.Uri.joinPath(folder.uri, made.flow));
  void vscode.window.showInformationMessage(
    `The Flow ${name} is written. Change its task, then run it; with the Venue ${made.scriptedVenue} it plays recorded replies, without a model.`,
  );
}

/** How the project's tests run: commands found in the folder come first. */
async function askTests(folder: string, title: string): Promise<TestRunnerId | undefined> {
  const offered = await offeredTestRunners(folder);
  const rank = (id: TestRunnerId): number => (offered.includes(id) ? 0 : 1);
  const items = testRunners
    .map(({ id, argv }) => ({
      id,
      label: argv.join(" "),
      ...(offered.includes(id) ? { description: "found in this folder" } : {}),
    }))
    .sort((a, b) => rank(a.id) - rank(b.id));
  const picked = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: "How do the project's tests run? You can change it in the Flow.",
    ignoreFocusOut: true,
  });
  return picked?.id;
}

/** A model of the backend if it answers, otherwise a typed name; empty for the template's own. */
async function askModel(
  contexts: HelpContexts,
  provider: NewFlowProvider,
  title: string,
): Promise<string | undefined> {
  if (isFromFile(provider)) return "";
  const models = await contexts.models(provider, undefined);
  if (models.length > 0) {
    const items: ModelItem[] = [
      ...models.map((model) => ({ label: model, model })),
      { label: "$(edit) Another name…" },
    ];
    const options = { title, placeHolder: "Which model? The backend offers these.", ignoreFocusOut: true };
    const picked = await vscode.window.showQuickPick(items, options);
    if (picked === undefined || picked.model !== undefined) return picked?.model;
  }
  const typed = await vscode.window.showInputBox({
    title,
    prompt: "The model, as the backend names it; empty for the template's own",
    placeHolder: factsOf(provider).exampleModel ?? "",
    ignoreFocusOut: true,
  });
  return typed?.trim();
}

/** Writes the sample project into the open folder. */
export async function writeSample(extension: vscode.Uri): Promise<void> {
  const folder = await chooseFolder();
  if (folder === undefined) return;
  const root = vscode.Uri.joinPath(extension, "examples", "shapes");
  const files = await sampleFiles(root, "");
  await writeNewFiles(folder, files);
  await vscode.window.showTextDocument(vscode.Uri.joinPath(folder.uri, "flows", "shapes.flow.yaml"));
  const run = "Run Flow";
  const message = "The sample project is written. It needs no model: its replies come from a file.";
  if ((await vscode.window.showInformationMessage(message, run)) === run)
    await vscode.commands.executeCommand(
      commandIds.runFlow,
      vscode.Uri.joinPath(folder.uri, "flows", "shapes.flow.yaml"),
    );
}

async function sampleFiles(root: vscode.Uri, place: string): Promise<{ path: string; text: Uint8Array }[]> {
  const entries = await vscode.workspace.fs.readDirectory(vscode.Uri.joinPath(root, place));
  const found = await Promise.all(
    entries.map(async ([name, type]) => {
      const path = place === "" ? name : `${place}/${name}`;
      if (type === vscode.FileType.Directory)
        return /^(\.|__pycache__$)/.test(name) ? [] : sampleFiles(root, path);
      return [{ path, text: await vscode.workspace.fs.readFile(vscode.Uri.joinPath(root, path)) }];
    }),
  );
  return found.flat();
}
