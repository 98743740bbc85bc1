import assert from "node:assert/strict";
import { projectOf } from "../../../src/app/project/project-of";
import { createProject } from "../../../src/language";

/** Files that take longer to parse than the thread may be held. */
const files = Array.from({ length: 150 }, (_, number) => ({
  path: `f${number}.score.yaml`,
  text: `version: 1\nname: f${number}\nsteps:\n${"  - { role: coder, instruction: Do it. }\n".repeat(20)}`,
}));

describe("The files of a project", () => {
  it("are parsed while others use the thread, to the same project", async () => {
    let turns = 0;
    const count = (): void => {
      turns += 1;
      turn = setImmediate(count);
    };
    let turn = setImmediate(count);
    const project = await projectOf(files);
    clearImmediate(turn);

    assert.ok(turns > 1, `${turns} turns`);
    assert.deepEqual([...project.names], [...createProject(files).names]);
  });
});
