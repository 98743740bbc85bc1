import * as vscode from "vscode";
import { readMaterials, readMaterialsOf } from "../../app/project/materials";
import { readProjectFiles, searchFiles } from "../../app/project/project-files";
import type { FileTree, FoundFile } from "../../app/project/project-files";
import { fileKindOf, sourceLimits } from "../../language";
import type { Materials, WantedMaterials } from "../../language";

/** The file's bytes; for a file that is too large, only as many as are needed to detect that. */
export async function readStart(uri: vscode.Uri): Promise<Uint8Array> {
  const { size } = await vscode.workspace.fs.stat(uri);
  return size > sourceLimits.bytes ? new Uint8Array(size) : vscode.workspace.fs.readFile(uri);
}

/** The definition files of a folder. Unreadable files are left out. */
export async function readFolder(folder: vscode.Uri): Promise<readonly FoundFile[]> {
  const wanted = (place: string): boolean => fileKindOf(place) !== undefined;
  const found =
    folder.scheme === "file"
      ? await readProjectFiles(folder.fsPath, wanted)
      : await searchFiles(treeOf(folder), wanted);
  return found.files;
}

/** The instruction files and skills that the Bands of a folder name. */
export function readNamed(folder: vscode.Uri, wanted: WantedMaterials): Promise<Materials> {
  return folder.scheme === "file"
    ? readMaterials(folder.fsPath, wanted)
    : readMaterialsOf(treeOf(folder), wanted);
}

/**
 * A folder through VS Code. It does not use VS Code's search, which in a virtual folder finds only what an extension
 * that can search it provides.
 */
function treeOf(root: vscode.Uri): FileTree {
  const at = (place: string): vscode.Uri => vscode.Uri.joinPath(root, place);
  return {
    list: async (folder) =>
      (await vscode.workspace.fs.readDirectory(at(folder))).map(([name, type]) => ({
        name,
        kind:
          type === vscode.FileType.Directory ? "folder" : type === vscode.FileType.File ? "file" : "other",
      })),
    read: (file) => readStart(at(file)),
  };
}
