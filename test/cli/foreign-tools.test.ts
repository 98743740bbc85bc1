import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { orket } from "./orket";

const files = {
  "ship.flow.yaml":
    "version: 1\nname: ship\nband: crew\nvenue: local\nscore: steps\ntask: Ship it.\napproval: none\npolicy: { foreign_tools: ['vscode:tests', 'vscode:gone'] }\n",
  "crew.band.yaml":
    "version: 1\nname: crew\nroles:\n  shipper: { prompt: You ship., tools: ['vscode:deploy', 'vscode:tests'] }\n",
  "local.venue.yaml": "version: 1\nname: local\nprovider: ollama\nendpoint: http://127.0.0.1:9\nmodel: m\n",
  "steps.score.yaml": "version: 1\nname: steps\nsteps: [{ id: ship, role: shipper }]\n",
};

describe("a Flow with tools of the editor, on the command line", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "orket-foreign-"));
    for (const [name, content] of Object.entries(files)) writeFileSync(path.join(folder, name), content);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is said to run only in VS Code by validate, which also names a listed tool that no role has", async () => {
    const { code, stdout } = await orket(["validate"], { cwd: folder });

    assert.equal(code, 0);
    assert.match(stdout, /orket\/editor-only The role 'shipper' may call vscode:deploy, vscode:tests/);
    assert.match(stdout, /orket\/foreign-tool-unused No role of crew\.band\.yaml may call 'vscode:gone'/);
  });

  it("is planned as unbounded, with what is asked for and what is not", async () => {
    const { code, stdout } = await orket(["plan", "ship"], { cwd: folder });
    const flat = stdout.replace(/\s+/g, " ");

    assert.equal(code, 0);
    assert.match(flat, /unbounded: it may do whatever vscode:deploy can, in the project itself/);
    assert.match(flat, /vscode:deploy can, in the project itself \(each call is asked for\)/);
    assert.doesNotMatch(flat, /vscode:tests can, in the project itself \(each call/);
    assert.match(flat, /This Flow runs only in VS Code\. The role shipper may call/);
  });

  it("is refused before anything begins", async () => {
    const { code, stderr } = await orket(["run", "ship"], { cwd: folder });

    assert.equal(code, 3);
    assert.match(stderr, /This Flow runs only in VS Code\. The role shipper may call vscode:deploy/);
  });
});

describe("a Flow with tools that ask VS Code, on the command line", () => {
  let folder: string;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "orket-editor-tools-"));
    const changed = {
      ...files,
      "ship.flow.yaml":
        "version: 1\nname: ship\nband: crew\nvenue: local\nscore: steps\ntask: Ship it.\napproval: none\n",
      "crew.band.yaml":
        "version: 1\nname: crew\nroles:\n  shipper: { prompt: You ship., tools: [search_files, symbols, diagnostics] }\n  idle: { prompt: You wait., tools: [find_references] }\n",
      "local.venue.yaml": "version: 1\nname: local\nprovider: scripted\nreplies: r.replies.yaml\n",
      "r.replies.yaml":
        "version: 1\nsteps:\n  ship: [{ tool_calls: [{ tool: symbols, args: { query: a } }] }, { text: Shipped. }]\n",
    };
    for (const [name, content] of Object.entries(changed)) writeFileSync(path.join(folder, name), content);
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is validated and planned with the tools that are missing, of roles that have a step", async () => {
    const validated = await orket(["validate"], { cwd: folder });
    assert.equal(validated.code, 0);
    assert.match(
      validated.stdout,
      /warning orket\/editor-tool The role 'shipper' has symbols, diagnostics only in VS Code/,
    );
    assert.doesNotMatch(validated.stdout, /idle|find_references/);

    const planned = await orket(["plan", "ship"], { cwd: folder });
    assert.match(
      planned.stdout.replace(/\s+/g, " "),
      /The role shipper has symbols, diagnostics only in VS Code: a run on the command line goes without/,
    );
    const json = await orket(["plan", "ship", "--json"], { cwd: folder });
    assert.match(
      json.stdout.replace(/\s+/g, ""),
      /"editorTools":\[\{"role":"shipper","tools":\["symbols","diagnostics"\]/,
    );
  });

  it("runs without them, and the model is told", async () => {
    const { code, stdout } = await orket(["run", "ship", "--json"], { cwd: folder });

    assert.equal(code, 0);
    assert.match(stdout, /This tool exists only inside VS Code/);
  });
});
