import * as z from "zod";
import { groupedExactly } from "../../model/grouped";
import { skillFile, skillsOf } from "../../model/pinned";
import type { PinnedSkill } from "../../model/pinned-schema";
import { classifyPath } from "../../policy/file-policy";
import { partOf, plural } from "./lines";
import { defineTool, resultLength } from "./tool";

const last = Number.MAX_SAFE_INTEGER;

export const readSkill = defineTool("read_skill", {
  args: () =>
    z.strictObject({
      name: z.string().min(1).max(200).describe("The skill's name."),
      path: z
        .string()
        .min(1)
        .max(1000)
        .default(skillFile)
        .describe("A file of the skill, relative to its folder; its instructions unless given."),
      start_line: z.int().min(1).optional().describe("First line to read, from 1."),
      end_line: z.int().min(1).optional().describe("Last line to read, included."),
    }),
  inStep(spec, node, band) {
    const names = skillsOf(band, node.role).map(({ name }) => name);
    if (names.length === 0) return undefined;
    const properties = spec.parameters["properties"] as Record<string, object>;
    const name = { ...properties["name"], enum: names };
    return { ...spec, parameters: { ...spec.parameters, properties: { ...properties, name } } };
  },
  call(job, { name, path, start_line: start = 1, end_line: end = last }) {
    const { active, state } = job.context;
    const skills = skillsOf(state.definition.band, active.run.node.role);
    const skill = skills.find((one) => one.name === name);
    if (skill === undefined) {
      const known = skills.map((one) => one.name).join(", ");
      return job.result(
        false,
        `There is no skill ${name}. ${known === "" ? "The role has none." : `Skills: ${known}.`}`,
      );
    }
    const place = classifyPath(path);
    const wanted = place.kind === "relative" ? place.path : undefined;
    const file = skill.files.find((one) => one.path === wanted);
    if (file === undefined)
      return job.result(false, `The skill ${name} has no file ${path}. ${filesText(skill)}`);
    if (file.text === undefined) {
      return job.result(
        false,
        `${file.path} is not text: it has ${groupedExactly(file.bytes)} bytes and cannot be shown.`,
      );
    }
    if (end < start)
      return job.result(false, `There are no lines ${start} to ${end}: the last is before the first.`);
    const text = file.path === skillFile ? withoutFrontMatter(file.text) : file.text;
    const maxLength = resultLength(job.context) - 1000;
    const { lines, total = 0, cut } = partOf(text, file.bytes, { start, end, maxLength });
    if (total === 0) return job.result(true, `[${file.path} is empty]`);
    if (lines.length === 0)
      return job.result(false, `${file.path} has ${total} lines; there is no line ${start}.`);
    const until = start + lines.length - 1;
    const what =
      start === 1 && until === total
        ? `all ${plural(total, "line")}`
        : `lines ${start} to ${until} of ${total}`;
    const more = cut ? `; read on with start_line ${until + 1}` : "";
    const others = file.path === skillFile && skill.files.length > 1 ? `\n[${filesText(skill)}]` : "";
    return job.result(
      true,
      `${lines.join("\n")}\n[${file.path} of the skill ${name}: ${what}${more}]${others}`,
    );
  },
});

/** Most files of a skill that are listed in a result. */
const maxListed = 50;

function filesText({ files }: PinnedSkill): string {
  const listed = files
    .slice(0, maxListed)
    .map(({ path, bytes }) => `${path} (${groupedExactly(bytes)} bytes)`);
  const more = files.length > maxListed ? `, and ${files.length - maxListed} more` : "";
  return `Its files, which read_skill can read by their path: ${listed.join(", ")}${more}.`;
}

/** The instructions below the front matter, which the prompt contains already. */
function withoutFrontMatter(text: string): string {
  return text.replace(/^---[^\S\n]*\n[\s\S]*?\n---[^\S\n]*(?:\n|$)\n*/, "");
}
