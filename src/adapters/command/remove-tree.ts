import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { isDiskCode, unlessMissing } from "../files/file-system";

/**
 * Removes a folder with everything in it, even where a command removed the permission to read or write its folders.
 * Links are removed, never followed. No other process may write there any more.
 */
export async function removeTree(root: string): Promise<void> {
  try {
    await fs.promises.rm(root, { recursive: true, force: true, maxRetries: 2 });
  } catch (error) {
    if (!isDiskCode(error, "EACCES", "EPERM", "ENOTEMPTY", "ENAMETOOLONG")) throw error;
    await openFolders(root);
    await flatten(root);
    await fs.promises.rm(root, { recursive: true, force: true, maxRetries: 2 });
  }
}

/** Gives the owner all permissions on the folder and those below. */
export async function openFolders(folder: string): Promise<void> {
  try {
    await fs.promises.chmod(folder, 0o700);
  } catch (error) {
    // A name that is not UTF-8, which the removal addresses by its bytes, or too deep for a path.
    if (isDiskCode(error, "ENOENT", "ENAMETOOLONG")) return;
    throw error;
  }
  for (const entry of await fs.promises.readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await openFolders(path.join(folder, entry.name));
  }
}

/** How long a path below the root may become, in characters: far from the 4,096 bytes that Linux allows. */
const longPath = 700;

/** A command can nest folders deeper than any path reaches: those are moved up, from where their own can be reached. */
async function flatten(root: string): Promise<void> {
  const open = [root];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    await unlessMissing(fs.promises.chmod(folder, 0o700), undefined);
    const entries = await unlessMissing(fs.promises.readdir(folder, { withFileTypes: true }), []);
    for (const entry of entries) {
      if (!entry.isDirectory()) continue;
      let place = path.join(folder, entry.name);
      if (place.length > root.length + longPath && folder !== root) {
        const higher = path.join(root, randomBytes(8).toString("hex"));
        await unlessMissing(fs.promises.rename(place, higher), undefined);
        place = higher;
      }
      open.push(place);
    }
  }
}
