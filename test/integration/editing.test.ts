import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import * as vscode from "vscode";
import { at, closeEditors, codeOf, labels, lensesOf, problemOf, replace } from "./editor";
import { until } from "../until";

const folder = path.join(process.env["ORKET_TEST_FOLDER"] ?? "", "help");

const files = {
  "crew.flow.yaml": `version: 1
name: crew
band: crew
venue: crew
score: crew
task: Write a note.
inputs: { tone: { default: dry } }
`,
  "crew.band.yaml": `version: 1
name: crew
# Who works.
roles:
  writer:
    description: Writes the note.
    # Kept, whatever happens to the prompt.
    prompt: |
      You are the writer.
      The task: {{task}}
      Be {{inputs.tone}}.
    tools: [write_file]   # no more than that
  checker:
    prompt: You check.
    tools: [read_file, set_verdict]
`,
  "crew.venue.yaml": `version: 1
name: crew
provider: scripted
replies: crew.replies.yaml
roles:
  writer: { temperature: 0.5 }
`,
  "crew.score.yaml": `version: 1
name: crew
steps:
  - { id: draft, role: writer, instruction: Write NOTE.md. }
  - loop:
      max: 2
      until: { step: check, verdict: fine }
      steps:
        - { id: check, role: checker, verdict: [fine, again], instruction: "Read {{steps.draft.summary}}" }
`,
  "crew.replies.yaml": `version: 1
steps:
  draft: [{ text: It is written. }]
`,
  "RULES.md": "Use spaces.\n",
};
type Name = keyof typeof files;

const uriOf = (name: string): vscode.Uri => vscode.Uri.file(path.join(folder, name));
const onDisk = (name: string): string => readFileSync(path.join(folder, name), "utf8");

async function open(name: string): Promise<vscode.TextDocument> {
  const document = await vscode.workspace.openTextDocument(uriOf(name));
  await vscode.window.showTextDocument(document, { preview: false });
  return document;
}

const problem = (name: string, code: string): Promise<vscode.Diagnostic> => problemOf(uriOf(name), code);

async function fixes(document: vscode.TextDocument, range: vscode.Range): Promise<vscode.CodeAction[]> {
  return vscode.commands.executeCommand("vscode.executeCodeActionProvider", document.uri, range);
}

async function fix(document: vscode.TextDocument, range: vscode.Range, title: RegExp): Promise<void> {
  const actions = await fixes(document, range);
  const action = actions.find((one) => title.test(one.title));
  assert.ok(action, `${actions.map((one) => one.title).join("; ")} lacks ${String(title)}`);
  if (action.edit !== undefined) assert.ok(await vscode.workspace.applyEdit(action.edit));
  const { command } = action;
  if (command !== undefined)
    await vscode.commands.executeCommand(command.command, ...((command.arguments ?? []) as unknown[]));
}

describe("editing help inside VS Code", () => {
  before(async () => {
    mkdirSync(folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    await vscode.extensions.getExtension("orket.orket")?.activate();
  });

  afterEach(async () => {
    await closeEditors();
    for (const name of Object.keys(files) as Name[]) {
      if (onDisk(name) !== files[name]) writeFileSync(path.join(folder, name), files[name]);
    }
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it("knows each kind of file by its name", async () => {
    const ids = await Promise.all(
      Object.keys(files)
        .filter((name) => name.endsWith(".yaml"))
        .map(async (name) => (await vscode.workspace.openTextDocument(uriOf(name))).languageId),
    );

    assert.deepEqual(ids, ["orket-flow", "orket-band", "orket-venue", "orket-score", "orket-replies"]);
  });

  it("underlines what is wrong in a file that is not open, with a link to the page that explains it", async () => {
    writeFileSync(
      path.join(folder, "crew.score.yaml"),
      files["crew.score.yaml"].replace("role: writer", "role: writr"),
    );

    const found = await problem("crew.score.yaml", "orket/unknown-role");
    assert.equal(found.range.start.line, 3);
    assert.equal(found.severity, vscode.DiagnosticSeverity.Error);
    assert.ok(typeof found.code === "object" && found.code.target.fragment === "orketunknown-role");
  });

  it("sees what is typed in one file in the other, before it is saved", async () => {
    const band = await open("crew.band.yaml");
    await replace(band, "  checker:", "  controller:");

    await problem("crew.score.yaml", "orket/unknown-role");
    await replace(band, "  controller:", "  checker:");
    await until("nothing is wrong again", () =>
      vscode.languages
        .getDiagnostics(uriOf("crew.score.yaml"))
        .every((one) => codeOf(one) !== "orket/unknown-role"),
    );
  });

  it("completes names of other files, keys and placeholders", async () => {
    const score = await open("crew.score.yaml");
    const roles = await labels(score, at(score, "role: ‸writer"));
    const band = await open("crew.band.yaml");
    const placeholders = await labels(band, at(band, "{{‸task}}"));
    const venue = await open("crew.venue.yaml");
    await replace(venue, "roles:", "pri\nroles:");
    const keys = await labels(venue, at(venue, "pri‸\n"));

    assert.ok(roles.includes("writer") && roles.includes("checker"), roles.join());
    assert.ok(placeholders.includes("inputs.tone") && placeholders.includes("task"), placeholders.join());
    assert.ok(keys.includes("pricing"), keys.join());
  });

  describe("the models after `model:`", () => {
    let server: http.Server;
    let answer: (request: http.IncomingMessage, response: http.ServerResponse) => void;
    let venue: vscode.TextDocument;

    /** What is offered for a Venue of the provider at the server. */
    const offered = async (provider: string, below: string): Promise<string[]> => {
      const { port } = server.address() as AddressInfo;
      venue = await open("crew.venue.yaml");
      await until("it is as before", () => venue.getText() === files["crew.venue.yaml"]);
      await replace(
        venue,
        "provider: scripted\nreplies: crew.replies.yaml",
        `provider: ${provider}\nendpoint: http://127.0.0.1:${port}${below}\nmodel: `,
      );
      return labels(venue, at(venue, "model: ‸"));
    };
    const json = (response: http.ServerResponse, body: unknown): void => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(body));
    };

    beforeEach(async () => {
      server = http.createServer((request, response) => answer(request, response));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    it("are those of an Ollama server", async () => {
      answer = (_request, response) =>
        json(response, { version: "0.12.0", models: [{ name: "tiny:1b", model: "tiny:1b" }] });

      const models = await offered("ollama", "");
      assert.ok(models.includes("tiny:1b"), models.join());
    });

    it("are those of an OpenAI-compatible server, which is sent no key", async () => {
      const keys: string[] = [];
      answer = ({ headers, url }, response) => {
        keys.push(headers.authorization?.replace(/^Bearer /, "") ?? "");
        json(
          response,
          url === "/v1/models" ? { object: "list", data: [{ id: "small-chat", object: "model" }] } : {},
        );
      };

      const models = await offered("openai", "/v1");
      assert.ok(models.includes("small-chat"), models.join());
      assert.deepEqual([...new Set(keys)], [""]);
    });

    it("are left out when the server does not answer in time; the rest of the help is there", async () => {
      let asked = 0;
      answer = () => {
        asked += 1;
      };
      await offered("ollama", "");
      const keys = await labels(venue, at(venue, "prov‸ider"));

      assert.ok(asked > 0);
      assert.ok(keys.includes("provider"), keys.join());
    });
  });

  it("says what stands under the pointer", async () => {
    const score = await open("crew.score.yaml");
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      "vscode.executeHoverProvider",
      score.uri,
      at(score, "role: wri‸ter"),
    );
    const text = hovers.flatMap(({ contents }) =>
      contents.map((one) => (typeof one === "string" ? one : one.value)),
    );

    assert.match(text.join("\n"), /Role.*writer/s);
    assert.match(text.join("\n"), /You are the writer/);
  });

  it("leads to where a role is defined, and to everywhere it is named", async () => {
    const score = await open("crew.score.yaml");
    const position = at(score, "role: wri‸ter");
    const [target] = await vscode.commands.executeCommand<vscode.LocationLink[]>(
      "vscode.executeDefinitionProvider",
      score.uri,
      position,
    );
    const places = await vscode.commands.executeCommand<vscode.Location[]>(
      "vscode.executeReferenceProvider",
      score.uri,
      position,
    );

    assert.equal(target?.targetUri.path, uriOf("crew.band.yaml").path);
    assert.deepEqual(places.map(({ uri }) => path.basename(uri.path)).sort(), [
      "crew.band.yaml",
      "crew.score.yaml",
      "crew.venue.yaml",
    ]);
  });

  it("renames a role across three files", async () => {
    const score = await open("crew.score.yaml");
    const edit = await vscode.commands.executeCommand<vscode.WorkspaceEdit>(
      "vscode.executeDocumentRenameProvider",
      score.uri,
      at(score, "role: wri‸ter"),
      "author",
    );
    assert.ok(await vscode.workspace.applyEdit(edit));
    for (const document of vscode.workspace.textDocuments) if (document.isDirty) await document.save();

    for (const name of ["crew.band.yaml", "crew.venue.yaml"] as const)
      assert.equal(onDisk(name), files[name].replace("  writer:", "  author:"));
    assert.equal(onDisk("crew.score.yaml"), files["crew.score.yaml"].replace("role: writer", "role: author"));
  });

  it("says why something cannot be renamed", async () => {
    const flow = await open("crew.flow.yaml");

    await assert.rejects(
      async () => vscode.commands.executeCommand("vscode.prepareRename", flow.uri, at(flow, "ver‸sion")),
      /Only names of roles/,
    );
  });

  it("fixes a wrong name, and creates a role that is missing", async () => {
    const score = await open("crew.score.yaml");
    await replace(score, "role: writer", "role: writr");
    const { range } = await problem("crew.score.yaml", "orket/unknown-role");
    await fix(score, range, /Replace with 'writer'/);
    assert.equal(score.getText(), files["crew.score.yaml"]);

    await replace(score, "role: writer", "role: poet");
    await until("the new name is looked at", () =>
      vscode.languages.getDiagnostics(score.uri).find(({ message }) => message.includes("poet")),
    );
    await fix(score, range, /Create the role 'poet'/);
    const band = await vscode.workspace.openTextDocument(uriOf("crew.band.yaml"));
    assert.match(band.getText(), /\n {2}poet:\n/);
  });

  it("warns of a tool that no extension offers, and names one that is", async () => {
    const band = await open("crew.band.yaml");
    await replace(
      band,
      "[write_file]",
      "[write_file, 'vscode:orket_test_wether', 'vscode:orket_test_weather']",
    );

    const found = await problem("crew.band.yaml", "orket/tool-not-here");
    assert.equal(found.severity, vscode.DiagnosticSeverity.Warning);
    assert.match(found.message, /wether/);
    await fix(band, found.range, /Replace with 'vscode:orket_test_weather'/);
    await until("it is fixed", () =>
      vscode.languages.getDiagnostics(band.uri).every((one) => codeOf(one) !== "orket/tool-not-here"),
    );
  });

  it("follows the files that a Band names as instructions: missing, there, gone again", async () => {
    const band = await open("crew.band.yaml");
    await replace(band, "tools: [write_file]", "instructions: [HOUSE.md]\n    tools: [write_file]");
    const found = await problem("crew.band.yaml", "orket/instructions");
    assert.match(found.message, /HOUSE\.md/);
    const house = uriOf("HOUSE.md");
    const isMissing = (): boolean =>
      vscode.languages.getDiagnostics(band.uri).some((one) => codeOf(one) === "orket/instructions");
    writeFileSync(house.fsPath, "Use tabs.\n");
    await until("the file is noticed", () => !isMissing());
    const [target] = await vscode.commands.executeCommand<(vscode.Location | vscode.LocationLink)[]>(
      "vscode.executeDefinitionProvider",
      band.uri,
      at(band, "HOU‸SE.md"),
    );
    assert.ok(target !== undefined);
    assert.equal(("targetUri" in target ? target.targetUri : target.uri).toString(), house.toString());
    const offered = await labels(band, at(band, "instructions: [HO‸USE.md"));
    assert.ok(offered.includes("RULES.md"), offered.join());
    rmSync(house.fsPath);
    await until("its absence is noticed", isMissing);
  });

  it("publishes that warning once, however often another editor becomes active", async () => {
    const other = uriOf("other.venue.yaml");
    writeFileSync(other.fsPath, "version: 1\nname: other\nprovider: ollama\nmodle: m\n");
    const published = new Set<string>();
    const listening = vscode.languages.onDidChangeDiagnostics(({ uris }) =>
      uris.forEach((uri) => published.add(uri.toString())),
    );
    const venue = await open("other.venue.yaml");
    await problem("other.venue.yaml", "orket/unknown-key");
    const band = await open("crew.band.yaml");
    await replace(band, "[write_file]", "[write_file, 'vscode:orket_test_wether']");
    await problem("crew.band.yaml", "orket/tool-not-here");
    /** What came before the Venue is published has been told by then. */
    const change = async (from: string, to: string): Promise<void> => {
      published.clear();
      await open("other.venue.yaml");
      await replace(venue, from, to);
      await until("the Venue is published", () => published.has(venue.uri.toString()));
    };
    await change("provider: ollama", "provider: olama");
    await open("crew.band.yaml");
    await change("provider: olama", "provider: olam");

    listening.dispose();
    rmSync(other.fsPath);
    assert.ok(!published.has(band.uri.toString()));
  });

  it("creates a Band that is missing", async () => {
    const flow = await open("crew.flow.yaml");
    await replace(flow, "band: crew", "band: quartet");
    const { range } = await problem("crew.flow.yaml", "orket/reference-not-found");
    await fix(flow, range, /Create the Band 'quartet'/);

    assert.ok(existsSync(path.join(folder, "quartet.band.yaml")));
    rmSync(path.join(folder, "quartet.band.yaml"));
  });

  it("moves a key out of the file into the secrets", async () => {
    const venue = await open("crew.venue.yaml");
    const key = "sk-0123456789abcdef0123456789abcdef";
    await replace(
      venue,
      "provider: scripted\nreplies: crew.replies.yaml",
      `provider: openai\nmodel: m\napi_key: ${key}`,
    );
    const { range } = await problem("crew.venue.yaml", "orket/literal-api-key");
    await fix(venue, range, /Store the key/);

    assert.match(venue.getText(), /api_key: secret:\w+/);
    assert.ok(!venue.getText().includes(key));
    const stored = await labels(venue, at(venue, "api_key: ‸"));
    assert.ok(
      stored.some((label) => label.startsWith("secret:") && label !== "secret:NAME"),
      stored.join(),
    );
  });

  it("formats without losing a comment", async () => {
    const band = await open("crew.band.yaml");
    await replace(band, "  checker:\n    prompt: You check.", "  checker:   \n       prompt: You check.");
    await replace(band, "\n    tools: [read_file,", "\n       tools: [read_file,");
    const edits = await vscode.commands.executeCommand<vscode.TextEdit[]>(
      "vscode.executeFormatDocumentProvider",
      band.uri,
      { tabSize: 2, insertSpaces: true },
    );
    const edit = new vscode.WorkspaceEdit();
    edit.set(band.uri, edits);
    assert.ok(await vscode.workspace.applyEdit(edit));

    assert.equal(band.getText(), files["crew.band.yaml"]);
  });

  it("offers to run a Flow and to edit a prompt where they stand", async () => {
    const titles = async (name: string): Promise<string[]> =>
      (await lensesOf((await open(name)).uri)).map(({ title }) => title);

    assert.deepEqual(await titles("crew.flow.yaml"), ["Run", "Run with Step Approval", "Show Plan"]);
    assert.deepEqual((await titles("crew.band.yaml")).slice(0, 2), ["Edit Prompt", "Try Prompt"]);
  });

  it("outlines a Score and finds names in the whole project", async () => {
    const score = await open("crew.score.yaml");
    const outline = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>(
      "vscode.executeDocumentSymbolProvider",
      score.uri,
    );
    const found = await vscode.commands.executeCommand<vscode.SymbolInformation[]>(
      "vscode.executeWorkspaceSymbolProvider",
      "checker",
    );

    const steps = outline.find(({ name }) => name === "steps")?.children.map(({ name }) => name);
    assert.deepEqual(steps, ["draft", "loop, at most 2 times"]);
    assert.ok(found.some(({ name, containerName }) => name === "checker" && containerName === "crew"));
  });

  it("folds, links and highlights", async () => {
    const flow = await open("crew.flow.yaml");
    const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>(
      "vscode.executeLinkProvider",
      flow.uri,
    );
    const band = await open("crew.band.yaml");
    const folds = await vscode.commands.executeCommand<vscode.FoldingRange[]>(
      "vscode.executeFoldingRangeProvider",
      band.uri,
    );
    const same = await vscode.commands.executeCommand<vscode.DocumentHighlight[]>(
      "vscode.executeDocumentHighlights",
      band.uri,
      at(band, "  wri‸ter:"),
    );

    assert.deepEqual(
      links.map(({ target }) => path.basename(target?.path ?? "")),
      ["crew.band.yaml", "crew.venue.yaml", "crew.score.yaml"],
    );
    assert.ok(folds.some(({ start }) => start === 4));
    assert.equal(same.length, 1);
  });

  describe("a prompt as a document of its own", () => {
    const editPrompt = async (name: string): Promise<vscode.TextDocument> => {
      await vscode.commands.executeCommand("orket.editPrompt", { uri: uriOf("crew.band.yaml"), name });
      const document = vscode.window.activeTextEditor?.document;
      assert.equal(document?.uri.scheme, "orket-prompt");
      // What a test before left behind may still be on its way.
      await until("the prompt as it is on disk", () => document.getText().startsWith("You are the writer."));
      return document;
    };

    it("shows the text alone, and saving changes nothing else in the file", async () => {
      const prompt = await editPrompt("writer");
      assert.equal(prompt.languageId, "markdown");
      assert.equal(prompt.getText(), "You are the writer.\nThe task: {{task}}\nBe {{inputs.tone}}.\n");

      await replace(prompt, "Be {{inputs.tone}}.", "Stay {{inputs.tone}}.\n\n- and short");
      assert.ok(await prompt.save());

      assert.equal(
        onDisk("crew.band.yaml"),
        files["crew.band.yaml"].replace("Be {{inputs.tone}}.", "Stay {{inputs.tone}}.\n\n      - and short"),
      );
    });

    it("follows the file when that is edited", async () => {
      const prompt = await editPrompt("writer");
      writeFileSync(
        path.join(folder, "crew.band.yaml"),
        files["crew.band.yaml"].replace("You are the writer.", "You write."),
      );

      await until("the new text stands in the document", () => prompt.getText().startsWith("You write."));
    });

    it("merges what was edited on both sides in different lines", async () => {
      const band = await open("crew.band.yaml");
      const prompt = await editPrompt("writer");
      await replace(prompt, "You are the writer.", "You are the author.");
      await replace(band, "Be {{inputs.tone}}.", "Remain {{inputs.tone}}.");
      await replace(band, "# Who works.", "# Who is there.");
      assert.ok(await prompt.save());

      await until(
        "both edits stand in the file",
        () =>
          band.getText().includes("You are the author.") &&
          band.getText().includes("Remain {{inputs.tone}}."),
      );
      assert.match(band.getText(), /# Who is there\./);
      await until("both edits stand in the document", () =>
        prompt.getText().includes("Remain {{inputs.tone}}."),
      );
    });

    it("refuses to overwrite an edit of the same line", async () => {
      const band = await open("crew.band.yaml");
      const prompt = await editPrompt("writer");
      await replace(prompt, "You are the writer.", "You are the author.");
      await replace(band, "You are the writer.", "You are the poet.");

      assert.equal(await prompt.save(), false);
      assert.match(band.getText(), /You are the poet\./);
    });

    it("has the same diagnostics, completion and hover", async () => {
      const prompt = await editPrompt("writer");
      await replace(prompt, "{{inputs.tone}}", "{{inputs.tne}}");
      const found = await until("the placeholder is underlined", () =>
        vscode.languages
          .getDiagnostics(prompt.uri)
          .find(({ severity }) => severity === vscode.DiagnosticSeverity.Error),
      );
      assert.equal(found.range.start.line, 2);

      const names = await labels(prompt, at(prompt, "{{‸inputs.tne}}"));
      assert.ok(names.includes("inputs.tone"), names.join());
      const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
        "vscode.executeHoverProvider",
        prompt.uri,
        at(prompt, "{{ta‸sk}}"),
      );
      assert.equal(hovers.length, 1);
    });

    it("shows what would be sent, and follows what is typed", async () => {
      const prompt = await editPrompt("writer");
      await vscode.commands.executeCommand("orket.previewPrompt");
      const preview = await until("the preview is open", () =>
        vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === "orket-preview"),
      );
      assert.match(preview.getText(), /The task: Write a note\.\nBe dry\./);

      await replace(prompt, "You are the writer.", "You are the author.");
      await until("the preview follows", () => preview.getText().includes("You are the author."));
    });
  });

  it("shows a plan that follows the files", async () => {
    const score = await open("crew.score.yaml");
    await vscode.commands.executeCommand("orket.showPlan", uriOf("crew.flow.yaml"));
    const plan = await until("the plan", () =>
      vscode.workspace.textDocuments.find(
        (one) => one.uri.scheme === "orket-plan" && one.getText().startsWith("# Plan of crew"),
      ),
    );
    assert.match(plan.getText(), /check#1 → check#2/);

    await replace(score, "max: 2", "max: 3");
    await until("the plan follows", () => plan.getText().includes("check#3"));
  });
});
