import { sha256 } from "../../src/adapters/system/sha256";
import type { Material, MaterialFolder, Materials } from "../../src/language";

type MaterialText = Extract<Material, { kind: "text" }>;

/**
 * Files that are no definition files, as a host would have read them: each by its path, and each folder with a SKILL.md or
 * with such a folder. */
export function materialsOf(texts: Iterable<readonly [string, string]>): Materials {
  const files = new Map<string, MaterialText>();
  for (const [path, text] of texts)
    files.set(path, { kind: "text", text, bytes: Buffer.byteLength(text), sha256: sha256(text) });
  const folders = new Map<string, MaterialFolder>();
  for (const path of files.keys()) {
    if (!path.endsWith("/SKILL.md")) continue;
    const own = path.slice(0, -"/SKILL.md".length);
    for (const folder of [own, own.slice(0, Math.max(0, own.lastIndexOf("/")))]) {
      if (folder === "") continue;
      const inside = [...files].flatMap(([name, file]) =>
        name.startsWith(`${folder}/`) ? [[name.slice(folder.length + 1), file] as const] : [],
      );
      folders.set(folder, { kind: "folder", files: new Map(inside), leftOut: [] });
    }
  }
  return { files, folders };
}
