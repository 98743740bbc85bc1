import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { readMaterials } from "../../../src/app/project/materials";
import { definitionSchema } from "../../../src/engine/model/definition-schema";
import { createProject, diagnose, fileKindOf, formatDiagnostic, parseSource, resolveFlow, wantedMaterials, withMaterials } from "../../../src/language";
import type { Diagnostic, ResolveOptions } from "../../../src/language";

/*
 * Adding a case is adding a file (diagnostics/NAME.KIND.yaml) or a folder of definition files (flows/NAME/, with
 * options.json where a run gives something). What is found is compared with the file NAME….expected or expected.txt;
 * ORKET_UPDATE_GOLDEN=1 writes it, and the diff is what to read.
 */
const here = path.join(process.cwd(), "test", "golden", "language");
const update = process.env.ORKET_UPDATE_GOLDEN === "1";

/** A diagnostic with the line that it is in and its range marked. */
function render(diagnostic: Diagnostic, text: string): string {
  const { range, suggestion, origin, related } = diagnostic;
  const line = text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/)[range.start.line] ?? "";
  const end = range.end.line === range.start.line ? range.end.character : line.length;
  const mark = " ".repeat(range.start.character) + "^".repeat(Math.max(1, end - range.start.character));
  const lines = [formatDiagnostic(diagnostic), `  | ${line.slice(0, 120)}`, `  | ${mark.slice(0, 120)}`];
  if (origin !== undefined) lines.push(`  from the ${origin}`);
  if (suggestion !== undefined) {
    const { start } = suggestion.range;
    lines.push(`  fix: ${suggestion.title} (${start.line + 1}:${start.character + 1} ${JSON.stringify(suggestion.replacement)})`);
  }
  for (const place of related ?? []) lines.push(`  see ${place.file}:${place.range.start.line + 1}: ${place.message}`);
  return lines.join("\n");
}

function compare(actual: string, expectedFile: string): void {
  if (update) fs.writeFileSync(expectedFile, actual);
  assert.ok(fs.existsSync(expectedFile), `${expectedFile} is missing; ORKET_UPDATE_GOLDEN=1 writes it`);
  assert.equal(actual, fs.readFileSync(expectedFile, "utf8"));
}

function filesIn(folder: string): string[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => fileKindOf(file) !== undefined)
    .sort();
}

describe("diagnostics of a single file", () => {
  const folder = path.join(here, "diagnostics");
  for (const file of filesIn(folder)) {
    it(`are the expected ones for ${file}`, () => {
      const bytes = fs.readFileSync(path.join(folder, file));
      const found = diagnose(parseSource(file, bytes)).map((diagnostic) => render(diagnostic, bytes.toString()));
      compare(`${found.join("\n\n") || "nothing"}\n`, path.join(folder, `${file}.expected`));
    });
  }
});

describe("diagnostics of a Flow with its files", () => {
  const folder = path.join(here, "flows");
  for (const name of fs.readdirSync(folder).sort()) {
    it(`are the expected ones for ${name}`, async () => {
      const root = path.join(folder, name);
      const files = filesIn(root).map((file) => ({ path: file, text: fs.readFileSync(path.join(root, file), "utf8") }));
      const optionsFile = path.join(root, "options.json");
      const options = fs.existsSync(optionsFile)
        ? (JSON.parse(fs.readFileSync(optionsFile, "utf8")) as ResolveOptions)
        : {};
      const plain = createProject(files);
      const project = withMaterials(plain, await readMaterials(root, wantedMaterials(plain)));
      const parts = files.flatMap(({ path: file }) => {
        if (fileKindOf(file)?.kind !== "flow") return [];
        const { definition, diagnostics } = resolveFlow(project, file, options);
        if (definition !== undefined) assert.deepEqual(definitionSchema.parse(definition), definition);
        const rendered = diagnostics.map((found) => {
          const text = files.find((candidate) => candidate.path === found.file)?.text ?? "";
          return render(found, text);
        });
        return [`# ${file}: ${definition === undefined ? "refused" : "resolved"}`, ...rendered];
      });
      compare(`${parts.join("\n\n")}\n`, path.join(root, "expected.txt"));
    });
  }
});
