import * as vscode from "vscode";
import { readProjectFiles, searchLimits } from "../../adapters/definition/project-files";
import { skippedFolders } from "../../adapters/files/skipped-folders";
import { fileKindOf, sourceLimits } from "../../language";

/** A definition file as it was found; `path` is relative to the folder. */
interface Found {
  readonly path: string;
  readonly text: Uint8Array;
}

/** The file's bytes; of a file that is too large, no more than it takes to see that. */
export async function readStart(uri: vscode.Uri): Promise<Uint8Array> {
  const { size } = await vscode.workspace.fs.stat(uri);
  return size > sourceLimits.bytes ? new Uint8Array(size) : vscode.workspace.fs.readFile(uri);
}

/** The definition files of a folder. What cannot be read is left out. */
export async function readFolder(folder: vscode.Uri): Promise<readonly Found[]> {
  if (folder.scheme !== "file") return readVirtual(folder);
  return (await readProjectFiles(folder.fsPath, (place) => fileKindOf(place) !== undefined)).files;
}

/**
 * The same through VS Code, level by level. Searching is left to nobody: in a virtual folder VS Code finds only what an
 * extension that can search it would find.
 */
async function readVirtual(folder: vscode.Uri): Promise<readonly Found[]> {
  const places: string[] = [];
  let level = [""];
  let folders = 0;
  for (let depth = 0; depth <= searchLimits.depth && level.length > 0; depth += 1) {
    level = level.slice(0, searchLimits.folders - folders);
    folders += level.length;
    const listed = await Promise.allSettled(
      level.map((place) => vscode.workspace.fs.readDirectory(vscode.Uri.joinPath(folder, place))),
    );
    const next: string[] = [];
    listed.forEach((result, at) => {
      const around = level[at] ?? "";
      for (const [name, type] of result.status === "fulfilled" ? result.value : []) {
        const place = around === "" ? name : `${around}/${name}`;
        if (type === vscode.FileType.Directory && !skippedFolders.has(name)) next.push(place);
        else if (type === vscode.FileType.File && fileKindOf(place) !== undefined) places.push(place);
      }
    });
    level = next;
  }
  const read = await Promise.allSettled(
    places.slice(0, searchLimits.files).map(async (path) => ({
      path,
      text: await readStart(vscode.Uri.joinPath(folder, path)),
    })),
  );
  return read.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
}
