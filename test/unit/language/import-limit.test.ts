import assert from "node:assert/strict";
import { importFiles } from "../../../src/language/import";

/** An agent file of Claude Code with a prompt of so many characters. */
const agent = (index: number, characters: number) => ({
  path: `.claude/agents/agent-${index}.md`,
  text: Buffer.from(
    `---\nname: agent-${index}\ndescription: Does part ${index}.\n---\n${"Do the work well. ".repeat(characters / 18)}\n`,
  ),
});

describe("an import of a folder full of agents", () => {
  it("that would make a file which Orket does not read writes nothing and says why", () => {
    const many = Array.from({ length: 120 }, (_, index) => agent(index, 9_000));
    const { files, report } = importFiles(many, { folder: "flows" });
    assert.deepEqual(files, []);
    const errors = report.filter(({ level }) => level === "error").map(({ message }) => message);
    assert.equal(errors.length, 1, JSON.stringify(errors));
    assert.match(
      errors[0] ?? "",
      /would have 1\.\d MB, and Orket reads definition files of up to 1 MB: nothing is written/,
    );
  });

  it("below the limit is written", () => {
    const few = Array.from({ length: 20 }, (_, index) => agent(index, 9_000));
    const { files, report } = importFiles(few, { folder: "flows" });
    assert.ok(files.length > 0);
    assert.deepEqual(
      report.filter(({ level }) => level === "error"),
      [],
    );
  });
});
