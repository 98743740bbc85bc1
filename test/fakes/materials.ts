import { sha256 } from "../../src/adapters/system/sha256";
import type { Material, MaterialFolder, Materials } from "../../src/language";

type MaterialText = Extract<Material, { kind: "text" }>;

/** Files that are no definition files, as a host would have read them: each by its path, and each folder with a SKILL.md. */
export function materialsOf(texts: Iterable<readonly [string, string]>): Materials {
  const files = new Map<string, MaterialText>();
  for (const [path, text] of texts)
    files.set(path, { kind: "text", text, bytes: Buffer.byteLength(text), sha256: sha256(text) });
  const folders = new Map<string, MaterialFolder>();
  for (const path of files.keys()) {
    if (!path.endsWith("/SKILL.md")) continue;
    const folder = path.slice(0, -"SKILL.md".length);
    const inside = [...files].flatMap(([name, file]) =>
      name.startsWith(folder) ? [[name.slice(folder.length), file] as const] : [],
    );
    folders.set(folder.slice(0, -1), { kind: "folder", files: new Map(inside), leftOut: [] });
  }
  return { files, folders };
}
