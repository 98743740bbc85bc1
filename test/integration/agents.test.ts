import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import { EditorTools } from "../../src/host/provider/editor-tools";
import { until } from "../until";

interface Report {
  readonly session: string;
  readonly state: string;
  readonly waiting: readonly { readonly question?: string; readonly answeredBy: string }[];
}

const files: Readonly<Record<string, string>> = {
  "asker.flow.yaml":
    "version: 1\nname: asker\nband: ./asker.band.yaml\nvenue: ./asker.venue.yaml\nscore: ./asker.score.yaml\ntask: Ask.\napproval: none\n",
  "asker.band.yaml": "version: 1\nname: asker\nroles:\n  writer: { prompt: You write. }\n",
  "asker.venue.yaml": "version: 1\nname: asker\nprovider: scripted\nreplies: asker.replies.yaml\n",
  "asker.replies.yaml": "version: 1\nsteps: { say: [{ text: Said. }] }\n",
  "asker.score.yaml":
    "version: 1\nname: asker\nsteps:\n  - { id: scope, ask: How large?, verdict: [large, small], agent_may_answer: true }\n  - { id: say, role: writer, instruction: Say it. }\n",
};

/** Calls a tool as another extension does. Under test the workbench shows no dialogs and takes the confirmation as given. */
async function call(name: string, input: object): Promise<string> {
  const result = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined });
  return result.content
    .map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : ""))
    .join("");
}

describe("Orket's tools in the editor", () => {
  before(async () => {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(folder);
    const place = path.join(folder.uri.fsPath, "asker");
    await mkdir(place, { recursive: true });
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(place, name), text);
    await vscode.extensions.getExtension("orket.orket")?.activate();
  });

  it("are offered to the editor's agents, but not to the agents of a Flow", async () => {
    const offered = await until("the tools", () => {
      const names = vscode.lm.tools.map(({ name }) => name).filter((name) => name.startsWith("orket_"));
      return names.includes("orket_run_flow") ? names : undefined;
    });

    for (const name of ["orket_run_flow", "orket_session", "orket_answer"]) {
      assert.ok(offered.includes(name));
      assert.equal(new EditorTools().find(`vscode:${name}`), undefined);
    }
  });

  it("start a Flow once it was confirmed, report on it, and answer what its Score lets an agent answer", async () => {
    const started = await call("orket_run_flow", { flow: "asker" });
    const [, id = ""] = /session (\S+)\. It runs/.exec(started) ?? [];
    assert.notEqual(id, "", started);
    const report = async (): Promise<Report> =>
      JSON.parse(await call("orket_session", { session: id })) as Report;
    const [wait] = await until("the question", async () => {
      const { waiting } = await report();
      return waiting.length > 0 ? waiting : undefined;
    });

    const answered = await call("orket_answer", { session: id, question: wait?.question, verdict: "small" });
    assert.match(answered, /was answered/);
    assert.equal(await until("the end", async () => (await report()).state === "completed"), true);
  });
});
