import { hash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import type { CommandSpec } from "../../engine/model/command";
import type { Policy } from "../../engine/model/flow";
import { classifyPath, decideWrite } from "../../engine/policy/file-policy";
import { matchesAny } from "../../engine/policy/glob";
import type { CommandFile, OverlayFile } from "../../engine/port/commands";
import type { CommandBounds } from "./bounds";
import { isProgram } from "./view";
import type { ViewChange } from "./view";

export interface Collected {
  readonly files: readonly CommandFile[];
  readonly discarded: { readonly files: number; readonly bytes: number };
  /** A sentence when more files matched than may become artifacts; then none do. */
  readonly tooMuch?: string;
}

export interface CollectOptions {
  readonly project: string;
  readonly spec: Pick<CommandSpec, "writes">;
  readonly policy: Pick<Policy, "write_scope" | "allow">;
  readonly overlay: readonly OverlayFile[];
  readonly bounds: CommandBounds;
}

/** Whether the change may become an artifact: `writes` names it, and an agent could write it too. */
function isWanted({ path: place, regular }: ViewChange, { spec, policy }: CollectOptions): boolean {
  if (!regular || !matchesAny(spec.writes, place)) return false;
  const classified = classifyPath(place);
  if (classified.kind !== "relative" || classified.path !== place) return false;
  return decideWrite(place, policy).allowed;
}

function readWhole(file: string): Uint8Array {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const handle = fs.openSync(file, O_RDONLY | (O_NOFOLLOW ?? 0) | (O_NONBLOCK ?? 0));
  try {
    return fs.readFileSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}

/** Whether the session already sees the file like that: as its own artifact, or as the project's file. */
function isKnown(
  change: ViewChange,
  bytes: Uint8Array | null,
  { overlay, project }: CollectOptions,
): boolean {
  const own = overlay.find(({ path: place }) => place === change.path);
  const file = path.join(project, change.path);
  if (bytes === null) return own === undefined ? !fs.existsSync(file) : own.content === null;
  if (change.executable && !wasExecutable(own, file, bytes)) return false;
  if (own !== undefined) return own.content?.sha256 === hash("sha256", bytes, "hex");
  try {
    return fs.readFileSync(file).equals(bytes);
  } catch {
    return false;
  }
}

/** Whether the command found a file with this text executable, see `laidOver`. */
function wasExecutable(own: OverlayFile | undefined, file: string, bytes: Uint8Array): boolean {
  if (own?.executable === true) return true;
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? own !== undefined && isProgram(bytes) : (stat.mode & 0o100) !== 0;
}

/** Divides a command's changes into those that become artifacts and those that are only counted. */
export function collect(changes: readonly ViewChange[], options: CollectOptions): Collected {
  const { bounds } = options;
  const files: CommandFile[] = [];
  let discardedFiles = 0;
  let discardedBytes = 0;
  let bytesSoFar = 0;
  let tooMuch: string | undefined;
  for (const change of [...changes].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (!isWanted(change, options)) {
      discardedFiles += 1;
      discardedBytes += change.bytes;
      continue;
    }
    bytesSoFar += change.bytes;
    if (files.length >= bounds.files || bytesSoFar > bounds.fileBytes) {
      tooMuch = `More matches its 'writes' than can become artifacts: ${bounds.files} files, ${bounds.fileBytes >> 20} MiB.`;
      break;
    }
    const content = change.file === null ? null : readWhole(change.file);
    if (isKnown(change, content, options)) continue;
    files.push({ path: change.path, content, executable: change.executable });
  }
  const discarded = { files: discardedFiles, bytes: discardedBytes };
  return tooMuch === undefined ? { files, discarded } : { files: [], discarded, tooMuch };
}
