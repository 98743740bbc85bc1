import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { commands } from "../../../src/cli/commands";
import { allowCommands, emptyFolder, orket } from "../../cli/orket";

/*
 * What the command line prints, word for word, with times, ids and folders made equal. ORKET_UPDATE_GOLDEN=1 writes the
 * transcripts, and the diff is what to read.
 */

const update = process.env.ORKET_UPDATE_GOLDEN === "1";
const folder = path.join(__dirname, "transcripts");

function stable(text: string, project: string): string {
  return text
    .replaceAll(project, "PROJECT")
    .replace(/\b[0-9a-f]{64}\b/g, "DIGEST")
    .replace(/at level .*\.$/gm, "at level LEVEL.")
    .replace(/isolation: \w+$/gm, "isolation: LEVEL")
    .replace(/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-(\w+)-[a-z0-9]{4}/g, "0000-00-00T00-00-00Z-$1-xxxx")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "0000-00-00 00:00:00")
    .replace(/\b(\d+ ms|\d+\.\d s)(?![a-z])/g, "TIME");
}

/** Columns whose width depends on a time are closed up. */
function closeUp(text: string): string {
  return text.replace(/ {2,}TIME +/g, "  TIME  ").replace(/TIME +$/gm, "TIME");
}

async function transcript(project: string, script: readonly string[]): Promise<string> {
  const parts: string[] = [];
  for (const command of script) {
    const words = command.split(" ").slice(1);
    if (words.includes("DIGEST")) words.splice(-2, 2, ...(await allowCommands(project, words[1] ?? "")));
    const { stdout, stderr, code } = await orket(words, { cwd: project });
    const error = stderr === "" ? "" : stderr.replace(/^(?=.)/gm, "2| ");
    parts.push(closeUp(stable(`$ ${command}\n${stdout}${error}(exit code ${code ?? "none"})\n`, project)));
  }
  return parts.join("\n");
}

function compare(name: string, actual: string): void {
  const file = path.join(folder, `${name}.txt`);
  if (update) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, actual);
  }
  assert.ok(existsSync(file), `${file} is missing; ORKET_UPDATE_GOLDEN=1 writes it`);
  assert.equal(actual, readFileSync(file, "utf8"));
}

async function sample(): Promise<string> {
  const project = emptyFolder();
  assert.equal((await orket(["init"], { cwd: project })).code, 0);
  const replies = path.join(project, "flows", "shapes.replies.yaml");
  writeFileSync(replies, readFileSync(replies, "utf8").replace(/chunk_delay_ms: \d+/, "chunk_delay_ms: 0"));
  return project;
}

describe("the command line's transcripts", function () {
  this.timeout(60_000);

  it("of a newcomer's first run are as recorded", async () => {
    const project = await sample();
    compare(
      "first-run",
      await transcript(project, [
        "orket validate",
        "orket plan shapes",
        "orket check shapes --allow-commands DIGEST",
        "orket run shapes",
        "orket resume last --approve all",
        "orket sessions",
        "orket diff last",
        "orket diff last --stat",
        "orket accept last shapes tests",
        "orket reject last",
        "orket revert last tests",
        "orket show last",
        "orket show last --step check#1",
        "orket show last --step build#2",
      ]),
    );
  });

  it("of mistakes are as recorded", async () => {
    const project = await sample();
    compare(
      "mistakes",
      await transcript(project, [
        "orket init",
        "orket rnu shapes",
        "orket run shape",
        "orket run shapes --input node=18",
        "orket run shapes --input nod=22",
        "orket run shapes --input node",
        "orket run shapes --venue olama",
        "orket show last",
        "orket resume last",
        "orket plan flows/standard.score.yaml",
        "orket -C nowhere validate",
        "orket venues scripted",
        "orket venues skripted",
      ]),
    );
  });

  it("of the help are as recorded", async () => {
    const project = emptyFolder();
    compare(
      "help",
      await transcript(project, [
        "orket --help",
        ...commands.map(({ name }) => `orket help ${name}`),
      ]),
    );
  });
});
