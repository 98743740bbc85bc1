import type { CodeAction, TextDocumentEdit, WorkspaceEdit } from "vscode-languageserver-types";
import type { Diagnostic } from "../text/diagnostic";
import { fileKinds } from "../text/file-kind";
import { partsFor } from "../project/links";
import { folderOf } from "../project/paths";
import { valueSpan } from "../text/places";
import type { Project } from "../project/project";
import { textAt, textsAt } from "../schema/read";
import { scoreViewOf } from "../schema/score-view";
import { valueAt } from "../schema/schema";
import type { SourceDocument } from "../text/source";
import { locate } from "../text/locate";
import { fieldAt } from "../schema/fields";
import { nodesAt, nodeSpan } from "../text/tree";
import { addEntry } from "./edit-yaml";
import { actionKinds, lspDiagnostic, workspaceEditOf } from "./lsp";
import type { UriOf, WithData } from "./lsp";
import type { FileEdit } from "./model";
import { defined } from "../../engine/model/defined";
import { providerTable } from "../../engine/model/providers";

/** A new file. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/** A key in a file, and the edit that replaces it with the secret's name. */
export interface MoveKey {
  readonly name: string;
  readonly value: string;
  /** Only to be made when the key is stored: until then the file is its only copy. */
  readonly edit: WorkspaceEdit;
}

/**
 * A fix for a problem. One that moves a key has no edit of its own: the editor resolves it to a command that
 * stores the key. A file to create is in its edit and in `data`, for an editor that writes files its own way.
 */
export type DefinitionAction = WithData<
  CodeAction,
  { readonly create?: NewFile; readonly moveKey?: MoveKey }
>;

interface Fix {
  readonly title: string;
  readonly diagnostic: Diagnostic;
  readonly edits: readonly FileEdit[];
  readonly create?: NewFile;
  readonly setSecret?: { readonly name: string; readonly value: string };
  readonly preferred: boolean;
}

type Draft = Omit<Fix, "diagnostic" | "preferred" | "edits"> & Partial<Fix>;

const { defaultEndpoint, exampleModel } = providerTable.ollama;

const skeletons = {
  flow: (name: string) =>
    `version: 1\nname: ${name}\nband: standard\nvenue: local\nscore: standard\ntask: |\n  What the team is to do.\n`,
  band: (name: string) =>
    `version: 1\nname: ${name}\nroles:\n  coder:\n    description: Writes the files.\n    prompt: |\n      You are the coder. The task: {{task}}\n    tools: [read_file, list_dir, write_file]\n`,
  venue: (name: string) =>
    `version: 1\nname: ${name}\nprovider: ollama\nendpoint: ${defaultEndpoint}\nmodel: ${exampleModel}\n`,
  score: (name: string) =>
    `version: 1\nname: ${name}\nsteps:\n  - id: build\n    role: coder\n    instruction: |\n      Do what the task says.\n`,
} as const;

const roleBlock = (role: string): string[] => [
  "description: What it does.",
  "prompt: |",
  `  You are the ${role}. The task: {{task}}`,
  "tools: [read_file]",
];

/** Finds fixes for one diagnostic. */
class Fixer {
  readonly fixes: Fix[] = [];
  readonly #project: Project;
  readonly #source: SourceDocument;
  readonly #diagnostic: Diagnostic;

  constructor(project: Project, source: SourceDocument, diagnostic: Diagnostic) {
    this.#project = project;
    this.#source = source;
    this.#diagnostic = diagnostic;
  }

  add(draft: Draft): void {
    this.fixes.push({ edits: [], preferred: false, ...draft, diagnostic: this.#diagnostic });
  }

  #edit(title: string, edit: FileEdit | undefined): void {
    if (edit !== undefined) this.add({ title, edits: [edit] });
  }

  find(): Fix[] {
    const { suggestion, code } = this.#diagnostic;
    if (suggestion !== undefined) {
      const { span, title, replacement } = suggestion;
      const edits = [{ file: this.#source.path, span, text: replacement }];
      this.add({ title, edits, preferred: true });
    }
    switch (code) {
      case "orket/unknown-role":
        this.#createRole();
        break;
      case "orket/reference-not-found":
        this.#createFile();
        break;
      case "orket/until-unknown-step":
      case "orket/placeholder-unresolved":
        this.#createStep();
        break;
      case "orket/verdict-tool-missing":
        this.#giveTool("set_verdict");
        break;
      case "orket/result-tool-missing":
        this.#giveTool("set_result");
        break;
      case "orket/produces-tool-missing":
        this.#giveTool("write_file");
        break;
      case "orket/command-image":
        this.#isolateByContainer();
        break;
      case "orket/literal-api-key":
        this.#moveKey();
        break;
      default:
        break;
    }
    return this.fixes;
  }

  #word(): string | undefined {
    const located = locate(this.#source, this.#diagnostic.span.start);
    const value = located === undefined ? undefined : valueAt(this.#source.value, located.path);
    return typeof value === "string" ? value : undefined;
  }

  #createRole(): void {
    const role = this.#word();
    if (role === undefined) return;
    for (const band of partsFor(this.#project, this.#source, "band")) {
      const inline = `{ description: What it does., prompt: "You are the ${role}. The task: {{task}}", tools: [read_file] }`;
      const json = JSON.stringify({
        prompt: `You are the ${role}. The task: {{task}}`,
        tools: ["read_file"],
      });
      const entry = { key: role, block: roleBlock(role), inline: band.format === "json" ? json : inline };
      this.#edit(`Create the role '${role}' in ${band.path}`, addEntry(band, ["roles"], entry));
    }
  }

  #createFile(): void {
    const source = this.#source;
    const located = locate(source, this.#diagnostic.span.start);
    const name = this.#word();
    if (located === undefined || name === undefined || source.kind === undefined) return;
    const meaning = fieldAt(source.kind, located.path, "value")?.meaning;
    const kind = meaning?.is === "reference" ? meaning.entity : undefined;
    if (kind !== "band" && kind !== "venue" && kind !== "score" && kind !== "flow") return;
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name) || /\.(ya?ml|json)$/i.test(name)) return;
    const folder = folderOf(source.path);
    const path = `${folder === "" ? "" : `${folder}/`}${name}.${kind}.yaml`;
    if (this.#project.sources.has(path)) return;
    this.add({
      title: `Create the ${fileKinds[kind].label} '${name}' (${path})`,
      create: { path, text: skeletons[kind](name) },
    });
  }

  #createStep(): void {
    const { code, span } = this.#diagnostic;
    const written = this.#source.text.slice(span.start, span.end);
    const id =
      code === "orket/until-unknown-step"
        ? this.#word()
        : /\{\{\s*steps\.([A-Za-z][A-Za-z0-9_-]*)\.summary\s*\}\}/.exec(written)?.[1];
    if (id === undefined) return;
    for (const score of partsFor(this.#project, this.#source, "score")) {
      const view = scoreViewOf(score);
      if (view.byId.has(id)) continue;
      const located = locate(score, span.start)?.path ?? [];
      const inLoop =
        code === "orket/until-unknown-step" ? located.slice(0, located.lastIndexOf("until")) : [];
      const role = view.steps[0]?.role ?? "coder";
      const until = textAt(score, [...inLoop, "until", "verdict"]);
      const verdict =
        inLoop.length > 0 && until !== undefined
          ? [until, until === "approve" ? "request_changes" : "again"]
          : undefined;
      const block = [
        `id: ${id}`,
        `role: ${role}`,
        ...(verdict === undefined ? [] : [`verdict: [${verdict.join(", ")}]`]),
      ];
      const about = { id, role, ...defined({ verdict }) };
      const inline = score.format === "json" ? JSON.stringify(about) : `{ ${block.join(", ")} }`;
      this.#edit(
        `Create the step '${id}' in ${score.path}`,
        addEntry(score, [...inLoop, "steps"], { block, inline }),
      );
    }
  }

  #giveTool(tool: string): void {
    const { start } = this.#diagnostic.span;
    const { tree } = this.#source;
    const role = scoreViewOf(this.#source).steps.find(({ path }) => {
      const node = tree === undefined ? undefined : nodesAt(tree, path)?.value;
      return node !== undefined && nodeSpan(node).start <= start && start <= nodeSpan(node).end;
    })?.role;
    if (role === undefined) return;
    for (const band of partsFor(this.#project, this.#source, "band")) {
      if (textsAt(band, ["roles", role, "tools"]).some(({ text }) => text === tool)) continue;
      const list = valueAt(band.value, ["roles", role, "tools"]);
      const inline = band.format === "json" ? JSON.stringify(tool) : tool;
      const edit =
        list === undefined
          ? addEntry(band, ["roles", role], { key: "tools", block: [`[${tool}]`], inline: `[${inline}]` })
          : addEntry(band, ["roles", role, "tools"], { block: [tool], inline });
      this.#edit(`Give the role '${role}' the tool ${tool}`, edit);
    }
  }

  /** An image without a container gets one. */
  #isolateByContainer(): void {
    const source = this.#source;
    const path = locate(source, this.#diagnostic.span.start)?.path ?? [];
    if (path.at(-1) !== "image") return;
    const command = path.slice(0, -1);
    const text = source.format === "json" ? '"container"' : "container";
    const span = valueSpan(source, [...command, "isolation"]);
    const edit =
      span === undefined
        ? addEntry(source, command, { key: "isolation", block: [text], inline: text })
        : { file: source.path, span, text };
    this.#edit("Run it in a container (isolation: container)", edit);
  }

  #moveKey(): void {
    const source = this.#source;
    const located = locate(source, this.#diagnostic.span.start);
    const path = located?.path ?? [];
    const key = valueAt(source.value, path);
    const span = valueSpan(source, path);
    if (path.at(-1) !== "api_key" || typeof key !== "string" || span === undefined) return;
    const around = path.slice(0, -1);
    const stem = textAt(source, [...around, "name"]) ?? textAt(source, ["provider"]) ?? "key";
    const name = stem.replace(/[^A-Za-z0-9_.-]/g, "-");
    const reference = `secret:${name}`;
    const text = source.format === "json" ? JSON.stringify(reference) : reference;
    this.add({
      title: `Store the key as the secret '${name}' and name it here`,
      edits: [{ file: source.path, span, text }],
      setSecret: { name, value: key },
      preferred: true,
    });
  }
}

/** Fixes for the given diagnostics of one file. */
export function codeActions(
  project: Project,
  source: SourceDocument,
  diagnostics: readonly Diagnostic[],
  uriOf: UriOf,
): DefinitionAction[] {
  const seen = new Set<string>();
  return diagnostics
    .filter(({ file }) => file === source.path)
    .flatMap((diagnostic) => new Fixer(project, source, diagnostic).find())
    .filter(({ title, edits, create }) => {
      const id = JSON.stringify([title, edits, create]);
      return !seen.has(id) && seen.add(id);
    })
    .map((fix) => actionOf(project, fix, uriOf));
}

function actionOf(project: Project, fix: Fix, uriOf: UriOf): DefinitionAction {
  const { title, diagnostic, edits, create, setSecret, preferred } = fix;
  const shown = {
    title,
    kind: actionKinds.QuickFix,
    diagnostics: [lspDiagnostic(diagnostic, uriOf)],
    isPreferred: preferred,
  };
  const edit = workspaceEditOf(project, edits, uriOf);
  if (setSecret !== undefined) return { ...shown, data: { moveKey: { ...setSecret, edit } } };
  if (create !== undefined) return { ...shown, edit: creationOf(create, uriOf), data: { create } };
  return { ...shown, edit, data: {} };
}

function creationOf({ path, text }: NewFile, uriOf: UriOf): WorkspaceEdit {
  const uri = uriOf(path);
  const start = { line: 0, character: 0 };
  const content: TextDocumentEdit = {
    textDocument: { uri, version: null },
    edits: [{ range: { start, end: start }, newText: text }],
  };
  return { documentChanges: [{ kind: "create", uri }, content] };
}
