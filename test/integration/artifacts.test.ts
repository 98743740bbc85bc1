import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import { armingMs } from "../../src/protocol/press-guard";
import { pace, until } from "../until";
import { closeEditors, replace } from "./editor";

/*
 * Every kind of file that can be accepted, in the editor as it is: closed, open, open and unsaved. One session proposes all of
 * them; a command writes them, because an agent's own tools write UTF-8 only.
 */

const project = process.env["ORKET_TEST_FOLDER"] ?? "";
const sessions = path.join(project, ".orket", "sessions");

type Change = Readonly<Record<number, string>>;
const text = (change: Change = {}, end = "\n"): string =>
  Array.from({ length: 30 }, (_, index) => `${change[index] ?? `line ${index}`}${end}`).join("");
const agent: Change = { 20: "agent" };
const person: Change = { 3: "person" };
const utf8 = (content: string): Buffer => Buffer.from(content, "utf8");
const latin1 = (content: string): Buffer => Buffer.from(content, "latin1");
const utf16 = (content: string): Buffer => Buffer.from(`\uFEFF${content}`, "utf16le");
const accent: Change = { 0: "caf\xe9" };
const binary = (last: number): Buffer => Buffer.from([0, 1, 2, 255, last]);
const large = (last: string): Buffer => utf8(`${"0123456789abcde\n".repeat(525_000)}${last}\n`);

interface Kind {
  /** null: there is none. */
  readonly before: Buffer | null;
  readonly proposed: Buffer | null;
  readonly mode?: number;
  /** What the proposal makes of the mode, where it changes it. */
  readonly newMode?: number;
  /** What happens in the project before the acceptance. */
  readonly meanwhile?: (file: string) => void;
  /** What a person types in line 3 of the open file, without saving; empty: the file is only open. */
  readonly typed?: string;
  /** The file, or the text of the editor that holds it unsaved, after the acceptance. */
  readonly result?: Buffer | string | null;
  /** What the refusal says; the file stays as it is. */
  readonly refusal?: RegExp;
}

const plain = { before: utf8(text()), proposed: utf8(text(agent)) };
const both = text({ ...agent, ...person });
const unsaved = /has unsaved changes in an editor.*Save/s;

const kinds: Readonly<Record<string, Kind>> = {
  "plain.txt": plain,
  "new.txt": { before: null, proposed: utf8("new\n") },
  "empty.txt": { before: utf8("old\n"), proposed: utf8("") },
  "deleted.txt": { before: utf8("old\n"), proposed: null },
  "crlf.txt": { before: utf8(text({}, "\r\n")), proposed: utf8(text(agent, "\r\n")) },
  "mark.txt": { before: utf8(`\uFEFF${text()}`), proposed: utf8(`\uFEFF${text(agent)}`) },
  "no-end.txt": { before: utf8(`${text()}last`), proposed: utf8(`${text(agent)}last`) },
  "latin1.txt": { before: latin1(text(accent)), proposed: latin1(text({ ...accent, ...agent })) },
  "utf16.txt": { before: utf16(text(accent)), proposed: utf16(text({ ...accent, ...agent })) },
  "binary.bin": { before: binary(1), proposed: binary(2) },
  "large.txt": { before: large("old"), proposed: large("new") },
  "run.sh": { ...plain, mode: 0o755 },
  "becomes.sh": { ...plain, newMode: 0o755 },
  "read-only.txt": { ...plain, mode: 0o444 },
  "merged.txt": {
    ...plain,
    meanwhile: (file) => writeFileSync(file, text(person)),
    result: utf8(both),
  },
  "conflict.txt": {
    ...plain,
    meanwhile: (file) => writeFileSync(file, text({ 20: "person" })),
    refusal: /changed the same lines of.*Solve Conflict/s,
  },
  "conflict.bin": {
    before: binary(1),
    proposed: binary(2),
    meanwhile: (file) => writeFileSync(file, binary(3)),
    refusal: /not text.*Use Proposal/s,
  },
  "conflict-deleted.txt": {
    before: utf8("old\n"),
    proposed: null,
    meanwhile: (file) => writeFileSync(file, "person\n"),
    refusal: /deletes what the project has changed.*Use Proposal/s,
  },
  "gone.txt": { ...plain, meanwhile: (file) => rmSync(file), refusal: /deleted.*Use Proposal/s },
  "folder.txt": {
    before: null,
    proposed: utf8("new\n"),
    meanwhile: (file) => mkdirSync(file),
    refusal: /is a folder of the project.*Move it away/s,
  },
  "file/inside.txt": {
    before: null,
    proposed: utf8("new\n"),
    meanwhile: (file) => {
      rmSync(path.dirname(file), { recursive: true, force: true });
      writeFileSync(path.dirname(file), "a file\n");
    },
    refusal: /A file is in the place of a folder.*Move it away/s,
  },
  "link-out.txt": {
    before: null,
    proposed: utf8("new\n"),
    meanwhile: (file) => symlinkSync("/", file),
    refusal: /leads out of the project.*Replace the link by a file/s,
  },
  "open.txt": { ...plain, typed: "" },
  "open-crlf.txt": {
    before: utf8(text({}, "\r\n")),
    proposed: utf8(text(agent, "\r\n")),
    typed: "person",
    result: text({ ...agent, ...person }, "\r\n"),
  },
  "open-mark.txt": {
    before: utf8(`\uFEFF${text()}`),
    proposed: utf8(`\uFEFF${text(agent)}`),
    typed: "person",
    result: both,
  },
  "unsaved.txt": { ...plain, typed: "person", result: both },
  "unsaved-run.sh": { ...plain, mode: 0o755, typed: "person", result: both },
  "unsaved-becomes.sh": { ...plain, newMode: 0o755, typed: "person", refusal: unsaved },
  "unsaved-utf16.txt": {
    before: utf16(text(accent)),
    proposed: utf16(text({ ...accent, ...agent })),
    typed: "person",
    refusal: /not text.*Use Proposal/s,
  },
  "unsaved-latin1.txt": {
    before: latin1(text(accent)),
    proposed: latin1(text({ ...accent, 20: "agent \xe9" })),
    typed: "person",
    refusal: unsaved,
  },
  "unsaved-ends.txt": {
    before: utf8(text()),
    proposed: utf8(text(agent, "\r\n")),
    typed: "person",
    refusal: unsaved,
  },
  "unsaved-deleted.txt": {
    before: utf8(text()),
    proposed: null,
    typed: "person",
    refusal: /deletes.*Use Proposal/s,
  },
};

const make = `
const fs = require("node:fs");
const path = require("node:path");
const kinds = JSON.parse(fs.readFileSync("kinds.json", "utf8"));
for (const [name, { proposed, mode }] of Object.entries(kinds)) {
  const file = path.join("kinds", name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  if (proposed === null) fs.rmSync(file);
  else {
    fs.rmSync(file, { force: true });
    fs.writeFileSync(file, Buffer.from(proposed, "base64"));
    if (mode !== undefined) fs.chmodSync(file, mode);
  }
}
`;

const flow: Readonly<Record<string, string>> = {
  "kinds.flow.yaml": `version: 1
name: kinds
band: kinds
venue: kinds
score: kinds
task: Write them all.
approval: none
commands:
  make: { argv: [node, kinds.cjs], isolation: view, writes: ["kinds/**"] }
`,
  "kinds.band.yaml":
    "version: 1\nname: kinds\nroles:\n  writer: { prompt: You write., tools: [move_file, write_file] }\n",
  "kinds.venue.yaml": "version: 1\nname: kinds\nprovider: scripted\nreplies: kinds.replies.yaml\n",
  "kinds.score.yaml":
    "version: 1\nname: kinds\nsteps:\n  - { id: make, run: make }\n  - { id: move, role: writer, instruction: Move it. }\n",
  "kinds.replies.yaml": `version: 1
steps:
  move:
    - text: I move it.
      tool_calls:
        - { tool: move_file, args: { from: kinds/from.txt, to: kinds/to.txt } }
        - { tool: write_file, args: { path: kinds/link.txt, content: ${JSON.stringify(text(agent))} } }
    - text: Done.
`,
  "kinds.cjs": make,
  "kinds.json": JSON.stringify(
    Object.fromEntries(
      Object.entries(kinds).map(([name, { proposed, mode, newMode = mode }]) => [
        name,
        { proposed: proposed?.toString("base64") ?? null, mode: newMode },
      ]),
    ),
  ),
};

const settings = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration("files");
const at = (name: string): string => path.join(project, "kinds", name);

/** What the extension says while it works, with its buttons; a person presses the one that is named, if it is there. */
async function heard(work: () => PromiseLike<unknown>, press?: RegExp): Promise<string> {
  const { showWarningMessage, showErrorMessage, showInformationMessage } = vscode.window;
  const said: string[] = [];
  const hear = async (message: string, ...more: readonly unknown[]): Promise<string | undefined> => {
    const buttons = more.filter((one) => typeof one === "string");
    said.push([message, ...buttons].join(" | "));
    const pressed = buttons.find((one) => press?.test(one));
    // The time of somebody who reads what is asked.
    if (pressed !== undefined) await pace(armingMs + 100);
    return pressed;
  };
  Object.assign(vscode.window, {
    showWarningMessage: hear,
    showErrorMessage: hear,
    showInformationMessage: hear,
  });
  try {
    await work();
  } finally {
    Object.assign(vscode.window, { showWarningMessage, showErrorMessage, showInformationMessage });
  }
  return said.join("\n");
}

describe("accepting every kind of file inside the extension host", function () {
  this.timeout(60_000);
  let directory: string;

  const proposal = (name: string): vscode.Uri =>
    vscode.Uri.file(at(name)).with({
      scheme: "orket-proposal",
      query: JSON.stringify({ directory, path: `kinds/${name}` }),
    });
  const decide = (command: string, name: string, press?: RegExp): Promise<string> =>
    heard(() => vscode.commands.executeCommand(`orket.${command}`, proposal(name)), press);
  const bytes = (name: string): Buffer | null =>
    statSync(at(name), { throwIfNoEntry: false })?.isFile() === true ? readFileSync(at(name)) : null;

  before(async () => {
    for (const [name, { before: content, mode }] of Object.entries(kinds)) {
      if (content === null) continue;
      mkdirSync(path.dirname(at(name)), { recursive: true });
      writeFileSync(at(name), content);
      if (mode !== undefined) chmodSync(at(name), mode);
    }
    writeFileSync(at("from.txt"), text());
    writeFileSync(at("behind.txt"), text());
    symlinkSync("behind.txt", at("link.txt"));
    for (const [name, content] of Object.entries(flow)) writeFileSync(path.join(project, name), content);
    await settings().update("autoSave", "off", vscode.ConfigurationTarget.Global);
    await vscode.extensions.getExtension("orket.orket")?.activate();
    const known = new Set(existsSync(sessions) ? readdirSync(sessions) : []);
    const uri = vscode.Uri.file(path.join(project, "kinds.flow.yaml"));
    await heard(() => vscode.commands.executeCommand("orket.runFlow", uri), /^Agree$/);
    const id = readdirSync(sessions).find((one) => !known.has(one)) ?? "";
    directory = path.join(sessions, id);
    await until("the end of the session", () =>
      readFileSync(path.join(directory, "journal.jsonl"), "utf8").includes('"type":"session_end"'),
    );
  });

  after(async () => {
    await closeEditors();
    await settings().update("autoSave", undefined, vscode.ConfigurationTarget.Global);
    for (const name of ["kinds", ...Object.keys(flow)])
      rmSync(path.join(project, name), { recursive: true, force: true });
  });

  for (const [name, kind] of Object.entries(kinds)) {
    it(`${name}: ${kind.refusal === undefined ? "what was shown is written" : "is refused and says what to do"}`, async () => {
      const { typed, proposed, result = proposed } = kind;
      kind.meanwhile?.(at(name));
      let document: vscode.TextDocument | undefined;
      if (typed !== undefined) {
        document = await vscode.workspace.openTextDocument(at(name));
        await vscode.window.showTextDocument(document, { preview: false });
        if (name === "unsaved.txt") await vscode.window.showTextDocument(document, vscode.ViewColumn.Beside);
        const edit = new vscode.WorkspaceEdit();
        edit.replace(document.uri, document.lineAt(3).range, typed);
        if (typed !== "") assert.ok(await vscode.workspace.applyEdit(edit));
      }
      const before = bytes(name);
      const textBefore = document?.getText();
      await vscode.workspace.openTextDocument(proposal(name)).then(undefined, () => undefined);

      const said = await decide("acceptArtifact", name);
      if (kind.refusal !== undefined) {
        assert.match(said, kind.refusal);
        assert.deepEqual(bytes(name), before, "the project's file stays as it is");
        assert.equal(document?.getText(), textBefore);
        return;
      }
      if (typed === undefined || typed === "") {
        assert.equal(said, "");
        assert.deepEqual(bytes(name), result);
        const { mode, newMode = mode } = kind;
        if (newMode !== undefined) assert.equal(statSync(at(name)).mode & 0o777, newMode);
      } else {
        assert.match(said, /saving writes both/);
        assert.equal(document?.getText(), result);
        assert.deepEqual(bytes(name), before, "the person saves it");
      }
      if (document !== undefined) {
        const { document: open } = await vscode.window.showTextDocument(document);
        await until("the new text", () => open.getText().includes("agent"));
        await vscode.commands.executeCommand("undo");
        assert.equal(open.getText(), textBefore, "undo brings the old text back");
        await vscode.commands.executeCommand("redo");
        assert.ok(open.getText().includes("agent"));
      }
      await decide("revertAcceptance", name);
      if (document !== undefined) await until("the old text", () => document.getText() === textBefore);
      assert.deepEqual(bytes(name), before, "a revert restores the exact bytes");
    });
  }

  it("writes through a link inside the project, which stays a link, and asks first about what no check has passed on", async () => {
    assert.match(await decide("acceptArtifact", "link.txt"), /^Accept it anyway\?/);
    assert.equal(readFileSync(at("behind.txt"), "utf8"), text());
    await decide("acceptArtifact", "link.txt", /^Accept Anyway$/);
    assert.equal(readFileSync(at("behind.txt"), "utf8"), text(agent));
    assert.equal(lstatSync(at("link.txt")).isSymbolicLink(), true);
    await decide("revertAcceptance", "link.txt");
    assert.equal(readFileSync(at("behind.txt"), "utf8"), text());
  });

  it("says on an accepted line where it came from, and on no other", async () => {
    const said = async (line: number): Promise<string> => {
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        "vscode.executeHoverProvider",
        vscode.Uri.file(at("plain.txt")),
        new vscode.Position(line, 0),
      );
      const contents = hovers.flatMap((hover) => hover.contents);
      return contents.map((content) => (typeof content === "string" ? content : content.value)).join("\n");
    };
    await decide("acceptArtifact", "plain.txt", /^Accept Anyway$/);
    assert.match(await said(20), /^Written by .* in step .*Accepted by/s);
    assert.equal(await said(3), "");
    await decide("revertAcceptance", "plain.txt");
    assert.equal(await said(20), "");
  });

  it("moves a file with both its names; not while an editor holds one of them unsaved", async () => {
    const document = await vscode.workspace.openTextDocument(at("from.txt"));
    await replace(document, "line 3", "person");
    await vscode.workspace.openTextDocument(proposal("to.txt"));
    assert.match(await decide("acceptArtifact", "to.txt"), unsaved);
    assert.ok(await document.save());
    assert.equal(await decide("acceptArtifact", "to.txt"), "");
    assert.deepEqual([bytes("from.txt"), bytes("to.txt")], [null, utf8(text(person))]);
    await decide("revertAcceptance", "to.txt");
    assert.deepEqual([bytes("from.txt"), bytes("to.txt")], [utf8(text(person)), null]);
  });

  it("takes the proposal where both cannot be merged and a person chooses it, and takes that back", async () => {
    for (const name of ["conflict.bin", "conflict-deleted.txt", "gone.txt"]) {
      const before = bytes(name);
      await decide("acceptArtifact", name, /^Use Proposal$/);
      assert.deepEqual(bytes(name), kinds[name]?.proposed);
      await decide("revertAcceptance", name);
      assert.deepEqual(bytes(name), before);
    }
  });

  it("refuses a version that the editor has read with another encoding, and takes it with the right one", async () => {
    const document = await vscode.workspace.openTextDocument(proposal("latin1.txt"));
    await replace(document, "line 9", "edited");
    assert.match(await decide("acceptArtifact", "latin1.txt"), /not UTF-8.*Reopen with Encoding/s);
    assert.deepEqual(bytes("latin1.txt"), kinds["latin1.txt"]?.before);
    await decide("discardVersion", "latin1.txt", /^Discard$/);
    const again = await vscode.workspace.openTextDocument(proposal("latin1.txt"), { encoding: "iso88591" });
    await replace(again, "line 9", "edited");
    assert.equal(await decide("acceptArtifact", "latin1.txt"), "");
    assert.deepEqual(bytes("latin1.txt"), latin1(text({ ...accent, ...agent, 9: "edited" })));
  });

  it("decides about all selected rows of Source Control; a second click hits no other row", async () => {
    const rows = ["plain.txt", "new.txt"].map((name) => ({ resourceUri: vscode.Uri.file(at(name)) }));
    const one = { resourceUri: vscode.Uri.file(at("crlf.txt")) };
    const accept = (...given: unknown[]): Promise<string> =>
      heard(() => vscode.commands.executeCommand("orket.acceptArtifact", ...given), /^Accept 2 files$/);
    // The time of somebody who looks at what the last press did; without it this one is taken for a part of that.
    await pace(1000);
    await accept(...rows);
    assert.deepEqual([bytes("plain.txt"), bytes("new.txt")], [plain.proposed, utf8("new\n")]);
    await accept(one);
    assert.deepEqual(bytes("crlf.txt"), kinds["crlf.txt"]?.before);
  });

  it("accepts all that can be accepted, and names the others", async () => {
    await closeEditors();
    const said = await heard(
      () => vscode.commands.executeCommand("orket.acceptAllArtifacts"),
      /^Accept \d+ files$/,
    );
    assert.match(said, /^Not accepted: .*conflict\.bin.*folder\.txt.*one by one/m);
    for (const name of ["plain.txt", "new.txt", "utf16.txt", "run.sh"])
      assert.deepEqual(bytes(name), kinds[name]?.proposed, name);
    assert.equal(statSync(at("folder.txt")).isDirectory(), true);
  });
});
