import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { resolveFlow, applyEdits, codeActions, codeLenses, complete, createProject, definition, diagnoseProject, documentLinks, documentSymbols, fileKindOf, foldingRanges, format, formatDiagnostic, highlights, hover, listPrompts, parseSource, prepareRename, previewPrompt, references, rename, savePrompt, semanticTokens, workspaceSymbols } from "../../../src/language";
import { SymbolKind } from "vscode-languageserver-types";
import type { DocumentSymbol, Location, Range, WorkspaceEdit } from "vscode-languageserver-types";
import { semanticTokenTypes } from "../../../src/language";
import type { DefinitionCompletion, HelpRequest, Project, SourceDocument } from "../../../src/language";
import { materialsOf } from "../../fakes/materials";
import { planFlow } from "../../../src/engine/model/plan-flow";

/*
 * A case is one file, FEATURE/NAME.txt: `option: value` lines; `---- PATH` and the file's text, where ‸ marks the cursor
 * (more files may follow); `====` and what is expected. The files of `team/` stand beside them, unless the case has a file
 * of that name, or says `alone: yes`, or `beside: grown` for those of `grown/`; `file` and `at` name a place in them instead. `eol: crlf` and `end: none` are for
 * line ends. ORKET_UPDATE_GOLDEN=1 writes what is expected; the
 * diff is what to read.
 */
const here = path.join(process.cwd(), "test", "golden", "language", "help");
const update = process.env.ORKET_UPDATE_GOLDEN === "1";
const mark = "‸";

interface Case {
  readonly options: ReadonlyMap<string, string>;
  readonly request: HelpRequest;
  readonly project: Project;
  readonly source: SourceDocument;
}

const folders = ["team", "grown"];

function filesOf(name: string): Map<string, string> {
  const folder = path.join(here, name);
  return new Map(
    fs.readdirSync(folder).map((file) => [file, fs.readFileSync(path.join(folder, file), "utf8")]),
  );
}

function read(text: string): { readonly input: string; readonly expected: string; readonly made: Case } {
  const at = text.indexOf("\n====\n");
  const input = at < 0 ? text.trimEnd() : text.slice(0, at);
  const [head = "", ...sections] = `\n${input}`.split(/\n---- /);
  const options = new Map(
    head
      .split("\n")
      .filter((line) => line.includes(":"))
      .map((line) => [line.slice(0, line.indexOf(":")).trim(), line.slice(line.indexOf(":") + 1).trim()]),
  );
  const files = options.get("alone") === undefined ? filesOf(options.get("beside") ?? "team") : new Map<string, string>();
  let file = options.get("file") ?? "";
  let offset = 0;
  for (const section of sections) {
    const lineEnd = `${section}\n`.indexOf("\n");
    const name = section.slice(0, lineEnd).trim();
    const written = `${section.slice(lineEnd + 1)}${options.get("end") === "none" ? "" : "\n"}`;
    const body = options.get("eol") === "crlf" ? written.replaceAll("\n", "\r\n") : written;
    const cursor = body.indexOf(mark);
    if (file === "" || cursor >= 0) file = name;
    if (cursor >= 0) offset = cursor;
    files.set(name, body.replace(mark, ""));
  }
  const at2 = options.get("at");
  const base = files.get(file) ?? "";
  if (at2 !== undefined) offset = base.indexOf(at2.replace(mark, "")) + Math.max(0, at2.indexOf(mark));
  const project = createProject(
    [...files].filter(([name]) => fileKindOf(name) !== undefined).map(([name, body]) => ({ path: name, text: body })),
    materialsOf([...files].filter(([name]) => fileKindOf(name) === undefined)),
  );
  const source = project.sources.get(file) ?? parseSource(file, "");
  const context = {
    files: ["AGENTS.md", "docs/", "docs/AGENTS.md", "docs/rules.md", "docs/style/", "skills/pdf/SKILL.md", "src/"],
    editorTools: ["fetch_page"],
    models: ["llama3.1:8b", "qwen3-coder:latest"],
    secrets: ["openai"],
  };
  return {
    input,
    expected: at < 0 ? "" : text.slice(at + "\n====\n".length),
    made: { options, project, source, request: { project, source, offset, context } },
  };
}

/** A file's URI here is its path. */
const uriOf = (file: string): string => file;

function textIn({ text, lines }: SourceDocument, { start, end }: Range): string {
  return text.slice(lines.offsetAt(start), lines.offsetAt(end));
}

function shown(source: SourceDocument, range: Range): string {
  const { line, character } = range.start;
  return `${line + 1}:${character + 1} ${JSON.stringify(textIn(source, range))}`;
}

function showPlaces(project: Project, places: readonly Location[]): string {
  const lines = places.map(({ uri, range }) => {
    const source = project.sources.get(uri);
    return `${uri} ${source === undefined ? `${range.start.line + 1}:${range.start.character + 1}` : shown(source, range)}`;
  });
  return lines.join("\n") || "nothing";
}

/** What a completion writes, and the text that it replaces. */
function insertion(source: SourceDocument, { label, insertText, textEdit }: DefinitionCompletion): { insert: string; over: string } {
  if (textEdit === undefined) return { insert: insertText ?? label, over: "" };
  return { insert: textEdit.newText, over: textIn(source, "range" in textEdit ? textEdit.range : textEdit.replace) };
}

const symbolNames = new Map(Object.entries(SymbolKind).map(([name, kind]) => [kind, name] as const));

function nameOf(kind: SymbolKind): string {
  return symbolNames.get(kind) ?? String(kind);
}

/** The protocol counts each token from the one before it. */
function tokensOf(source: SourceDocument, data: readonly number[]): string[] {
  let line = 0;
  let character = 0;
  return Array.from({ length: data.length / 5 }, (_, index) => {
    const [down = 0, right = 0, length = 0, type = -1] = data.slice(index * 5, index * 5 + 5);
    character = down === 0 ? character + right : right;
    line += down;
    const range = { start: { line, character }, end: { line, character: character + length } };
    return `${semanticTokenTypes[type] ?? "?"} ${shown(source, range)}`;
  });
}

/** Changed files, with the lines that changed. */
function showEdits(project: Project, { changes = {} }: WorkspaceEdit): string {
  const files = Object.entries(changes).filter(([, edits]) => edits.length > 0);
  if (files.length === 0) return "no change";
  return files
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, edits]) => {
      const before = project.sources.get(file)?.text ?? "";
      const after = applyEdits(before, edits);
      const was = before.split("\n");
      const now = after.split("\n");
      let start = 0;
      while (start < was.length && start < now.length && was[start] === now[start]) start++;
      let end = 0;
      while (end < Math.min(was.length, now.length) - start && was.at(-1 - end) === now.at(-1 - end)) end++;
      const changed = (lines: string[], sign: string) =>
        lines.slice(start, lines.length - end).map((line) => `${sign}${line.replace(/\r$/, "␍")}`);
      return [`${file}:${start + 1}`, ...changed(was, "-"), ...changed(now, "+")].join("\n");
    })
    .join("\n");
}

function showSymbols(source: SourceDocument, symbols: readonly DocumentSymbol[], indent = ""): string[] {
  const offset = source.lines.offsetAt.bind(source.lines);
  return symbols.flatMap(({ name, kind, detail = "", range, selectionRange, children = [] }) => {
    const isInside =
      offset(selectionRange.start) >= offset(range.start) && offset(selectionRange.end) <= offset(range.end);
    return [
      `${indent}${nameOf(kind)} ${name}${detail === "" ? "" : ` (${detail})`} ${range.start.line + 1}-${range.end.line + 1}${isInside ? "" : " OUTSIDE"}`,
      ...showSymbols(source, children, `${indent}  `),
    ];
  });
}

const features: Readonly<Record<string, (one: Case) => string>> = {
  completion: ({ request, source }) =>
    complete(request)
      .map((item) => ({ item, order: item.sortText ?? item.label }))
      .sort((a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0))
      .map(({ item }) => {
        const { label, detail, insertTextFormat, data } = item;
        const { insert, over } = insertion(source, item);
        const into = insert === label && insertTextFormat !== 2 ? "" : ` → ${JSON.stringify(insert)}`;
        const replaced = over === "" ? "" : ` over ${JSON.stringify(over)}`;
        return `${data.kind} ${label}${detail === undefined ? "" : ` (${detail})`}${into}${replaced}`;
      })
      .join("\n") || "nothing",
  hover: ({ request, source }) => {
    const found = hover(request);
    if (found?.range === undefined) return "nothing";
    return `${shown(source, found.range)}\n${(found.contents as { value: string }).value}`;
  },
  definition: ({ request, project }) => showPlaces(
      project,
      definition(request, uriOf).map(({ targetUri, targetSelectionRange }) => ({ uri: targetUri, range: targetSelectionRange })),
    ),
  references: ({ request, project }) => showPlaces(project, references(request, uriOf)),
  highlights: ({ request, source }) =>
    highlights(request)
      .map(({ range, kind }) => `${kind === 3 ? "write" : "read"} ${shown(source, range)}`)
      .join("\n") || "nothing",
  rename: ({ request, project, options, source }) => {
    const prepared = prepareRename(request);
    if ("rejected" in prepared) return `cannot: ${prepared.rejected}`;
    const result = rename(request, options.get("to") ?? "renamed", uriOf);
    const head = `${shown(source, prepared.range)} '${prepared.placeholder}'`;
    if ("rejected" in result) return `${head}\nrejected: ${result.rejected}`;
    const after = [...project.sources.values()].map((file) => ({
      path: file.path,
      text: applyEdits(file.text, result.changes[file.path] ?? []),
    }));
    const errors = (files: Project): string[] => diagnoseProject(files).map(({ code, file }) => `${file} ${code}`).sort();
    const same = JSON.stringify(errors(project)) === JSON.stringify(errors(createProject(after)));
    return `${head}\n${showEdits(project, result)}\n${same ? "as sound as before" : "WORSE THAN BEFORE"}`;
  },
  symbols: ({ source, project, options }) =>
    options.get("query") === undefined
      ? showSymbols(source, documentSymbols(source)).join("\n") || "nothing"
      : workspaceSymbols(project, options.get("query") ?? "", uriOf)
          .map(({ name, kind, containerName }) => `${nameOf(kind)} ${name} in ${containerName ?? ""}`)
          .join("\n") || "nothing",
  folding: ({ source }) =>
    foldingRanges(source)
      .map(({ startLine, endLine, kind }) => `${startLine + 1}-${endLine + 1}${kind === undefined ? "" : ` ${kind}`}`)
      .join("\n") || "nothing",
  links: ({ source, project }) =>
    documentLinks(project, source, uriOf)
      .map(({ range, target, data }) => `${shown(source, range)} → ${data.kind} ${target}`)
      .join("\n") || "nothing",
  tokens: ({ source }) =>
    tokensOf(source, semanticTokens(source).data).join("\n") || "nothing",
  actions: ({ source, project }) =>
    codeActions(project, source, diagnoseProject(project, { hints: true }), uriOf)
      .map(({ title, edit, isPreferred, diagnostics = [], data: { create, moveKey } }) => {
        const changes = showEdits(project, moveKey?.edit ?? edit ?? {});
        return [
          `${isPreferred === true ? "* " : ""}${title} [${diagnostics.map(({ code }) => code).join()}]`,
          ...(create === undefined ? [] : [`new ${create.path}:\n${create.text.trimEnd()}`]),
          ...(moveKey === undefined ? [] : [`set secret ${moveKey.name}`]),
          ...(changes === "no change" ? [] : [changes]),
        ].join("\n");
      })
      .join("\n\n") || "nothing",
  lenses: ({ source }) =>
    codeLenses(source, new Map([["plan", { text: "done, 812 tokens", session: "s-1" }]]))
      .map(({ range, data: { title, action } }) => `${shown(source, range)} ${title} ${JSON.stringify(action)}`)
      .join("\n") || "nothing",
  format: ({ source, project }) => {
    const edits = format(source);
    const made = parseSource(source.path, applyEdits(source.text, edits));
    assert.deepEqual(made.value, source.value);
    assert.deepEqual(format(made), []);
    return edits.length === 0 ? "no change" : `${showEdits(project, { changes: { [source.path]: edits } })}\n---\n${made.text.replaceAll("\r", "␍")}`.trimEnd();
  },
  prompt: ({ source, project, options }) => {
    const wanted = options.get("prompt") ?? "coder";
    const found = listPrompts(source).find(({ name }) => name === wanted);
    if (found === undefined) return "no such prompt";
    const base = options.get("base") ?? JSON.stringify(valueAt(source.value, found.path));
    const result = savePrompt(source, found.path, JSON.parse(base) as string, JSON.parse(options.get("new") ?? '""') as string);
    return result.kind === "edited" ? showEdits(project, { changes: { [source.path]: [...result.edits] } }) : `${result.kind}${"message" in result ? `: ${result.message}` : ""}`;
  },
  preview: ({ project, options }) => {
    const preview = previewPrompt(project, options.get("flow") ?? "main.flow.yaml", options.get("step") ?? "plan");
    if ("problems" in preview) return preview.problems.join("\n");
    return `# system\n${preview.prompt.system}\n# user\n${preview.prompt.user}\n# open\n${preview.prompt.open.join("\n")}`;
  },
  plan: ({ project, options }) => {
    const { definition: resolved } = resolveFlow(project, options.get("flow") ?? "main.flow.yaml", { forRun: false });
    return resolved === undefined ? "refused" : JSON.stringify(planFlow(resolved, { prompts: options.get("prompts") === "yes" }), null, 1);
  },
  hints: ({ project }) =>
    diagnoseProject(project, { hints: true }).map(formatDiagnostic).join("\n") || "nothing",
};

function valueAt(value: unknown, at: readonly (string | number)[]): unknown {
  return at.reduce<unknown>((inner, part) => (inner as Record<string, unknown> | undefined)?.[part], value);
}

for (const feature of fs.readdirSync(here).sort()) {
  if (folders.includes(feature)) continue;
  const show = features[feature];
  describe(`editing help: ${feature}`, () => {
    it("is a feature that this runner knows", () => assert.ok(show, feature));
    for (const file of fs.readdirSync(path.join(here, feature)).sort()) {
      it(`is the expected one for ${file.replace(/\.txt$/, "").replaceAll("-", " ")}`, () => {
        const full = path.join(here, feature, file);
        const { input, expected, made } = read(fs.readFileSync(full, "utf8"));
        const actual = `${show?.(made) ?? ""}\n`;
        if (update) fs.writeFileSync(full, `${input}\n====\n${actual}`);
        else assert.equal(actual, expected);
      });
    }
  });
}
