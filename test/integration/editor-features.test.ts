import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import { CancelSource } from "../../src/engine/port/cancellation";
import { EditorFeatures } from "../../src/host/provider/editor-features";
import { closeEditors } from "./editor";

const never = new CancelSource();

describe("what VS Code's language extensions know", () => {
  const words = { language: "plaintext", pattern: "**/editor-features/*.txt" };
  let folder: string;
  let features: EditorFeatures;
  let registered: vscode.Disposable;
  let problems: vscode.DiagnosticCollection;
  const uriOf = (name: string): vscode.Uri => vscode.Uri.file(path.join(folder, "editor-features", name));
  const lineOf = (name: string, line: number): vscode.Location =>
    new vscode.Location(uriOf(name), new vscode.Position(line - 1, 0));

  before(async () => {
    const [open] = vscode.workspace.workspaceFolders ?? [];
    assert.ok(open);
    folder = open.uri.fsPath;
    mkdirSync(path.join(folder, "editor-features"));
    writeFileSync(uriOf("a.txt").fsPath, "one alphabet\nalpha and alpha\n");
    writeFileSync(uriOf("b.txt").fsPath, "nothing\n");
    features = new EditorFeatures(folder);
    problems = vscode.languages.createDiagnosticCollection("orket-test");
    const { Class, Function, Variable } = vscode.SymbolKind;
    registered = vscode.Disposable.from(
      problems,
      vscode.languages.registerDocumentSymbolProvider(words, {
        provideDocumentSymbols: (document) => {
          const symbol = (name: string, kind: vscode.SymbolKind, line: number): vscode.DocumentSymbol => {
            const { range } = document.lineAt(line - 1);
            return new vscode.DocumentSymbol(name, "", kind, range, range);
          };
          const outer = symbol("Outer", Class, 1);
          outer.children.push(symbol("inner", Function, 2));
          return [outer];
        },
      }),
      vscode.languages.registerWorkspaceSymbolProvider({
        provideWorkspaceSymbols: (query) => [
          new vscode.SymbolInformation(`${query}Found`, Variable, "around", lineOf("a.txt", 2)),
          new vscode.SymbolInformation(
            `${query}Outside`,
            Variable,
            "",
            new vscode.Location(
              vscode.Uri.file(path.join(path.dirname(folder), "x.txt")),
              new vscode.Position(0, 0),
            ),
          ),
        ],
      }),
      vscode.languages.registerReferenceProvider(words, {
        provideReferences: (document, { line, character }) => [
          lineOf("b.txt", 1),
          new vscode.Location(document.uri, new vscode.Position(line, character)),
        ],
      }),
    );
  });

  after(async () => {
    registered.dispose();
    await closeEditors();
    rmSync(path.join(folder, "editor-features"), { recursive: true, force: true });
  });

  it("are the symbols of a file, with those within them", async () => {
    assert.deepEqual(await features.symbols({ path: "editor-features/a.txt" }, never), {
      kind: "found",
      outside: 0,
      items: [
        { path: "editor-features/a.txt", line: 1, name: "Outer", kind: "class" },
        { path: "editor-features/a.txt", line: 2, name: "inner", kind: "function", container: "Outer" },
      ],
    });
  });

  it("are the project's symbols by name; those of files elsewhere are only counted", async () => {
    const answer = await features.symbols({ text: "orketTest" }, never);
    assert.ok(answer.kind === "found");
    assert.ok(answer.outside >= 1);
    assert.deepEqual(
      answer.items.filter(({ name }) => name.startsWith("orketTest")),
      [
        {
          path: "editor-features/a.txt",
          line: 2,
          name: "orketTestFound",
          kind: "variable",
          container: "around",
        },
      ],
    );
  });

  it("are the references to the symbol that stands in a line, as a whole word", async () => {
    const found = (line: number): Promise<unknown> =>
      features.references({ path: "editor-features/a.txt", line, symbol: "alpha" }, never);
    assert.deepEqual(await found(2), {
      kind: "found",
      outside: 0,
      items: [
        { path: "editor-features/a.txt", line: 2 },
        { path: "editor-features/b.txt", line: 1 },
      ],
    });
    assert.match(JSON.stringify(await found(9)), /there is no line 9/);
    const absent = await features.references(
      { path: "editor-features/b.txt", line: 1, symbol: "alpha" },
      never,
    );
    assert.match(JSON.stringify(absent), /does not contain alpha/);
  });

  it("are the diagnostics of a file, and of every file", async () => {
    const range = new vscode.Range(1, 0, 1, 5);
    const problem = new vscode.Diagnostic(range, "Not a word.", vscode.DiagnosticSeverity.Warning);
    problem.source = "spelling";
    problem.code = 7;
    problems.set(uriOf("a.txt"), [problem]);
    const shown = {
      path: "editor-features/a.txt",
      line: 2,
      severity: "warning",
      message: "Not a word.",
      source: "spelling 7",
    };

    const one = await features.problems("editor-features/a.txt", never);
    assert.deepEqual(one, { kind: "found", items: [shown], outside: 0 });
    const all = await features.problems(undefined, never);
    assert.ok(all.kind === "found");
    assert.deepEqual(
      all.items.filter(({ path: file }) => file === shown.path),
      [shown],
    );
  });

  it("are awaited for a file that was not open, until its extension reports", async () => {
    writeFileSync(uriOf("late.txt").fsPath, "late\n");
    const opened = vscode.workspace.onDidOpenTextDocument(({ uri }) => {
      if (uri.toString() === uriOf("late.txt").toString())
        problems.set(uri, [new vscode.Diagnostic(new vscode.Range(0, 0, 0, 1), "Late.")]);
    });
    try {
      const answer = await features.problems("editor-features/late.txt", never);
      assert.match(JSON.stringify(answer), /Late\./);
    } finally {
      opened.dispose();
    }
  });

  it("fail, and are cancelled, with an answer and not with an exception", async () => {
    const missing = await features.symbols({ path: "editor-features/none.txt" }, never);
    assert.match(JSON.stringify(missing), /VS Code could not answer/);
    const stop = new CancelSource();
    const hanging = vscode.languages.registerDocumentSymbolProvider(words, {
      provideDocumentSymbols: () => {
        stop.cancel();
        return new Promise(() => undefined);
      },
    });
    try {
      const answer = await features.symbols({ path: "editor-features/b.txt" }, stop);
      assert.deepEqual(answer, { kind: "failed", message: "The question to VS Code was cancelled." });
    } finally {
      hanging.dispose();
    }
  });
});
