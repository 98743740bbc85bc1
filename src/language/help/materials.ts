import { grouped } from "../../engine/model/grouped";
import { skillFile } from "../../engine/model/pinned";
import { instructionPaths, skillFolder } from "../project/materials";
import type { Project } from "../project/project";
import { folderOf } from "../project/paths";
import { pathOf, readSkillFolder, skillsIn } from "../project/skills";
import { fieldAt } from "../schema/fields";
import { textAt } from "../schema/read";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";
import type { HelpContext } from "./model";

/** The files that an entry under `instructions` or `skills` means, nearest first; those that are not there are left out. */
export function materialFiles(project: Project, source: SourceDocument, path: ValuePath): string[] {
  const text = textAt(source, path);
  const meaning = source.kind === undefined ? undefined : fieldAt(source.kind, path, "value")?.meaning.is;
  if (text === undefined) return [];
  const { files, folders } = project.materials;
  if (meaning === "instructions")
    return instructionPaths(source.path, text).filter((one) => files.get(one)?.kind === "text");
  const folder = meaning === "skill" ? skillFolder(text) : undefined;
  const found = folder === undefined ? undefined : folders.get(folder);
  if (folder === undefined || found?.kind !== "folder") return [];
  return skillsIn(found).flatMap((one) =>
    one.material.files.has(skillFile) ? [`${pathOf(folder, one)}/${skillFile}`] : [],
  );
}

/** Help on such an entry, as Markdown; undefined where it means nothing that is there. */
export function explainMaterial(
  project: Project,
  source: SourceDocument,
  path: ValuePath,
): string | undefined {
  const found = materialFiles(project, source, path);
  if (found.length === 0) return undefined;
  const { files, folders } = project.materials;
  const [first = ""] = found;
  const skill = folders.get(folderOf(first));
  if (skill?.kind === "folder") {
    const read = readSkillFolder(skill).skill;
    const others = [...skill.files.keys()].filter((one) => one !== skillFile);
    return [
      `**Skill** \`${read?.name ?? folderOf(first)}\``,
      ...(read === undefined ? [] : [`\`\`\`text\n${read.description.replaceAll("```", "'''")}\n\`\`\``]),
      ...(others.length === 0
        ? []
        : [
            `Files: ${others
              .slice(0, 20)
              .map((one) => `\`${one}\``)
              .join(", ")}`,
          ]),
    ].join("\n\n");
  }
  const lines = found.map((one) => {
    const file = files.get(one);
    return `- \`${one}\`${file?.kind === "text" ? ` (${grouped(file.bytes)} bytes)` : ""}`;
  });
  return ["In the system prompt, nearest first:", lines.join("\n")].join("\n\n");
}

/** What can stand under `instructions`: names of files in the Band's folder and above it, and paths of other texts. */
export function instructionOffers(
  band: string,
  { files = [] }: HelpContext,
): { readonly word: string; readonly detail: string }[] {
  const named = new Set<string>();
  const offers: { word: string; detail: string }[] = [];
  const paths = files.filter((file) => !file.endsWith("/") && !file.endsWith(`/${skillFile}`));
  for (const path of paths) {
    const name = path.slice(path.lastIndexOf("/") + 1);
    if (!instructionPaths(band, name).includes(path) || named.has(name)) continue;
    named.add(name);
    offers.push({
      word: name,
      detail: instructionPaths(band, name)
        .filter((one) => paths.includes(one))
        .join(", "),
    });
  }
  for (const path of paths) if (path.includes("/")) offers.push({ word: path, detail: "file" });
  return offers;
}

/** Folders that hold a skill. */
export function skillFolders({ files = [] }: HelpContext): string[] {
  return files.flatMap((file) => (file.endsWith(`/${skillFile}`) ? [folderOf(file)] : []));
}
