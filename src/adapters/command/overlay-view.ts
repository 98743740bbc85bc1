import fs from "node:fs";
import path from "node:path";
import { openFolders } from "./remove-tree";
import { findHidden, lookAt } from "./hidden-files";
import { laidOver, writeLaidOver } from "./laid-over";
import type { ViewChange, ViewParts } from "./view";

/** The upper layer of an overlay: what the view shows instead of the project. */
export interface OverlayView {
  /** Holds `upper` and `work`. */
  readonly layer: string;
  /** What is removed from the view before the command starts, relative to the project. */
  readonly removed: readonly string[];
  /** What the command changed. Only after every process of it has ended. */
  changes(): Promise<ViewChange[]>;
}

const signature = (stat: fs.Stats): string => `${stat.ino}:${stat.size}:${stat.mtimeMs}:${stat.mode}`;

/** overlayfs represents a deleted name as a device 0/0. */
function isWhiteout(stat: fs.Stats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0;
}

/** Every file of the layer with its signature; folders are opened, links are not followed. */
async function walk(root: string): Promise<Map<string, fs.Stats>> {
  const found = new Map<string, fs.Stats>();
  const visit = async (folder: string): Promise<void> => {
    for (const name of await fs.promises.readdir(path.join(root, folder))) {
      const place = folder === "" ? name : `${folder}/${name}`;
      // A name that is not UTF-8 cannot be opened by its text; nothing that it names becomes an artifact.
      const stat = await fs.promises.lstat(path.join(root, place)).catch(() => undefined);
      if (stat === undefined) continue;
      if (stat.isDirectory()) await visit(place);
      else found.set(place, stat);
    }
  };
  await visit("");
  return found;
}

/** Files of the project below a name that was deleted: the name itself, or everything in the folder. */
async function deletedFiles(project: string, place: string): Promise<string[]> {
  const stat = await fs.promises.lstat(path.join(project, place)).catch(() => undefined);
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [place];
  return [...(await walk(path.join(project, place))).keys()].map((name) => `${place}/${name}`);
}

/** Prepares the layer in the folder, which must be empty. Costs as much as the session's artifacts, not as the project. */
export async function overlayView(parts: ViewParts, layer: string): Promise<OverlayView> {
  const upper = path.join(layer, "upper");
  await fs.promises.mkdir(upper, { recursive: true });
  await fs.promises.mkdir(path.join(layer, "work"), { recursive: true });
  const { mode } = await fs.promises.stat(parts.project);
  await fs.promises.chmod(upper, mode & 0o777);
  const files = await laidOver(parts);
  await writeLaidOver(upper, files);
  const before = new Map([...(await walk(upper))].map(([place, stat]) => [place, signature(stat)]));
  const gone = files.filter(({ bytes }) => bytes === null).map(({ path: place }) => place);
  const removed = [...new Set([...(await findHidden(parts.project, lookAt(parts))), ...gone])];
  const own = new Set(removed);
  return {
    layer,
    removed,
    changes: async () => {
      await openFolders(upper);
      const after = await walk(upper);
      const changes: ViewChange[] = [];
      const deleted = async (place: string): Promise<void> => {
        for (const file of await deletedFiles(parts.project, place)) {
          if (!own.has(file))
            changes.push({ path: file, file: null, bytes: 0, executable: false, regular: true });
        }
      };
      for (const [place, stat] of after) {
        if (isWhiteout(stat)) {
          if (!own.has(place)) await deleted(place);
        } else if (before.get(place) !== signature(stat)) {
          changes.push({
            path: place,
            file: path.join(upper, place),
            bytes: stat.isFile() ? stat.size : 0,
            executable: (stat.mode & 0o100) !== 0,
            regular: stat.isFile(),
          });
        }
      }
      for (const place of before.keys()) {
        if (after.has(place)) continue;
        changes.push({ path: place, file: null, bytes: 0, executable: false, regular: true });
      }
      return changes;
    },
  };
}
