import fs from "node:fs";
import path from "node:path";
import { isDiskCode } from "../files/file-system";

/**
 * Removes a folder with everything in it, even where a command removed the permission to read or write its folders.
 * Links are removed, never followed. No other process may write there any more.
 */
export async function removeTree(root: string): Promise<void> {
  try {
    await fs.promises.rm(root, { recursive: true, force: true, maxRetries: 2 });
  } catch (error) {
    if (!isDiskCode(error, "EACCES", "EPERM", "ENOTEMPTY")) throw error;
    await openFolders(root);
    await fs.promises.rm(root, { recursive: true, force: true, maxRetries: 2 });
  }
}

/** Gives the owner all permissions on the folder and those below. */
export async function openFolders(folder: string): Promise<void> {
  try {
    await fs.promises.chmod(folder, 0o700);
  } catch (error) {
    // A name that is not UTF-8; the removal addresses it by its bytes.
    if (isDiskCode(error, "ENOENT")) return;
    throw error;
  }
  for (const entry of await fs.promises.readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await openFolders(path.join(folder, entry.name));
  }
}
