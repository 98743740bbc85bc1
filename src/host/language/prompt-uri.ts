import * as vscode from "vscode";
import { findPrompt } from "../../language";
import type { Project, PromptRef } from "../../language";
import { schemes } from "../ids";
import { relativePath } from "../project/project-index";
import type { ProjectIndex } from "../project/project-index";
import type { PromptTarget } from "./lenses";

/** A prompt with its current project. */
export interface LivePrompt {
  readonly folder: vscode.WorkspaceFolder;
  readonly project: Project;
  readonly prompt: PromptRef;
}

/** The address of a prompt's document: named after the role or step, in a folder named after its file. */
export function promptUri(file: vscode.Uri, name: string): vscode.Uri {
  return file.with({ scheme: schemes.prompt, path: `${file.path}/${name}.md`, query: file.scheme });
}

/** The definition file that a prompt's document belongs to, and the name of the prompt in it. */
export function ownerOf(uri: vscode.Uri): { file: vscode.Uri; name: string } {
  const cut = uri.path.lastIndexOf("/");
  return {
    file: uri.with({
      scheme: uri.query === "" ? "file" : uri.query,
      path: uri.path.slice(0, cut),
      query: "",
    }),
    name: uri.path.slice(cut + 1).replace(/\.md$/, ""),
  };
}

/** A document's prompt; undefined when its file is in no open folder, or no longer contains it. */
export async function promptAt(index: ProjectIndex, uri: vscode.Uri): Promise<LivePrompt | undefined> {
  const { file, name } = ownerOf(uri);
  return promptIn(index, file, name);
}

export async function promptIn(
  index: ProjectIndex,
  file: vscode.Uri,
  name: string,
): Promise<LivePrompt | undefined> {
  const folder = vscode.workspace.getWorkspaceFolder(file);
  if (folder === undefined) return undefined;
  const { project } = await index.of(folder);
  const source = project.sources.get(relativePath(folder, file));
  const prompt = source === undefined ? undefined : findPrompt(source, name);
  return prompt === undefined ? undefined : { folder, project, prompt };
}

/** A prompt as a Flow uses it, which defines its placeholders. */
export interface PromptUse {
  readonly live: LivePrompt;
  readonly target: PromptTarget;
  readonly flow: string;
  readonly step: string;
}
