import { lstat } from "node:fs/promises";
import path from "node:path";
import { NodeGuardedFiles } from "../../adapters/files/guarded-files";
import { sha256Bytes } from "../../adapters/system/sha256";
import { nodeUtf8 } from "../../adapters/system/utf8";
import { maxSkillBytes, maxSkillFileBytes, maxSkillFiles } from "../../engine/model/pinned";
import { grouped } from "../../engine/model/grouped";
import type { FolderMaterial, Material, MaterialFolder, Materials, WantedMaterials } from "../../language";
import type { FileTree } from "./project-files";

/** Files of a skill lie at most this many folders deep. */
const maxSkillDepth = 8;

type Refused = Extract<Material, { kind: "refused" }>;
const missing = { kind: "missing" } as const;
const refused = (why: string): Refused => ({ kind: "refused", why });

/** The content of a file as a run uses it: text has LF as line end and no byte order mark. */
function materialOf(bytes: Uint8Array): Extract<Material, { kind: "text" | "bytes" }> {
  const size = { bytes: bytes.length, sha256: sha256Bytes(bytes) };
  const text = nodeUtf8.decode(bytes);
  return text === null
    ? { kind: "bytes", ...size }
    : { kind: "text", ...size, text: text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n") };
}

/** Where a project's instruction files and skills are read from. */
interface MaterialSource {
  file(place: string): Promise<Material>;
  folder(place: string): Promise<FolderMaterial>;
}

async function readAll(wanted: WantedMaterials, from: MaterialSource): Promise<Materials> {
  const files = new Map<string, Material>();
  for (const place of wanted.files) files.set(place, await from.file(place));
  const folders = new Map<string, FolderMaterial>();
  for (const place of wanted.folders) folders.set(place, await from.folder(place));
  return { files, folders };
}

/**
 * Reads instruction files and skills from the disk, through the guard that all reads of agents go through: no link is
 * followed out of the project, or out of a skill's folder. Never rejects because of what is on the disk.
 */
export function readMaterials(workDomain: string, wanted: WantedMaterials): Promise<Materials> {
  const policy = {
    read_scope: ["domain" as const],
    write_scope: [],
    allow: [...wanted.allow],
    foreign_tools: [],
  };
  const guardOf = (folder: string): NodeGuardedFiles =>
    new NodeGuardedFiles({ workDomain: folder, startDirectory: folder, references: [], policy });
  const project = guardOf(workDomain);
  const isThere = (place: string): Promise<boolean> =>
    lstat(path.join(workDomain, place)).then(
      () => true,
      () => false,
    );
  return readAll(wanted, {
    async file(place) {
      if (!(await isThere(place))) return missing;
      const read = await project.read(place, maxSkillFileBytes);
      if (read.kind !== "file" && (await project.list(place, 1)).kind === "dir")
        return refused("It is a folder.");
      return read.kind === "file" ? materialOf(read.bytes) : refused(read.message);
    },
    async folder(place) {
      if (!(await isThere(place))) return missing;
      const checked = await project.list(place, 1);
      if (checked.kind !== "dir") return refused(checked.message);
      const skill = guardOf(path.join(workDomain, place));
      const listed = await skill.list(".", maxSkillFiles * 2, { depth: maxSkillDepth });
      if (listed.kind !== "dir") return refused(listed.message);
      const names = listed.entries.flatMap(({ name, type }) => (type === "file" ? [name] : []));
      if (listed.truncated || names.length > maxSkillFiles) return tooMany;
      return readFolder(names, async (name) => {
        const read = await skill.read(name, maxSkillFileBytes);
        return read.kind === "file" ? read.bytes : undefined;
      });
    },
  });
}

const tooMany = refused(`It has more than ${maxSkillFiles} files.`);

/** @param read undefined: the file is too large, or cannot be read. */
async function readFolder(
  names: readonly string[],
  read: (name: string) => Promise<Uint8Array | undefined>,
): Promise<FolderMaterial> {
  const files = new Map<
    string,
    MaterialFolder["files"] extends ReadonlyMap<string, infer File> ? File : never
  >();
  const leftOut: string[] = [];
  let total = 0;
  for (const name of [...names].sort()) {
    const bytes = await read(name);
    total += bytes?.length ?? 0;
    if (total > maxSkillBytes) return refused(`It has more than ${grouped(maxSkillBytes)} bytes.`);
    if (bytes === undefined) leftOut.push(name);
    else files.set(name, materialOf(bytes));
  }
  return { kind: "folder", files, leftOut };
}

/** The same for a folder that is not on the disk. Links are not followed. */
export function readMaterialsOf(tree: FileTree, wanted: WantedMaterials): Promise<Materials> {
  const kindOf = async (place: string): Promise<"folder" | "file" | "other" | undefined> => {
    const names = place.split("/");
    for (let depth = 0; depth < names.length; depth += 1) {
      const entries = await tree.list(names.slice(0, depth).join("/")).catch(() => []);
      const kind = entries.find(({ name }) => name === names[depth])?.kind;
      if (kind !== "folder" || depth === names.length - 1) return kind;
    }
    return undefined;
  };
  const readStart = (place: string): Promise<Uint8Array | undefined> =>
    tree.read(place, maxSkillFileBytes + 1).then(
      (bytes) => (bytes.length > maxSkillFileBytes ? undefined : bytes),
      () => undefined,
    );
  return readAll(wanted, {
    async file(place) {
      const kind = await kindOf(place);
      if (kind === undefined) return missing;
      if (kind !== "file") return refused("It is not a regular file.");
      const bytes = await readStart(place);
      return bytes === undefined ? refused("It cannot be read, or is too large.") : materialOf(bytes);
    },
    async folder(place) {
      const kind = await kindOf(place);
      if (kind === undefined) return missing;
      if (kind !== "folder") return refused("It is not a folder.");
      const names: string[] = [];
      let level = [""];
      for (let depth = 0; depth < maxSkillDepth && level.length > 0; depth += 1) {
        const next: string[] = [];
        for (const inner of level) {
          for (const { name, kind: what } of await tree.list(`${place}${inner}`).catch(() => [])) {
            if (what === "folder") next.push(`${inner}/${name}`);
            else if (what === "file") names.push(`${inner}/${name}`.slice(1));
          }
          if (names.length > maxSkillFiles) return tooMany;
        }
        level = next;
      }
      return readFolder(names, (name) => readStart(`${place}/${name}`));
    },
  });
}
