import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { resolveFlow, applyEdits, codeActions, codeLenses, complete, createProject, definition, diagnoseProject, documentLinks, documentSymbols, fileKindOf, foldingRanges, format, formatDiagnostic, highlights, hover, listPrompts, parseSource, prepareRename, previewPrompt, references, rename, savePrompt, semanticTokens, workspaceSymbols } from "../../../src/language";
import type { DocumentSymbol, HelpRequest, Place, Project, SourceDocument, Span, TextEdit } from "../../../src/language";
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
  );
  const source = project.sources.get(file) ?? parseSource(file, "");
  const context = {
    files: ["docs/", "docs/style/", "src/"],
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

function shown({ text, lines }: SourceDocument, { start, end }: Span): string {
  const place = lines.positionAt(start);
  return `${place.line + 1}:${place.column + 1} ${JSON.stringify(text.slice(start, end))}`;
}

function showPlaces(project: Project, places: readonly Place[]): string {
  const lines = places.map(({ file, span }) => {
    const source = project.sources.get(file);
    return `${file} ${source === undefined ? "?" : shown(source, span)}`;
  });
  return lines.join("\n") || "nothing";
}

/** Changed files, with the lines that changed. */
function showEdits(project: Project, edits: readonly TextEdit[]): string {
  const files = [...new Set(edits.map(({ file }) => file))].sort();
  if (files.length === 0) return "no change";
  return files
    .map((file) => {
      const before = project.sources.get(file)?.text ?? "";
      const after = applyEdits(before, edits.filter((edit) => edit.file === file));
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
  return symbols.flatMap(({ name, kind, detail, span, whole, children }) => {
    const from = source.lines.positionAt(whole.start).line + 1;
    const to = source.lines.positionAt(whole.end).line + 1;
    const inside = span.start >= whole.start && span.end <= whole.end ? "" : " OUTSIDE";
    return [
      `${indent}${kind} ${name}${detail === "" ? "" : ` (${detail})`} ${from}-${to}${inside}`,
      ...showSymbols(source, children, `${indent}  `),
    ];
  });
}

const features: Readonly<Record<string, (one: Case) => string>> = {
  completion: ({ request, source }) =>
    complete(request)
      .sort((a, b) => (a.sort < b.sort ? -1 : a.sort > b.sort ? 1 : 0))
      .map(({ label, kind, detail, insert, snippet, span }) => {
        const replaced = source.text.slice(span.start, span.end);
        const over = replaced === "" ? "" : ` over ${JSON.stringify(replaced)}`;
        const written = insert === label && !snippet ? "" : ` → ${JSON.stringify(insert)}`;
        return `${kind} ${label}${detail === undefined ? "" : ` (${detail})`}${written}${over}`;
      })
      .join("\n") || "nothing",
  hover: ({ request, source }) => {
    const found = hover(request);
    return found === undefined ? "nothing" : `${shown(source, found.span)}\n${found.text}`;
  },
  definition: ({ request, project }) => showPlaces(project, definition(request)),
  references: ({ request, project }) => showPlaces(project, references(request)),
  highlights: ({ request, source }) =>
    highlights(request)
      .map(({ span, kind }) => `${kind} ${shown(source, span)}`)
      .join("\n") || "nothing",
  rename: ({ request, project, options, source }) => {
    const prepared = prepareRename(request);
    if ("rejected" in prepared) return `cannot: ${prepared.rejected}`;
    const result = rename(request, options.get("to") ?? "renamed");
    const head = `${shown(source, prepared.span)} '${prepared.name}'`;
    if ("rejected" in result) return `${head}\nrejected: ${result.rejected}`;
    const after = [...project.sources.values()].map((file) => ({
      path: file.path,
      text: applyEdits(file.text, result.edits.filter((edit) => edit.file === file.path)),
    }));
    const errors = (files: Project): string[] => diagnoseProject(files).map(({ code, file }) => `${file} ${code}`).sort();
    const same = JSON.stringify(errors(project)) === JSON.stringify(errors(createProject(after)));
    return `${head}\n${showEdits(project, result.edits)}\n${same ? "as sound as before" : "WORSE THAN BEFORE"}`;
  },
  symbols: ({ source, project, options }) =>
    options.get("query") === undefined
      ? showSymbols(source, documentSymbols(source)).join("\n") || "nothing"
      : workspaceSymbols(project, options.get("query") ?? "")
          .map(({ name, kind, container }) => `${kind} ${name} in ${container}`)
          .join("\n") || "nothing",
  folding: ({ source }) =>
    foldingRanges(source)
      .map(({ startLine, endLine, kind }) => `${startLine + 1}-${endLine + 1}${kind === undefined ? "" : ` ${kind}`}`)
      .join("\n") || "nothing",
  links: ({ source, project }) =>
    documentLinks(project, source)
      .map(({ span, target, kind }) => `${shown(source, span)} → ${kind} ${target}`)
      .join("\n") || "nothing",
  tokens: ({ source }) =>
    semanticTokens(source)
      .map(({ span, type }) => `${type} ${shown(source, span)}`)
      .join("\n") || "nothing",
  actions: ({ source, project }) =>
    codeActions(project, source, diagnoseProject(project, { hints: true }))
      .map(({ title, edits, create, setSecret, preferred, diagnostic }) =>
        [
          `${preferred ? "* " : ""}${title} [${diagnostic.code}]`,
          ...(create === undefined ? [] : [`new ${create.path}:\n${create.text.trimEnd()}`]),
          ...(setSecret === undefined ? [] : [`set secret ${setSecret.name}`]),
          ...(edits.length === 0 ? [] : [showEdits(project, edits)]),
        ].join("\n"),
      )
      .join("\n\n") || "nothing",
  lenses: ({ source }) =>
    codeLenses(source, new Map([["plan", { text: "done, 812 tokens", session: "s-1" }]]))
      .map(({ span, title, action }) => `${shown(source, span)} ${title} ${JSON.stringify(action)}`)
      .join("\n") || "nothing",
  format: ({ source, project }) => {
    const edits = format(source);
    const made = parseSource(source.path, applyEdits(source.text, edits));
    assert.deepEqual(made.value, source.value);
    assert.deepEqual(format(made), []);
    return edits.length === 0 ? "no change" : `${showEdits(project, edits)}\n---\n${made.text.replaceAll("\r", "␍")}`.trimEnd();
  },
  prompt: ({ source, project, options }) => {
    const wanted = options.get("prompt") ?? "coder";
    const found = listPrompts(source).find(({ name }) => name === wanted);
    if (found === undefined) return "no such prompt";
    const base = options.get("base") ?? JSON.stringify(valueAt(source.value, found.path));
    const result = savePrompt(source, found.path, JSON.parse(base) as string, JSON.parse(options.get("new") ?? '""') as string);
    return result.kind === "edited" ? showEdits(project, result.edits) : `${result.kind}${"message" in result ? `: ${result.message}` : ""}`;
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
