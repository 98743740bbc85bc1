import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import {
  codeActions,
  codeLenses,
  complete,
  createProject,
  definition,
  diagnose,
  diagnoseProject,
  documentLinks,
  documentSymbols,
  fileKindOf,
  foldingRanges,
  format,
  hover,
  parseSource,
  prepareRename,
  references,
  semanticTokens,
  updateProject,
} from "../../../src/language";
import type { Project, ProjectFile } from "../../../src/language";

const root = path.join(process.cwd(), "examples");
const examples: ProjectFile[] = fs
  .readdirSync(root, { recursive: true, encoding: "utf8" })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => fileKindOf(file) !== undefined && file.startsWith("shapes/"))
  .sort()
  .map((file) => ({ path: file, text: fs.readFileSync(path.join(root, file), "utf8") }));
const whole = createProject(examples);

/** A seeded generator (mulberry32), so that a failure can be had again. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296) * below);
  };
}

const uriOf = (file: string): string => `file:///${file}`;

/** Asks for everything; nothing of it may throw. */
function askAll(project: Project, file: string, offset: number, thorough: boolean): void {
  const source = project.sources.get(file);
  assert.ok(source);
  const request = { project, source, offset };
  diagnose(source);
  complete(request);
  hover(request);
  documentSymbols(source);
  if (!thorough) return;
  const diagnostics = diagnoseProject(project, { hints: true });
  codeActions(project, source, diagnostics, uriOf);
  codeLenses(source);
  definition(request, uriOf);
  documentLinks(project, source, uriOf);
  foldingRanges(source);
  format(source);
  prepareRename(request);
  references(request, uriOf);
  semanticTokens(source);
}

function labels(project: Project, file: string, text: string, offset: number): string[] {
  const source = parseSource(file, text);
  return complete({ project: updateProject(project, source), source, offset }).map(({ label }) => label);
}

/** A long file costs more for each damage, and its later parts are of the kinds of its first: fewer are tried. */
function shareOf(text: string): number {
  if (process.env.ORKET_ROBUST === "all") return 1;
  return Math.min(1, (2000 / text.length) ** 2);
}

describe("editing help in damaged files", function () {
  this.timeout(120_000);

  for (const { path: file, text } of examples) {
    it(`survives every prefix of ${file}`, () => {
      const full = String(text);
      const stride = Math.round(1 / shareOf(full));
      for (let end = 0; end <= full.length; end += stride) {
        const project = updateProject(whole, { path: file, text: full.slice(0, end) });
        askAll(project, file, end, end % (16 * stride) === 0);
      }
    });
  }

  for (const [number, { path: file, text }] of examples.entries()) {
    it(`survives random edits of one character in ${file}`, () => {
      const full = String(text);
      const rounds = Math.round(2000 * shareOf(full));
      const next = generator(number + 1);
      const characters = " \n\t:-{}[]\"'#&*!|>,@`%\\ax1é\u0000\r";
      for (let round = 0; round < rounds; round++) {
        const at = next(full.length);
        const way = next(3);
        const character = characters[next(characters.length)] ?? "";
        const damaged =
          full.slice(0, at) + (way === 0 ? "" : character) + full.slice(way === 1 ? at : at + 1);
        askAll(updateProject(whole, { path: file, text: damaged }), file, at, round % 8 === 0);
      }
    });
  }

  const places = [
    ["shapes/flows/shapes.flow.yaml", "approval: ", "before_step"],
    ["shapes/flows/standard.score.yaml", "  - id: plan\n    role: ", "architect"],
    ["shapes/flows/standard.band.yaml", "tools: [read_file, ", "set_verdict"],
    ["shapes/flows/ollama.venue.yaml", "provider: ", "vscode-lm"],
  ] as const;
  const damages: readonly (readonly [string, (text: string, at: number) => [string, number]])[] = [
    ["a quote that is not closed above", (text, at) => [text.replace("version: 1", 'version: "1'), at + 1]],
    ["a bracket that is not closed above", (text, at) => [text.replace("version: 1", "version: [1"), at + 1]],
    ["a half key above", (text, at) => [text.replace("version: 1", "version: 1\nvers"), at + 5]],
    ["a tab below", (text, at) => [`${text}\n\tx: [`, at]],
    ["a brace that is not closed below", (text, at) => [`${text}\nx: { y: "`, at]],
    ["everything below gone", (text, at) => [text.slice(0, at), at]],
  ];
  for (const [what, damage] of damages) {
    for (const [file, before, expected] of places) {
      it(`completes in ${path.basename(file)} despite ${what}`, () => {
        const full = String(examples.find((example) => example.path === file)?.text);
        const [text, at] = damage(full, full.indexOf(before) + before.length);
        assert.ok(labels(whole, file, text, at).includes(expected));
      });
    }
  }
});
