import type { BandFile } from "../../engine/model/band";
import type { Definition } from "../../engine/model/definition";
import type { PinnedSkill, PinnedText } from "../../engine/model/pinned-schema";
import { findInstructions } from "../project/instructions";
import { skillFolder } from "../project/materials";
import type { MaterialFolder, Materials } from "../project/materials";
import { pathOf, readSkillFolder, skillsIn } from "../project/skills";

type Roles = Pick<Definition["band"], "roles" | "instructions" | "skills">;

/**
 * The Band's roles as a run reads them: their instructions as whole paths, nearest first, and their skills as folders,
 * with the contents of both. A role with skills has the tool that reads them.
 */
export function pinBand(
  path: string,
  roles: BandFile["roles"],
  materials: Materials,
  allow: readonly string[],
): Roles {
  const texts = new Map<string, PinnedText>();
  const skills = new Map<string, PinnedSkill>();
  const pinned = Object.entries(roles).map(([name, role]) => {
    const own = { ...role };
    if (role.instructions !== undefined) {
      const files = role.instructions.flatMap(
        (entry) => findInstructions(path, entry, materials, allow).files,
      );
      for (const file of files) texts.set(file.path, file);
      own.instructions = [...new Set(files.map((file) => file.path))];
    }
    if (role.skills !== undefined) {
      const folders = new Set<string>();
      for (const entry of role.skills) {
        for (const skill of pinSkills(entry, materials)) {
          skills.set(skill.folder, skill);
          folders.add(skill.folder);
        }
      }
      own.skills = [...folders];
      if (folders.size > 0 && !role.tools.includes("read_skill")) own.tools = [...role.tools, "read_skill"];
    }
    return [name, own] as const;
  });
  return {
    roles: Object.fromEntries(pinned),
    ...(texts.size === 0 ? {} : { instructions: [...texts.values()] }),
    ...(skills.size === 0 ? {} : { skills: [...skills.values()] }),
  };
}

function pinSkills(entry: string, { folders }: Materials): PinnedSkill[] {
  const folder = skillFolder(entry);
  const material = folder === undefined ? undefined : folders.get(folder);
  if (folder === undefined || material?.kind !== "folder") return [];
  return skillsIn(material).flatMap((one) => pinSkill(pathOf(folder, one), one.material) ?? []);
}

function pinSkill(folder: string, material: MaterialFolder): PinnedSkill | undefined {
  const { skill } = readSkillFolder(material);
  if (skill === undefined) return undefined;
  const files = [...material.files].map(([path, file]) => ({
    path,
    sha256: file.sha256,
    bytes: file.bytes,
    ...(file.kind === "text" ? { text: file.text } : {}),
  }));
  return { ...skill, folder, files };
}
