import path from "node:path";
import { classifyPath, decideWrite } from "../../engine/policy/file-policy";
import type { FileRule } from "../../engine/policy/file-policy";
import type { Policy } from "../../engine/model/flow";
import { diskCode, isDiskCode, unlessMissing } from "./file-system";
import type { FileSystem } from "./file-system";
import { Opened } from "./opened";
import { isWithin, relativePath, spellings } from "./paths";

/** A place in the project that a proposal may take. Close `file` and `parent`. */
export interface ProjectTarget {
  readonly kind: "target";
  /** The existing file. */
  readonly file: Opened | undefined;
  /** The folder, or the nearest one above it that exists. */
  readonly parent: Opened;
  /** Folders to create below `parent`. */
  readonly folders: readonly string[];
  readonly name: string;
}
export interface TargetDenied {
  readonly kind: "denied";
  readonly rule: FileRule;
  readonly message: string;
}

function denied(rule: FileRule, message: string): TargetDenied {
  return { kind: "denied", rule, message };
}

interface Domain {
  readonly fs: FileSystem;
  /** The project's real path. */
  readonly root: string;
  readonly policy: Pick<Policy, "write_scope" | "allow">;
}

const failures = ["EIO", "EMFILE", "ENFILE", "ENOMEM", "ENOSPC", "EDQUOT", "EROFS", "EBUSY", "ETIMEDOUT"];

/** Opens what is at `file`; undefined when there is nothing. A link that leads nowhere is denied. */
async function openIn(domain: Domain, file: string, raw: string): Promise<Opened | TargetDenied | undefined> {
  let opened: Opened;
  try {
    opened = await Opened.at(domain.fs, file);
  } catch (error) {
    if (isDiskCode(error, "ENOTDIR")) return undefined;
    if (isDiskCode(error, "ELOOP")) return denied("link-outside", `The links at ${raw} lead in a circle.`);
    // A disk failure says nothing about the file.
    if (isDiskCode(error, ...failures)) throw error;
    if (!isDiskCode(error, "ENOENT")) {
      return denied("unreadable", `The project's ${raw} cannot be opened (${diskCode(error) ?? "unknown"}).`);
    }
    const link = await unlessMissing(domain.fs.lstat(file), undefined);
    return link === undefined ? undefined : denied("link-outside", `A link at ${raw} leads to nothing.`);
  }
  if (isWithin(domain.root, opened.real)) return opened;
  await opened.close();
  return denied("link-outside", `A link on the way to ${raw} leads out of the project.`);
}

async function existing(domain: Domain, opened: Opened, raw: string): Promise<ProjectTarget | TargetDenied> {
  const decision = decideWrite(relativePath(domain.root, opened.real), domain.policy);
  if (!decision.allowed) return denied(decision.rule, decision.message);
  if (opened.stat.isDirectory()) return denied("is-folder", `${raw} is a folder of the project.`);
  if (!opened.stat.isFile()) return denied("special-file", `${raw} is not a regular file.`);
  const parent = await Opened.at(domain.fs, path.dirname(opened.real));
  return { kind: "target", file: opened, parent, folders: [], name: path.basename(opened.real) };
}

async function absent(domain: Domain, relative: string, raw: string): Promise<ProjectTarget | TargetDenied> {
  const names = relative.split("/");
  for (let depth = names.length - 1; depth >= 0; depth -= 1) {
    const parent = await openIn(domain, path.join(domain.root, ...names.slice(0, depth)), raw);
    if (parent === undefined) continue;
    if ("rule" in parent) return parent;
    const rest = names.slice(depth);
    const where = relativePath(domain.root, path.join(parent.real, ...rest));
    const decision = decideWrite(where, domain.policy);
    if (decision.allowed && parent.stat.isDirectory()) {
      return { kind: "target", file: undefined, parent, folders: rest.slice(0, -1), name: rest.at(-1) ?? "" };
    }
    await parent.close();
    if (!decision.allowed) return denied(decision.rule, decision.message);
    return denied("not-a-folder", `A file is in the place of a folder that ${raw} needs.`);
  }
  return denied("not-a-folder", "The project's folder does not exist.");
}

/**
 * Finds the place of a proposal's path in the project: what exists there, by its real path, held open. Links inside the
 * project are followed, links out of it are not.
 */
export async function findTarget(
  fs: FileSystem,
  workDomain: string,
  raw: string,
  policy: Domain["policy"],
): Promise<ProjectTarget | TargetDenied> {
  const place = classifyPath(raw);
  if (place.kind !== "relative") return denied(place.rule, place.message);
  const decision = decideWrite(place.path, policy);
  if (!decision.allowed) return denied(decision.rule, decision.message);
  const domain: Domain = { fs, policy, root: await fs.realPath(workDomain) };
  for (const spelling of spellings(place.path)) {
    const opened = await openIn(domain, path.join(domain.root, ...spelling.split("/")), place.path);
    if (opened === undefined) continue;
    if ("rule" in opened) return opened;
    const found = await existing(domain, opened, place.path);
    if (found.kind === "denied") await opened.close();
    return found;
  }
  return absent(domain, place.path, place.path);
}

export async function closeTarget(target: ProjectTarget): Promise<void> {
  await target.file?.close();
  await target.parent.close();
}
