import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import { armingMs } from "../../src/protocol/press-guard";
import { pace, until } from "../until";

const folder = process.env["ORKET_TEST_FOLDER"] ?? "";
const flows = path.join(folder, "flows");
const sessions = path.join(folder, ".orket", "sessions");

/** A Flow that asks nothing and writes one file, slowly enough to be paused. */
const files = {
  "quick.flow.yaml": `version: 1
name: quick
band: quick
venue: quick
score: quick
task: Write a note.
approval: none
`,
  "quick.band.yaml": `version: 1
name: quick
roles:
  writer: { prompt: You write., tools: [write_file] }
`,
  "quick.venue.yaml": `version: 1
name: quick
provider: scripted
replies: quick.replies.yaml
`,
  "quick.score.yaml": `version: 1
name: quick
steps:
  - { id: first, role: writer, instruction: Write NOTE.md. }
  - { id: second, role: writer, instruction: Say that it is done. }
`,
  "quick.replies.yaml": `version: 1
chunk_delay_ms: 30
steps:
  first:
    - text: I write the note now, word by word, and take some time for it so that somebody can pause.
      tool_calls: [{ tool: write_file, args: { path: NOTE.md, content: "# A note\\n" } }]
    - text: It is written.
  second:
    - text: It is done.
`,
};

/**
 * Stops the shown session, and confirms it: under test VS Code shows no dialog, so the answer stands in for a person who
 * has read it.
 * @returns when it was confirmed, in milliseconds.
 */
async function stop(): Promise<number> {
  const { showWarningMessage } = vscode.window;
  let confirmed = Date.now();
  const answer = async (message: string, _: unknown, ...buttons: readonly string[]): Promise<unknown> => {
    assert.match(message, /^Stop .* for good\?$/);
    await pace(armingMs + 100);
    confirmed = Date.now();
    return buttons[0];
  };
  try {
    Object.assign(vscode.window, { showWarningMessage: answer });
    await vscode.commands.executeCommand("orket.stopSession");
  } finally {
    Object.assign(vscode.window, { showWarningMessage });
  }
  return confirmed;
}

interface Line {
  readonly type: string;
  readonly step: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

function ids(): readonly string[] {
  return existsSync(sessions) ? readdirSync(sessions) : [];
}

function journal(id: string): Line[] {
  const text = readFileSync(path.join(sessions, id, "journal.jsonl"), "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n"));
  return whole === "" ? [] : whole.split("\n").map((line) => JSON.parse(line) as Line);
}

function has(id: string, type: string): true | undefined {
  return journal(id).some((line) => line.type === type) ? true : undefined;
}

/** Starts the quick Flow and gives the session's id. */
async function run(command = "orket.runFlow"): Promise<string> {
  const before = new Set(ids());
  await vscode.commands.executeCommand(command, vscode.Uri.file(path.join(flows, "quick.flow.yaml")));
  return until("a new session", () => ids().find((id) => !before.has(id)));
}

function activeDiff(): vscode.TabInputTextDiff | undefined {
  const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputTextDiff ? input : undefined;
}

describe("a session inside the extension host", () => {
  before(async () => {
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(flows, name), text);
    await vscode.extensions.getExtension("orket.orket")?.activate();
  });

  after(async () => {
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    for (const name of Object.keys(files)) rmSync(path.join(flows, name), { force: true });
    rmSync(path.join(folder, "NOTE.md"), { force: true });
  });

  it("registers every command that the manifest declares", async () => {
    const manifest = vscode.extensions.getExtension("orket.orket")?.packageJSON as {
      contributes: { commands: readonly { command: string }[] };
    };
    const known = new Set(await vscode.commands.getCommands(true));

    assert.deepEqual(
      manifest.contributes.commands.map(({ command }) => command).filter((command) => !known.has(command)),
      [],
    );
  });

  let first: string;

  it("runs a Flow to its end and leaves the project alone", async () => {
    const id = (first = await run());
    await until("its end", () => has(id, "session_end"));

    assert.equal(existsSync(path.join(folder, "NOTE.md")), false);
    assert.equal(readFileSync(path.join(sessions, id, "workspace", "NOTE.md"), "utf8"), "# A note\n");
    await until("the lock given back", () =>
      existsSync(path.join(sessions, id, "lock")) ? undefined : true,
    );
  });

  it("opens an artifact as a diff whose right side can be edited, and keeps the agent's own version as it is", async () => {
    await vscode.commands.executeCommand("orket.reviewArtifacts");
    const diff = await until("a diff", activeDiff);

    assert.equal(diff.modified.scheme, "orket-proposal");
    const document = await vscode.workspace.openTextDocument(diff.modified);
    assert.equal(document.getText(), "# A note\n");
    assert.notEqual(vscode.workspace.fs.isWritableFileSystem("orket-artifact"), true);
  });

  it("brings an artifact into the project and takes it back", async () => {
    const uri = activeDiff()?.modified;
    await vscode.commands.executeCommand("orket.acceptArtifact", uri);
    assert.equal(readFileSync(path.join(folder, "NOTE.md"), "utf8"), "# A note\n");
    assert.equal(has(first, "artifact_accepted"), true);

    await vscode.commands.executeCommand("orket.revertAcceptance", uri);
    assert.equal(existsSync(path.join(folder, "NOTE.md")), false);
    assert.equal(has(first, "acceptance_reverted"), true);
  });

  it("writes nothing over a file that came into the project meanwhile", async () => {
    writeFileSync(path.join(folder, "NOTE.md"), "mine\n");
    await vscode.commands.executeCommand("orket.reviewArtifacts");
    const diff = await until("a diff", activeDiff);
    // It asks what to do and waits for the answer; when the message is put aside, the command is over.
    let over = false;
    const accepting = vscode.commands
      .executeCommand("orket.acceptArtifact", diff.modified)
      .then(() => (over = true));
    await until("the message was put aside", async () => {
      await vscode.commands.executeCommand("notifications.clearAll");
      return over;
    });
    await accepting;

    assert.equal(readFileSync(path.join(folder, "NOTE.md"), "utf8"), "mine\n");
    rmSync(path.join(folder, "NOTE.md"));
  });

  it("runs what the disk holds, changed a moment ago and not yet noticed", async () => {
    const file = path.join(flows, "quick.flow.yaml");
    for (const round of [1, 2, 3]) {
      writeFileSync(file, files["quick.flow.yaml"].replace("Write a note.", `Write note ${round}.`));
      const id = await run();
      const definition = readFileSync(path.join(sessions, id, "definition.json"), "utf8");

      assert.ok(definition.includes(`Write note ${round}.`));
      await stop();
      await until("its end", () => has(id, "session_end"));
    }
  });

  it("pauses at work and goes on where it was", async () => {
    const id = await run();
    await until("a call", () => has(id, "model_call_start"));
    await vscode.commands.executeCommand("orket.pauseSession");
    await until("the pause", () => has(id, "session_paused"));
    await until("the lock given back", () =>
      existsSync(path.join(sessions, id, "lock")) ? undefined : true,
    );
    await vscode.commands.executeCommand("orket.resumeSession");
    await until("its end", () => has(id, "session_end"));

    const starts = journal(id).filter(({ type }) => type === "step_start");
    assert.deepEqual(
      starts.map(({ step }) => step),
      ["first", "second"],
    );
  });

  it("stops within a second in mid-stream", async () => {
    const id = await run();
    await until("a call", () => has(id, "model_call_start"));
    const started = await stop();
    await until("its end", () => has(id, "session_end"));

    assert.ok(Date.now() - started < 1500);
    assert.equal(journal(id).at(-1)?.data["outcome"], "stopped");
  });

  it("asks before every step when it is told to", async () => {
    const id = await run("orket.runFlowStepByStep");
    await until("a question", () => has(id, "approval_requested"));

    assert.equal(has(id, "model_call_start"), undefined);
    await stop();
    await until("its end", () => has(id, "session_end"));
  });
});

describe("editing help inside the extension host", () => {
  it("lists what is wrong with a definition file, as it stands in the editor", async () => {
    const uri = vscode.Uri.file(path.join(flows, "shapes.flow.yaml"));
    const document = await vscode.workspace.openTextDocument(uri);
    assert.equal(document.languageId, "orket-flow");
    await vscode.window.showTextDocument(document);
    const edit = new vscode.WorkspaceEdit();
    edit.insert(uri, new vscode.Position(document.lineCount, 0), "\nlimts: {}\n");
    await vscode.workspace.applyEdit(edit);
    const unknown = (): vscode.Diagnostic | undefined =>
      vscode.languages
        .getDiagnostics(uri)
        .find(({ code }) => typeof code === "object" && code.value === "orket/unknown-key");
    const problem = await until("a problem", unknown);

    assert.match(problem.message, /Unknown key 'limts'/);
    assert.equal(problem.source, "Orket");
    await vscode.commands.executeCommand("workbench.action.files.revert");
    await until("no problem", () => (unknown() === undefined ? true : undefined));
  });

  it("offers lenses on a Flow", async () => {
    const uri = vscode.Uri.file(path.join(flows, "shapes.flow.yaml"));
    const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>(
      "vscode.executeCodeLensProvider",
      uri,
    );

    assert.deepEqual(
      lenses.map(({ command }) => command?.command),
      ["orket.runFlow", "orket.runFlowStepByStep", "orket.showPlan", "orket.internal.checkCommand"],
    );
  });

  it("shows a Flow's plan", async () => {
    await vscode.commands.executeCommand(
      "orket.showPlan",
      vscode.Uri.file(path.join(flows, "shapes.flow.yaml")),
    );

    // Plans of other Flows may be open beside it.
    const text = await until("the plan", () =>
      vscode.workspace.textDocuments
        .filter(({ uri }) => uri.scheme === "orket-plan")
        .map((one) => one.getText())
        .find((one) => one.startsWith("# Plan of shapes")),
    );
    assert.match(text, /build +\| coder +\|/);
  });
});
