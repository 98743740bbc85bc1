import * as vscode from "vscode";
import { OrketError } from "../../engine/error/orket-error";
import { sourceLimits } from "../../language";
import type { ProjectFile } from "../../language";
import { detectImport, importFiles, importKinds, mayImport, neighboursOf } from "../../language/import";
import type { ImportEntry, ImportResult } from "../../language/import";
import { schemes } from "../ids";
import type { ProjectIndex } from "../project/project-index";
import { askPlace, chooseFolder, writeNewFiles } from "./new-files";

/** Maximum number of files searched for in a folder. */
const maxFiles = 500;
const maxDepth = 12;

/** The file's bytes; for a file that is too large, enough for the importer to detect that. */
async function read(uri: vscode.Uri): Promise<Uint8Array | undefined> {
  try {
    const { size, type } = await vscode.workspace.fs.stat(uri);
    if ((type & vscode.FileType.Directory) !== 0) return undefined;
    if (size > sourceLimits.bytes) return new Uint8Array(sourceLimits.bytes + 1);
    return await vscode.workspace.fs.readFile(uri);
  } catch {
    return undefined;
  }
}

async function searchFolder(root: vscode.Uri, place: string, found: ProjectFile[], depth = 0): Promise<void> {
  const entries = await vscode.workspace.fs.readDirectory(vscode.Uri.joinPath(root, place));
  for (const [name, type] of entries.sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (found.length >= maxFiles) return;
    const path = place === "" ? name : `${place}/${name}`;
    if (type === vscode.FileType.Directory) {
      const skipped = /^(node_modules|\.git|\.orket|\.venv|venv)$/.test(name);
      if (!skipped && depth < maxDepth) await searchFolder(root, path, found, depth + 1);
    } else if (type === vscode.FileType.File && mayImport(path)) {
      const text = await read(vscode.Uri.joinPath(root, path));
      if (text !== undefined) found.push({ path, text });
    }
  }
}

/** The root of a file's path in the report: a path with its folder, since that often shows what the file is. */
function rootOf(uri: vscode.Uri): vscode.Uri {
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  return folder?.uri ?? vscode.Uri.joinPath(uri, "..", "..", "..");
}

function pathBelow(root: vscode.Uri, uri: vscode.Uri): string {
  const base = root.path.endsWith("/") ? root.path : `${root.path}/`;
  return uri.path.startsWith(base) ? uri.path.slice(base.length) : uri.path.replace(/^\//, "");
}

async function gatherFiles(chosen: readonly vscode.Uri[]): Promise<ProjectFile[]> {
  const found = new Map<string, ProjectFile>();
  for (const uri of chosen) {
    const root = rootOf(uri);
    const text = await read(uri);
    if (text === undefined) continue;
    const file = { path: pathBelow(root, uri), text };
    found.set(uri.toString(), file);
    for (const neighbour of neighboursOf(file)) {
      const own = vscode.Uri.joinPath(root, neighbour);
      const beside = await read(own);
      if (beside !== undefined) found.set(own.toString(), { path: neighbour, text: beside });
    }
  }
  return [...found.values()];
}

async function choose(target: unknown, folder: vscode.WorkspaceFolder): Promise<ProjectFile[] | undefined> {
  if (target instanceof vscode.Uri) return gatherFiles([target]);
  const here = "This folder";
  const what = await vscode.window.showQuickPick(
    [
      {
        label: `$(search) ${here}`,
        detail: `Looks for ${Object.values(importKinds).join(", ")}`,
        is: "here",
      },
      {
        label: "$(files) Choose Files…",
        detail: "Files of another tool, also outside the folder",
        is: "files",
      },
      {
        label: "$(folder-opened) Choose a Folder…",
        detail: "Everything in it that can be imported",
        is: "folder",
      },
    ] as const,
    { title: "Import", placeHolder: "What do you want to make Orket's files from?", ignoreFocusOut: true },
  );
  if (what === undefined) return undefined;
  if (what.is === "files") {
    const files = await vscode.window.showOpenDialog({
      canSelectMany: true,
      openLabel: "Import",
      title: "Files of another tool",
    });
    return files === undefined ? undefined : gatherFiles(files);
  }
  let root = folder.uri;
  if (what.is === "folder") {
    const [picked] =
      (await vscode.window.showOpenDialog({
        canSelectFiles: false,
        canSelectFolders: true,
        openLabel: "Import",
        title: "A folder with files of another tool",
      })) ?? [];
    if (picked === undefined) return undefined;
    root = picked;
  }
  const found: ProjectFile[] = [];
  await searchFolder(root, "", found);
  return found;
}

/** Reports as documents that VS Code never asks to save. */
export class ImportReports implements vscode.TextDocumentContentProvider {
  readonly #texts: string[] = [];

  add(kinds: string, text: string): vscode.Uri {
    this.#texts.push(text);
    const path = `/Import of ${kinds}.md`;
    return vscode.Uri.from({ scheme: schemes.importReport, path, query: String(this.#texts.length - 1) });
  }

  provideTextDocumentContent({ query }: vscode.Uri): string {
    return (
      this.#texts[Number(query)] ?? "This report is no longer available. Import again to make a new one.\n"
    );
  }
}

/** Converts files of other tools to Orket's files, and reports in a document what each one became. */
export async function importFlow(
  index: ProjectIndex,
  reports: ImportReports,
  target: unknown,
): Promise<void> {
  const folder = await chooseFolder();
  if (folder === undefined) return;
  const files = await choose(target, folder);
  if (files === undefined) return;
  const { sets } = detectImport(files);
  if (sets.length === 0) {
    throw new OrketError("usage", "There is nothing to import.", {
      hint: `Known are ${Object.values(importKinds).join(", ")}.`,
    });
  }
  const kinds = [...new Set(sets.map(({ kind }) => importKinds[kind]))].join(", ");
  const place = await askPlace(`Import: ${kinds}`, "flows");
  if (place === undefined) return;
  const { project } = await index.of(folder);
  const result = importFiles(files, { project, ...(place === "" ? {} : { folder: place }) });
  await writeNewFiles(folder, result.files);
  const report = await vscode.workspace.openTextDocument(reports.add(kinds, reportText(kinds, result)));
  await vscode.window.showTextDocument(report, { preview: false });
}

const headings = {
  error: "Could not be read, or cannot run yet",
  warning: "Not carried over",
  info: "Changed",
};

function reportText(kinds: string, { files, report }: ImportResult): string {
  const section = (level: ImportEntry["level"]): string[] => {
    const entries = report.filter((entry) => entry.level === level);
    if (entries.length === 0) return [];
    return ["", `## ${headings[level]}`, "", ...entries.map(entryText)];
  };
  return [
    `# Import: ${kinds}`,
    "",
    files.length === 0 ? "No file was written." : "Files written; nothing else was changed:",
    "",
    ...files.map(({ path }) => `- ${path}`),
    ...section("error"),
    ...section("warning"),
    ...section("info"),
    "",
  ].join("\n");
}

function entryText({ message, place }: ImportEntry): string {
  if (place === undefined) return `- ${message}`;
  const { line, character } = place.range.start;
  return `- ${place.file}:${line + 1}:${character + 1}: ${message}`;
}
