import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Definition } from "../../src/engine/model/definition";
import { onlySession, orket, readJournal } from "./orket";
import { smallProject } from "./small-project";

const band = `version: 1
name: small
roles:
  worker:
    prompt: Work.
    tools: [write_file]
    instructions: [AGENTS.md, docs/rules.md]
    skills: [skills/hello]
`;
const replies = `steps:
  only:
    - tool_calls: [{ tool: read_skill, args: { name: hello, path: words.md } }]
    - tool_calls: [{ tool: write_file, args: { path: hello.txt, content: "hello\\n" } }]
    - text: All done.
`;

describe("instructions and skills of a role, on the command line", function () {
  this.timeout(30_000);

  let project: string;
  const write = (place: string, text: string): void => {
    mkdirSync(path.dirname(path.join(project, place)), { recursive: true });
    writeFileSync(path.join(project, place), text);
  };

  before(() => {
    project = smallProject({
      replies,
      files: {
        "small.band.yaml": band,
        "AGENTS.md": "Use tabs.\n",
        "docs/rules.md": "Be brief.\n",
        "skills/hello/SKILL.md": "---\nname: hello\ndescription: Greets.\n---\nSay a word of words.md.\n",
        "skills/hello/words.md": "Hello, Hi\n",
      },
    });
  });
  after(() => {
    rmSync(project, { recursive: true, force: true });
  });

  it("stand in the plan with their digests, and in the prompt", async () => {
    const { stdout, code } = await orket(["-C", project, "plan", "small", "--prompts"]);
    assert.equal(code, 0);
    assert.match(stdout, /instructions AGENTS\.md \(10 bytes, sha256 [0-9a-f]{12}\)/);
    assert.match(
      stdout,
      /skill hello from skills\/hello: SKILL\.md \(\d+ bytes, sha256 [0-9a-f]{12}\) and\s+1 more file/,
    );
    assert.match(stdout, /In prompts +AGENTS\.md, docs\/rules\.md/);
    assert.match(stdout, /\| Use tabs\./);
    assert.match(stdout, /\| - hello: Greets\./);
  });

  it("are those of the session's beginning, whatever the files say when it is replayed", async () => {
    const run = await orket(["-C", project, "run", "small"]);
    assert.equal(run.code, 0, run.stderr);
    const session = onlySession(project);
    const { band: pinned } = JSON.parse(
      readFileSync(path.join(session, "definition.json"), "utf8"),
    ) as Definition;
    assert.deepEqual(pinned.roles["worker"]?.instructions, ["AGENTS.md", "docs/rules.md"]);
    assert.deepEqual(pinned.roles["worker"]?.tools, ["write_file", "read_skill"]);
    assert.deepEqual(
      pinned.instructions?.map(({ text }) => text),
      ["Use tabs.\n", "Be brief.\n"],
    );
    const results = readJournal(session).flatMap(({ type, data }) => (type === "tool_result" ? [data] : []));
    assert.match(JSON.stringify(results), /Hello, Hi/);
    write("AGENTS.md", "Use spaces.\n");
    write("skills/hello/words.md", "Goodbye\n");
    const replay = await orket(["-C", project, "replay", "last"]);
    assert.equal(replay.code, 0, replay.stdout + replay.stderr);
    assert.match(replay.stdout, /identical|same/i);
  });

  it("name the place and the mend when one is missing or malformed", async () => {
    rmSync(path.join(project, "AGENTS.md"));
    write("skills/hello/SKILL.md", "# Hello\n");
    const { code, stdout } = await orket(["-C", project, "validate"]);
    assert.equal(code, 3);
    assert.match(
      stdout,
      /small\.band\.yaml:7:20: error orket\/instructions There is no file 'AGENTS\.md'\. Create it/,
    );
    assert.match(
      stdout,
      /small\.band\.yaml:8:14: error orket\/skill .*no front matter\. \(skills\/hello\/SKILL\.md, line 1\) Begin it/,
    );
    const run = await orket(["-C", project, "run", "small"]);
    assert.equal(run.code, 3);
  });
});
