import path from "node:path";
import * as vscode from "vscode";
import type { Cancellation } from "../../engine/port/cancellation";
import type {
  CodePlace,
  CodeProblem,
  CodeSymbol,
  FeatureAnswer,
  LanguageFeatures,
} from "../../engine/port/language-features";
import { problemSeverities } from "../../engine/port/language-features";

/** Longest wait for an answer of VS Code's extensions, which may have to load a project first. */
const answerMs = 30_000;
/** Longest wait for the first diagnostics of a file that was opened to be checked. */
const firstCheckMs = 5_000;

/** What VS Code's language extensions know about a project's folder, by VS Code's stable commands. */
export class EditorFeatures implements LanguageFeatures {
  readonly available = true;
  readonly #folder: string;

  constructor(workDomain: string) {
    this.#folder = workDomain;
  }

  symbols(
    of: { readonly path: string } | { readonly text: string },
    cancellation: Cancellation,
  ): Promise<FeatureAnswer<CodeSymbol>> {
    return answered(cancellation, async () => {
      if ("text" in of) {
        const found = await vscode.commands.executeCommand<vscode.SymbolInformation[] | undefined>(
          "vscode.executeWorkspaceSymbolProvider",
          of.text,
        );
        return this.#placed(found ?? [], fromInformation);
      }
      const { uri } = await this.#document(of.path);
      const found = await vscode.commands.executeCommand<
        readonly (vscode.SymbolInformation | vscode.DocumentSymbol)[] | undefined
      >("vscode.executeDocumentSymbolProvider", uri);
      const items = (found ?? []).flatMap((symbol) => flattened(symbol, of.path));
      return { kind: "found", items, outside: 0 };
    });
  }

  references(
    { path: file, line, symbol }: CodePlace & { readonly symbol: string },
    cancellation: Cancellation,
  ): Promise<FeatureAnswer<CodePlace>> {
    return answered(cancellation, async () => {
      const document = await this.#document(file);
      if (line > document.lineCount)
        return failed(`${file} has ${document.lineCount} lines; there is no line ${line}.`);
      const column = columnOf(document.lineAt(line - 1).text, symbol);
      if (column < 0)
        return failed(`Line ${line} of ${file}, as VS Code has it, does not contain ${symbol}.`);
      const found = await vscode.commands.executeCommand<vscode.Location[] | undefined>(
        "vscode.executeReferenceProvider",
        document.uri,
        new vscode.Position(line - 1, column),
      );
      return this.#placed(
        (found ?? []).map(({ uri, range }) => ({ location: { uri, range } })),
        () => ({}),
      );
    });
  }

  problems(file: string | undefined, cancellation: Cancellation): Promise<FeatureAnswer<CodeProblem>> {
    return answered(cancellation, async () => {
      const checked =
        file === undefined ? vscode.languages.getDiagnostics() : [await this.#checked(file, cancellation)];
      const all = checked.flatMap(([uri, found]) =>
        found.map((one) => ({ ...one, location: { uri, range: one.range } })),
      );
      return this.#placed(all, problemOf);
    });
  }

  /** A file of the project as the editor has it, without showing it. */
  #document(file: string): Thenable<vscode.TextDocument> {
    return vscode.workspace.openTextDocument(vscode.Uri.file(path.join(this.#folder, file)));
  }

  /** A file's diagnostics; extensions get some time for one that was not open. */
  async #checked(file: string, cancellation: Cancellation): Promise<[vscode.Uri, vscode.Diagnostic[]]> {
    const uri = vscode.Uri.file(path.join(this.#folder, file));
    const known = vscode.languages.getDiagnostics(uri);
    const isOpen = vscode.workspace.textDocuments.some((one) => one.uri.toString() === uri.toString());
    if (known.length > 0 || isOpen) return [uri, known];
    await new Promise<void>((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        listener.dispose();
        resolve();
      };
      const timer = setTimeout(end, firstCheckMs);
      const listener = vscode.languages.onDidChangeDiagnostics(({ uris }) => {
        if (uris.some((one) => one.toString() === uri.toString())) end();
      });
      cancellation.addEventListener("abort", end, { once: true });
      this.#document(file).then(undefined, reject);
    });
    return [uri, vscode.languages.getDiagnostics(uri)];
  }

  #placed<From extends { readonly location: vscode.Location }, To>(
    all: readonly From[],
    more: (one: From) => To,
  ): FeatureAnswer<CodePlace & To> {
    const items = all.flatMap((one) => {
      const file = relativeTo(this.#folder, one.location.uri);
      return file === undefined
        ? []
        : [{ path: file, line: one.location.range.start.line + 1, ...more(one) }];
    });
    return { kind: "found", items, outside: all.length - items.length };
  }
}

function failed(message: string): { readonly kind: "failed"; readonly message: string } {
  return { kind: "failed", message };
}

/** The path of a file in the folder, with forward slashes; undefined: it is elsewhere, or no file. */
function relativeTo(folder: string, uri: vscode.Uri): string | undefined {
  if (uri.scheme !== "file") return undefined;
  const file = path.relative(folder, uri.fsPath);
  const isOutside = file === "" || file === ".." || file.startsWith(`..${path.sep}`) || path.isAbsolute(file);
  return isOutside ? undefined : file.split(path.sep).join("/");
}

/** Where a name stands in a line: as a whole word where there is one. */
function columnOf(text: string, name: string): number {
  const isPart = (character: string | undefined): boolean =>
    character !== undefined && /[\p{L}\p{N}_$]/u.test(character);
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1))
    if (!isPart(text[at - 1]) && !isPart(text[at + name.length])) return at;
  return text.indexOf(name);
}

const kindOf = (kind: vscode.SymbolKind): string => (vscode.SymbolKind[kind] ?? "symbol").toLowerCase();

function fromInformation({
  name,
  kind,
  containerName,
}: vscode.SymbolInformation): Omit<CodeSymbol, keyof CodePlace> {
  const plain = { name, kind: kindOf(kind) };
  return containerName === "" ? plain : { ...plain, container: containerName };
}

/** A symbol and those within it. VS Code answers with objects that are both of its kinds of symbols. */
function flattened(
  symbol: vscode.SymbolInformation | vscode.DocumentSymbol,
  file: string,
  container = "",
): CodeSymbol[] {
  const range = "selectionRange" in symbol ? symbol.selectionRange : symbol.location.range;
  const around = container === "" && "containerName" in symbol ? symbol.containerName : container;
  const plain = { path: file, line: range.start.line + 1, name: symbol.name, kind: kindOf(symbol.kind) };
  const children = "children" in symbol ? symbol.children : [];
  return [
    around === "" ? plain : { ...plain, container: around },
    ...children.flatMap((child) => flattened(child, file, symbol.name)),
  ];
}

function problemOf({
  severity,
  message,
  source,
  code,
}: vscode.Diagnostic): Omit<CodeProblem, keyof CodePlace> {
  const number = typeof code === "object" ? code.value : code;
  const from = [source, number].filter((part) => part !== undefined && part !== "").join(" ");
  const plain = { severity: problemSeverities[severity] ?? "hint", message };
  return from === "" ? plain : { ...plain, source: from };
}

/** The work's answer; a failure, a cancellation and a wait that is too long are answers too. */
async function answered<T>(
  cancellation: Cancellation,
  work: () => Promise<FeatureAnswer<T>>,
): Promise<FeatureAnswer<T>> {
  let cancel = (): void => undefined;
  let timer: NodeJS.Timeout | undefined;
  const cut = new Promise<FeatureAnswer<T>>((resolve) => {
    cancel = (): void => {
      resolve(failed("The question to VS Code was cancelled."));
    };
    timer = setTimeout(() => {
      resolve(
        failed(`VS Code did not answer within ${answerMs / 1000} s. Its extensions may still be loading.`),
      );
    }, answerMs);
  });
  cancellation.addEventListener("abort", cancel, { once: true });
  if (cancellation.aborted) cancel();
  try {
    return await Promise.race([work(), cut]);
  } catch (error) {
    return failed(`VS Code could not answer: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    clearTimeout(timer);
    cancellation.removeEventListener("abort", cancel);
  }
}
