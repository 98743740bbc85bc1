import { maxInstructionBytes, skillFile } from "../../engine/model/pinned";
import type { PinnedSkill } from "../../engine/model/pinned-schema";
import { quoted } from "../text/diagnostic";
import type { RelatedPlace } from "../text/diagnostic";
import { splitFrontMatter } from "../text/front-matter";
import { LineIndex } from "../text/lines";
import { ofVersion } from "../text/memo";
import { valuePlace } from "../text/places";
import { parseSource } from "../text/source";
import { keysAt, textAt } from "../schema/read";
import { valueAt } from "../schema/schema";
import type { MaterialFolder } from "./materials";

/** What is wrong with a skill; an error unless it is a warning. */
export interface SkillProblem {
  readonly message: string;
  readonly hint: string;
  readonly severity?: "warning" | "hint";
  /** Where in the skill's own file. */
  readonly line?: number;
}

export interface SkillReading {
  /** Undefined when a problem is an error. */
  readonly skill: Pick<PinnedSkill, "name" | "description"> | undefined;
  readonly problems: readonly SkillProblem[];
}

const namePattern = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;
const maxNameLength = 64;
const maxDescriptionLength = 1024;

/** Problems of a YAML file that only concern definition files. */
const notOurs: ReadonlySet<string> = new Set(["orket/unknown-file-kind", "orket/empty-file"]);

/** A skill's files, and their folder below the one that was named; "" where that is the skill itself. */
export interface SkillFolder {
  readonly below: string;
  readonly material: MaterialFolder;
}

export function pathOf(folder: string, { below }: SkillFolder): string {
  return below === "" ? folder : `${folder}/${below}`;
}

/** The skills that a named folder means: itself, or those of its folders that have a SKILL.md. */
export const skillsIn = ofVersion((folder: MaterialFolder): readonly SkillFolder[] => {
  const paths = [...folder.files.keys(), ...folder.leftOut];
  const names = paths.includes(skillFile)
    ? []
    : paths.flatMap((path) => (/^[^/]+\/SKILL\.md$/.test(path) ? [path.slice(0, path.indexOf("/"))] : []));
  if (names.length === 0) return [{ below: "", material: folder }];
  return names.sort().map((below) => {
    const prefix = `${below}/`;
    const files = [...folder.files].flatMap(([path, file]) =>
      path.startsWith(prefix) ? [[path.slice(prefix.length), file] as const] : [],
    );
    const leftOut = folder.leftOut.flatMap((path) =>
      path.startsWith(prefix) ? [path.slice(prefix.length)] : [],
    );
    return { below, material: { kind: "folder", files: new Map(files), leftOut } };
  });
});

/** Reads the SKILL.md of a folder, in the open Agent Skills form. */
export const readSkillFolder = ofVersion((folder: MaterialFolder): SkillReading => {
  const file = folder.files.get(skillFile);
  if (file === undefined) {
    if (folder.leftOut.includes(skillFile)) return failed(tooLarge);
    const hint = `A skill is a folder with a ${skillFile}: front matter with 'name' and 'description', then the instructions. A folder of such folders can be named, too.`;
    return failed({ message: `It has no ${skillFile}, and no folder in it has one.`, hint });
  }
  if (file.kind !== "text")
    return failed({ message: `Its ${skillFile} is not UTF-8 text.`, hint: "Save it as UTF-8." });
  if (file.bytes > maxInstructionBytes) return failed(tooLarge);
  return readFront(file.text, folder);
});

const tooLarge: SkillProblem = {
  message: `Its ${skillFile} has more than ${maxInstructionBytes} bytes.`,
  hint: "Move details into other files of the folder, which read_skill shows one by one.",
};

function failed(...problems: readonly SkillProblem[]): SkillReading {
  return { skill: undefined, problems };
}

function readFront(text: string, { leftOut }: MaterialFolder): SkillReading {
  const { front, body } = splitFrontMatter(text);
  if (front === undefined) {
    const hint = "Begin it with a line '---', then 'name: …' and 'description: …', then a line '---'.";
    return failed({ message: `Its ${skillFile} has no front matter.`, hint, line: 0 });
  }
  const source = parseSource("front-matter.yaml", front);
  const broken = source.problems.find(({ code, severity }) => severity === "error" && !notOurs.has(code));
  if (broken !== undefined) {
    const hint = broken.hint ?? "Write 'name' and 'description', each on a line, as YAML.";
    const line = broken.range.start.line;
    return failed({
      message: `The front matter of its ${skillFile} is not valid: ${broken.message}`,
      hint,
      line,
    });
  }
  const problems: SkillProblem[] = [];
  const lineOf = (key: string): number =>
    valueAt(source.value, [key]) === undefined
      ? 0
      : source.lines.rangeOf(valuePlace(source, [key])).start.line;
  const take = (key: "name" | "description", max: number): string | undefined => {
    const value = textAt(source, [key])?.trim();
    const line = lineOf(key);
    if (value === undefined || value === "") {
      const given = keysAt(source, []).includes(key);
      const message = `Its ${skillFile} has no ${key}${given ? " that is text" : ""}.`;
      problems.push({ message, hint: `Add '${key}: …' to its front matter.`, line });
      return undefined;
    }
    if (value.length <= max) return value;
    const message = `The ${key} in its ${skillFile} has ${value.length} characters; ${max} are allowed.`;
    problems.push({ message, hint: "Shorten it.", line });
    return undefined;
  };
  const name = take("name", maxNameLength);
  const description = take("description", maxDescriptionLength);
  if (name !== undefined && !namePattern.test(name)) {
    const message = `The name ${quoted(name)} in its ${skillFile} is not allowed.`;
    const hint = "Use lower-case letters, digits and single '-' between them.";
    problems.push({ message, hint, line: lineOf("name") });
  }
  if (body.trim() === "") {
    const hint = "Write them below the front matter.";
    problems.push({ message: `Its ${skillFile} has no instructions.`, hint, severity: "warning" });
  }
  if (leftOut.length > 0) {
    const listed = `${leftOut.slice(0, 5).join(", ")}${leftOut.length > 5 ? ", …" : ""}`;
    const hint = "Roles are not told about them.";
    problems.push({ message: `Too large to be read: ${listed}.`, hint, severity: "hint" });
  }
  const sound = problems.every(({ severity }) => severity !== undefined);
  return {
    skill: sound && name !== undefined && description !== undefined ? { name, description } : undefined,
    problems,
  };
}

/** A line of a skill's own file. */
export function skillPlace(folder: string, { files }: MaterialFolder, line: number): RelatedPlace {
  const file = files.get(skillFile);
  const lines = new LineIndex(file?.kind === "text" ? file.text : "");
  const start = lines.offsetAt({ line, character: 0 });
  const range = lines.rangeOf({ start, end: lines.lineEnd(start) });
  return { file: `${folder}/${skillFile}`, range, message: "here" };
}
