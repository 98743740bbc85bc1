import assert from "node:assert/strict";
import { toolsOfStep } from "../../../src/engine/agent/tool/registry";
import { instructionsOf, pinnedSections } from "../../../src/engine/model/pinned";
import type { PinnedSkill } from "../../../src/engine/model/pinned-schema";
import { reachOf, reachRows } from "../../../src/engine/model/reach";
import { noExternalTools } from "../../../src/engine/port/external-tools";
import { definitionOf, step } from "../../fakes/engine-harness";
import { ToolBench } from "../../fakes/tool-bench";

const sha256 = "0".repeat(64);
const file = (path: string, text?: string): PinnedSkill["files"][number] => ({
  path,
  sha256,
  bytes: text?.length ?? 5000,
  ...(text === undefined ? {} : { text }),
});
const pdf: PinnedSkill = {
  name: "pdf",
  description: "Reads PDF files.",
  folder: "skills/pdf",
  files: [
    file(
      "SKILL.md",
      "---\nname: pdf\ndescription: Reads PDF files.\n---\n\n# PDF\n\nDo it.\n\n---\n\nMore.\n",
    ),
    file("references/forms.md", "One.\nTwo.\nThree.\n"),
    file("assets/logo.png"),
  ],
};

describe("the tool read_skill", () => {
  const nothing = undefined as never;
  const bench = new ToolBench(nothing);
  bench.definition.band.skills = [pdf];
  Object.assign(bench.definition.band.roles["writer"] ?? {}, { skills: ["skills/pdf"] });

  it("gives a skill's instructions without its front matter, and names its other files", async () => {
    const { ok, text } = await bench.call("read_skill", { name: "pdf" });
    assert.equal(ok, true);
    assert.equal(
      text,
      "# PDF\n\nDo it.\n\n---\n\nMore.\n[SKILL.md of the skill pdf: all 7 lines]\n[Its files, which read_skill can read by their path: SKILL.md (" +
        `${pdf.files[0]?.bytes} bytes), references/forms.md (17 bytes), assets/logo.png (5,000 bytes).]`,
    );
  });

  it("reads a file of the folder, or a range of its lines", async () => {
    const whole = await bench.call("read_skill", { name: "pdf", path: "references/forms.md" });
    assert.equal(whole.text, "One.\nTwo.\nThree.\n[references/forms.md of the skill pdf: all 3 lines]");
    const part = await bench.call("read_skill", {
      name: "pdf",
      path: "./references/../references/forms.md",
      start_line: 2,
      end_line: 2,
    });
    assert.equal(part.text, "Two.\n[references/forms.md of the skill pdf: lines 2 to 2 of 3]");
  });

  const refusals: Readonly<Record<string, readonly [args: object, message: RegExp]>> = {
    "a skill that the role does not have": [{ name: "docx" }, /^There is no skill docx\. Skills: pdf\.$/],
    "a file outside the folder": [
      { name: "pdf", path: "../../AGENTS.md" },
      /^The skill pdf has no file \.\.\/\.\.\/AGENTS\.md\. Its files/,
    ],
    "an absolute path": [{ name: "pdf", path: "/etc/passwd" }, /has no file \/etc\/passwd/],
    "a file that is not text": [
      { name: "pdf", path: "assets/logo.png" },
      /^assets\/logo\.png is not text: it has 5,000 bytes/,
    ],
    "a line that is not there": [
      { name: "pdf", path: "references/forms.md", start_line: 9 },
      /^references\/forms\.md has 3 lines; there is no line 9\.$/,
    ],
    "a range that ends before it begins": [{ name: "pdf", start_line: 3, end_line: 2 }, /no lines 3 to 2/],
  };
  for (const [what, [args, message]] of Object.entries(refusals)) {
    it(`refuses ${what}`, async () => {
      const { ok, text } = await bench.call("read_skill", args);
      assert.equal(ok, false);
      assert.match(text, message);
    });
  }

  it("cuts what does not fit a small window, and says where to read on", async () => {
    const small = new ToolBench(nothing, 8192);
    const lines = Array.from({ length: 500 }, (_, index) => `line ${index + 1} of the skill`);
    small.definition.band.skills = [{ ...pdf, files: [file("SKILL.md", lines.join("\n"))] }];
    Object.assign(small.definition.band.roles["writer"] ?? {}, { skills: ["skills/pdf"] });
    const first = await small.call("read_skill", { name: "pdf" });
    const next = Number(/read on with start_line (\d+)\]$/.exec(first.text)?.[1]);
    assert.ok(next > 1 && next < 500, first.text.slice(-100));
    const second = await small.call("read_skill", { name: "pdf", start_line: next });
    assert.ok(second.text.startsWith(`line ${next} of`), second.text.slice(0, 40));
  });

  it("is offered only to a role with skills, with their names as the choice", () => {
    const node = step("build", "writer");
    const definition = definitionOf([node]);
    definition.band.skills = [pdf];
    const offered = (): unknown =>
      toolsOfStep(node, { definition, external: noExternalTools, features: { available: true } }).find(
        ({ name }) => name === "read_skill",
      )?.parameters["properties"];
    Object.assign(definition.band.roles["writer"] ?? {}, { tools: ["read_skill"] });
    assert.equal(offered(), undefined);
    Object.assign(definition.band.roles["writer"] ?? {}, { skills: ["skills/pdf"] });
    assert.deepEqual((offered() as { name: { enum: string[] } }).name.enum, ["pdf"]);
  });

  it("does not make the project readable in the plan, which names the skills instead", () => {
    const definition = definitionOf([step("build", "writer")]);
    definition.band.skills = [pdf];
    for (const role of Object.values(definition.band.roles)) role.tools = [];
    definition.band.instructions = [{ path: "AGENTS.md", sha256, bytes: 2, text: "Hi" }];
    Object.assign(definition.band.roles["writer"] ?? {}, { tools: ["read_skill"], skills: ["skills/pdf"] });
    const rows = new Map(reachRows(reachOf(definition)));
    assert.equal(rows.get("Agents read"), "nothing");
    assert.equal(rows.get("Skills"), "skills/pdf, as text; their scripts are not run");
    assert.equal(rows.get("In prompts"), "AGENTS.md");
  });
});

describe("what follows a role's own prompt", () => {
  const band = {
    roles: { writer: { instructions: ["b/AGENTS.md", "AGENTS.md", "empty.md"] }, reader: {} },
    instructions: [
      { path: "AGENTS.md", sha256, bytes: 1, text: "Root.\n" },
      { path: "b/AGENTS.md", sha256, bytes: 1, text: "Near." },
      { path: "empty.md", sha256, bytes: 1, text: "\n" },
    ],
  };

  it("is the project's instructions, nearest first, and nothing for a role without any", () => {
    const text = pinnedSections(band, "writer");
    assert.ok(text.indexOf("## b/AGENTS.md\n\nNear.") < text.indexOf("## AGENTS.md\n\nRoot."), text);
    assert.ok(!text.includes("empty.md"));
    assert.equal(pinnedSections(band, "reader"), "");
    assert.equal(pinnedSections(band, "toString"), "");
    assert.deepEqual(instructionsOf(band, "reader"), []);
  });
});
