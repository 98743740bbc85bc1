import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { carried, digestsOf, unattributed, written } from "../../../src/app/artifact/attribution";
import { acceptArtifact, revertAcceptance } from "../../../src/app/session/acceptance";
import { blameFile } from "../../../src/app/session/blame";
import { NodeFileSystem } from "../../../src/adapters/files/file-system";
import { Chance } from "../../fakes/generated-session";
import { proposing, writeFiles } from "../../fakes/proposal";
import { temporaryFolder } from "../../fakes/session";

interface Line {
  readonly text: string;
  readonly by: "human" | "agent";
}

const trivial = ["", "}", "  });", "    return;"];
const isTrivial = (text: string): boolean => trivial.includes(text);
let counter = 0;
const fresh = (by: Line["by"], chance: Chance): Line => ({
  text: chance.happens(0.3) ? chance.pick(trivial) : `  ${by} wrote ${(counter += 1)};`,
  by,
});

/** What people do to a file: they add, delete, change and move lines. */
function humanEdit(lines: readonly Line[], chance: Chance): Line[] {
  const edited = [...lines];
  const at = chance.below(edited.length + 1);
  const count = 1 + chance.below(4);
  switch (chance.below(4)) {
    case 0:
      edited.splice(at, 0, ...Array.from({ length: count }, () => fresh("human", chance)));
      break;
    case 1:
      edited.splice(at, count);
      break;
    case 2:
      edited.splice(at, count, ...Array.from({ length: count }, () => fresh("human", chance)));
      break;
    default: {
      const moved = edited.splice(at, 2 + chance.below(8));
      edited.splice(chance.below(edited.length + 1), 0, ...moved);
    }
  }
  return edited;
}

describe("Where a line comes from", () => {
  it("is known for at least 99 % of an agent's lines after 500 random edits, and no human line is an agent's", () => {
    const chance = new Chance(99);
    let surviving = 0;
    let right = 0;
    for (let round = 0; round < 500; round += 1) {
      const base: Line[] = Array.from({ length: 20 }, () => fresh("human", chance));
      const agents = Array.from({ length: 10 + chance.below(30) }, () => fresh("agent", chance));
      const at = chance.below(base.length);
      let file = [...base.slice(0, at), ...agents, ...base.slice(at)];
      const texts = (lines: readonly Line[]): string[] => digestsOf(lines.map(({ text }) => text));
      let known = written(unattributed<string>(texts(base)), texts(file), "agent");
      for (let edits = 1 + chance.below(3); edits > 0; edits -= 1) {
        file = humanEdit(file, chance);
        known = carried(known, texts(file));
      }
      file.forEach(({ text, by }, index) => {
        const origin = known.origins[index];
        if (by === "agent") {
          surviving += 1;
          if (origin === "agent") right += 1;
        }
        // Of two lines with the same text, such as a brace, nobody can tell which one was kept.
        if (by === "human" && !isTrivial(text)) assert.equal(origin, null, `round ${round}: ${text}`);
      });
    }
    assert.ok(surviving > 5000);
    const percent = (100 * right) / surviving;
    console.log(`      ${right} of ${surviving} surviving lines of agents (${percent.toFixed(2)} %)`);
    assert.ok(right / surviving >= 0.99, `${right} of ${surviving}`);
  });

  it("counts a line as nobody's that could be the old or the new one", () => {
    const before = written(unattributed<string>([]), digestsOf(["a {", "}"]), "agent");
    assert.deepEqual(carried(before, digestsOf(["a {", "}", "}"])).origins, ["agent", null, null]);
  });

  describe("in a project", () => {
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    beforeEach(async () => {
      folder = await temporaryFolder();
    });
    afterEach(() => folder.remove());
    const blame = async (file: string): Promise<[string, string | undefined][]> =>
      (await blameFile(new NodeFileSystem(), folder.path, file)).map(({ text, origin }) => [
        text,
        origin?.step,
      ]);

    it("names the step that wrote each line, through two steps, an edit on acceptance, later edits, moves and a revert", async () => {
      writeFiles(folder.path, { "src/a.txt": "mine 1\nmine 2\nmine 3\n" });
      const live = await proposing(folder.path, [
        { "src/a.txt": "mine 1\nfirst step A\nfirst step B\nmine 2\nmine 3\n" },
        { "src/a.txt": "mine 1\nfirst step A\nfirst step B\nmine 2\nsecond step C\nmine 3\n" },
      ]);
      const content = "mine 1\nfirst step A\nI changed B\nmine 2\nsecond step C\nmine 3\n";
      await acceptArtifact(live, "src/a.txt", {
        content: Buffer.from(content),
        by: "command_line",
        provenance: true,
      });
      const [, line] = await blameFile(new NodeFileSystem(), folder.path, "src/a.txt");
      assert.equal(line?.origin?.role, "writer");
      assert.equal(line.origin.model, "scripted");
      assert.equal(line.origin.session, live.id);
      assert.match(line.origin.prompt ?? "", /^[0-9a-f]{64}$/);
      assert.equal(line.origin.accepted?.by, "command_line");
      const moved = "mine 1\nI came later\nsecond step C\nI changed B\nmine 2\nfirst step A\nmine 3\n";
      writeFiles(folder.path, { "src/a.txt": moved });
      assert.deepEqual(await blame("src/a.txt"), [
        ["mine 1", undefined],
        ["I came later", undefined],
        ["second step C", "write2"],
        ["I changed B", undefined],
        ["mine 2", undefined],
        ["first step A", "write1"],
        ["mine 3", undefined],
      ]);
      writeFiles(folder.path, { "src/a.txt": content });
      await revertAcceptance(live, "src/a.txt", { provenance: true });
      assert.ok((await blame("src/a.txt")).every(([, step]) => step === undefined));
      assert.throws(() => readFileSync(path.join(folder.path, ".orket/provenance/src/a.txt.json")), {
        code: "ENOENT",
      });
      await live.close();
    });
  });
});
