import type { PinnedSkill, PinnedText } from "./pinned-schema";

/** Most entries of a role's `instructions`, and of its `skills`. */
export const maxInstructions = 20;
export const maxSkills = 50;
/** Largest file that is part of a system prompt, in bytes: most local models have a window of 8,192 to 131,072 tokens. */
export const maxInstructionBytes = 65_536;
/** Largest file of a skill that `read_skill` can show, in bytes, and most bytes of all its texts together. */
export const maxSkillFileBytes = 262_144;
export const maxSkillBytes = 1_048_576;
/** Most files of a skill, and most bytes of the texts of all skills of a Flow. */
export const maxSkillFiles = 200;
export const maxAllSkillsBytes = 8_388_608;

/** The file that makes a folder a skill. */
export const skillFile = "SKILL.md";

interface PinnedBand {
  readonly roles: Readonly<
    Record<
      string,
      {
        readonly instructions?: readonly string[] | undefined;
        readonly skills?: readonly string[] | undefined;
      }
    >
  >;
  readonly instructions?: readonly PinnedText[] | undefined;
  readonly skills?: readonly PinnedSkill[] | undefined;
}

function roleOf({ roles }: PinnedBand, role: string): PinnedBand["roles"][string] | undefined {
  return Object.hasOwn(roles, role) ? roles[role] : undefined;
}

/** The instruction files of a role, nearest first. In a resolved Band a role's `instructions` are whole paths. */
export function instructionsOf(band: PinnedBand, role: string): PinnedText[] {
  const named = roleOf(band, role)?.instructions ?? [];
  return named.flatMap((path) => band.instructions?.find((one) => one.path === path) ?? []);
}

/** The skills of a role, in its order. */
export function skillsOf(band: PinnedBand, role: string): PinnedSkill[] {
  const named = roleOf(band, role)?.skills ?? [];
  return named.flatMap((folder) => band.skills?.find((one) => one.folder === folder) ?? []);
}

/** What follows a role's own prompt: the project's instructions, and the names of its skills; empty without any. */
export function pinnedSections(band: PinnedBand, role: string): string {
  const files = instructionsOf(band, role).filter(({ text }) => text.trim() !== "");
  const skills = skillsOf(band, role);
  const instructions =
    files.length === 0
      ? ""
      : `\n\n# Instructions of the project\n\n${
          files.length === 1
            ? "This file of the project applies to your work."
            : "These files of the project apply to your work. Where they disagree, the one that comes first applies."
        }\n\n${files.map(({ path, text }) => `## ${path}\n\n${text.trim()}`).join("\n\n")}`;
  const list =
    skills.length === 0
      ? ""
      : `\n\n# Skills\n\nA skill explains how to do one kind of task. Before you do such a task, read the skill with read_skill.\n\n${skills
          .map(({ name, description }) => `- ${name}: ${description.replace(/\s+/g, " ").trim()}`)
          .join("\n")}`;
  return instructions + list;
}
