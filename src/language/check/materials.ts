import { grouped } from "../../engine/model/grouped";
import { maxAllSkillsBytes } from "../../engine/model/pinned";
import { findInstructions, denialOf } from "../project/instructions";
import { entriesOf, skillFolder } from "../project/materials";
import type { MaterialFolder } from "../project/materials";
import type { FlowParts } from "../project/flow-parts";
import { projectPathProblem } from "../project/paths";
import { pathOf, readSkillFolder, skillPlace, skillsIn } from "../project/skills";
import type { SkillProblem } from "../project/skills";
import type { Report } from "../schema/report";
import { keysAt, textsAt } from "../schema/read";
import { quoted } from "../text/diagnostic";
import { isDamaged } from "../text/source";
import type { SourceDocument } from "../text/source";
import { toolsOf } from "./role-tools";

/** Paths under `instructions` and `skills` that cannot be a file or folder of the project. */
export function checkNamedPaths(band: SourceDocument, report: Report): void {
  for (const key of ["instructions", "skills"] as const) {
    for (const { text, path } of entriesOf(band, key)) {
      const problem = projectPathProblem(text);
      if (problem === undefined) continue;
      report.at(band, path, "orket/path-not-allowed", `${quoted(text)} cannot be read: ${problem}.`, {
        hint: `Write a ${key === "skills" ? "folder" : "file"} relative to the project.`,
      });
    }
  }
}

/** Instruction files and skills that the Band's roles name and that cannot be used. */
export function checkMaterials(parts: FlowParts, report: Report): void {
  const { flow, band } = parts;
  if (band?.tree === undefined || isDamaged(band)) return;
  const allow = textsAt(flow, ["policy", "allow"]).map(({ text }) => text);
  checkInstructions(band, parts, allow, report);
  checkSkills(band, parts, allow, report);
  for (const role of keysAt(band, ["roles"])) {
    const at = toolsOf(band, role)?.indexOf("read_skill") ?? -1;
    if (at < 0 || keysAt(band, ["roles", role]).includes("skills")) continue;
    const message = `The role ${quoted(role)} has no skills that read_skill could read.`;
    report.at(band, ["roles", role, "tools", at], "orket/skill", message, {
      severity: "warning",
      hint: "Add 'skills: [FOLDER]', or take the tool out; a role with skills has it without being listed.",
    });
  }
}

function checkInstructions(
  band: SourceDocument,
  { materials }: FlowParts,
  allow: readonly string[],
  report: Report,
): void {
  for (const { text, path } of entriesOf(band, "instructions")) {
    if (projectPathProblem(text) !== undefined) continue;
    const { problem } = findInstructions(band.path, text, materials, allow);
    if (problem !== undefined)
      report.at(band, path, "orket/instructions", problem.message, { hint: problem.hint });
  }
}

function checkSkills(
  band: SourceDocument,
  { materials }: FlowParts,
  allow: readonly string[],
  report: Report,
): void {
  const named = new Map<string, string>();
  const all = new Map<string, MaterialFolder>();
  for (const { role, text, path } of entriesOf(band, "skills")) {
    const folder = projectPathProblem(text) === undefined ? skillFolder(text) : undefined;
    if (folder === undefined) continue;
    const refuse = (
      message: string,
      init: Partial<SkillProblem>,
      skill = folder,
      material?: MaterialFolder,
    ): void => {
      const { hint, severity, line } = init;
      const at = line === undefined ? "" : ` (${skill}/SKILL.md, line ${line + 1})`;
      report.at(band, path, "orket/skill", `The skill ${quoted(skill)}: ${message}${at}`.trim(), {
        hint,
        ...(severity === undefined ? {} : { severity }),
        ...(line === undefined || material === undefined
          ? {}
          : { related: [skillPlace(skill, material, line)] }),
      });
    };
    const material = materials.folders.get(folder) ?? { kind: "missing" };
    const denial = denialOf(folder, allow);
    if (denial !== undefined) refuse(denial, { hint: "Name another folder." });
    else if (material.kind === "missing")
      refuse("There is no such folder.", { hint: "Write a folder relative to the project." });
    else if (material.kind === "refused") refuse(material.why, { hint: "Name another folder." });
    else {
      for (const one of skillsIn(material)) {
        const place = pathOf(folder, one);
        const { skill, problems } = readSkillFolder(one.material);
        for (const problem of problems) refuse(problem.message, problem, place, one.material);
        if (skill === undefined) continue;
        all.set(place, one.material);
        const key = `${role}\n${skill.name}`;
        const other = named.get(key);
        named.set(key, other ?? place);
        if (other !== undefined && other !== place) {
          const message = `The role's skill ${quoted(other)} has the same name, ${quoted(skill.name)}.`;
          refuse(message, { hint: "Give each skill a name of its own." }, place);
        }
      }
    }
  }
  const bytes = [...all.values()].reduce((sum, { files }) => sum + textBytes(files), 0);
  if (bytes <= maxAllSkillsBytes) return;
  const message = `The skills of this Band have ${grouped(bytes)} bytes of text; at most ${grouped(maxAllSkillsBytes)} are allowed.`;
  report.at(band, ["roles"], "orket/skill", message, { hint: "Name fewer skills, or smaller ones." });
}

function textBytes(files: MaterialFolder["files"]): number {
  return [...files.values()].reduce((sum, file) => sum + (file.kind === "text" ? file.bytes : 0), 0);
}
