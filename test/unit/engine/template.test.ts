import assert from "node:assert/strict";
import { expandTemplate, parseTemplate, placeholderText } from "../../../src/engine/model/template";
import type { Placeholder } from "../../../src/engine/model/template";

function placeholders(text: string): Placeholder[] {
  return parseTemplate(text).segments.flatMap((segment) =>
    segment.kind === "placeholder" ? [segment.placeholder] : [],
  );
}
const upper = (placeholder: Placeholder): string => `<${placeholder.kind}>`;

describe("templates", () => {
  it("read every form of placeholder", () => {
    const text =
      '{{task}}{{ role }}{{step}}{{inputs.language}}{{notes.open-points}}{{steps.plan.summary}}{{artifacts["src/a b.py"]}}';
    assert.deepEqual(placeholders(text), [
      { kind: "task" },
      { kind: "role" },
      { kind: "step" },
      { kind: "input", name: "language" },
      { kind: "note", key: "open-points" },
      { kind: "summary", step: "plan" },
      { kind: "artifact", path: "src/a b.py" },
    ]);
    assert.deepEqual(parseTemplate(text).problems, []);
  });

  it("take single quotes around an artifact's path too", () => {
    assert.deepEqual(placeholders("{{artifacts['PLAN.md']}}"), [{ kind: "artifact", path: "PLAN.md" }]);
  });

  it("write a placeholder so that it reads back as itself", () => {
    const text = '{{task}}{{inputs.a}}{{notes.b}}{{steps.c.summary}}{{artifacts["d"]}}{{role}}{{step}}';
    assert.equal(placeholders(text).map(placeholderText).join(""), text);
  });

  it("give offsets that cut the placeholder out of the text", () => {
    const text = "é Do {{task}} now";
    const segment = parseTemplate(text).segments.find(({ kind }) => kind === "placeholder");
    assert.ok(segment);
    assert.equal(text.slice(segment.start, segment.end), "{{task}}");
  });

  it("never expand again what came out of a placeholder", async () => {
    assert.equal(await expandTemplate("a {{task}} b", () => "{{role}} \\{{ {{"), "a {{role}} \\{{ {{ b");
  });

  it("write a literal brace pair for an escaped one, and a backslash for two", async () => {
    assert.equal(await expandTemplate("\\{{task}} {{task}}", upper), "{{task}} <task>");
    assert.equal(await expandTemplate("C:\\\\{{task}}", upper), "C:\\<task>");
    assert.equal(await expandTemplate("a \\ b \\n", upper), "a \\ b \\n");
  });

  it("report an unknown placeholder with the list of the known ones", () => {
    const [problem] = parseTemplate("do {{tsak}}").problems;
    assert.ok(problem);
    assert.equal(problem.code, "unknown");
    assert.deepEqual([problem.start, problem.end, problem.content], [3, 11, "tsak"]);
    assert.match(problem.message, /\{\{task\}\}, \{\{inputs\.NAME\}\}/);
  });

  it("report a known placeholder that is spelled wrong with its right form", () => {
    const text = "{{steps.plan}} {{inputs}} {{artifacts[PLAN.md]}} {{notes.}}";
    assert.deepEqual(
      parseTemplate(text).problems.map(({ code }) => code),
      ["malformed", "malformed", "malformed", "malformed"],
    );
  });

  it("report braces that are not closed on their line, and go on behind them", () => {
    const { problems } = parseTemplate("{{task\n{{role}} {{ and {{step}}");
    assert.deepEqual(
      problems.map(({ code, start, end }) => [code, start, end]),
      [
        ["unclosed", 0, 6],
        ["unclosed", 16, 23],
      ],
    );
    assert.deepEqual(placeholders("{{task\n{{role}} {{ and {{step}}"), [{ kind: "role" }, { kind: "step" }]);
  });

  it("keep what is wrong as text", async () => {
    assert.equal(await expandTemplate("{{tsak}} {{role}} {{", upper), "{{tsak}} <role> {{");
  });

  it("cover the whole text with their segments", () => {
    const text = "a {{task}}\\{{b}}{{x}}{{role}}{{\nz";
    const { segments } = parseTemplate(text);
    assert.equal(segments[0]?.start, 0);
    assert.equal(segments.at(-1)?.end, text.length);
    segments.slice(1).forEach((segment, index) => assert.equal(segment.start, segments[index]?.end));
  });

  it("take text of brackets only in one pass", () => {
    const { segments, problems } = parseTemplate("{{".repeat(200_000));
    assert.equal(problems.length, 200_000);
    assert.equal(segments.length, 1);
    assert.equal(parseTemplate("\\".repeat(1_000_000)).segments.length, 1);
  });
});
