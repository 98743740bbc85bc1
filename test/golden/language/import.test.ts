import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { importFiles, mayImport } from "../../../src/language/import";

/*
 * Adding a case is adding a folder (import/NAME/) with the files to import. What is made of them, and what is said of
 * it, is compared with import/NAME.expected; ORKET_UPDATE_GOLDEN=1 writes it, and the diff is what to read.
 */
const here = path.join(process.cwd(), "test", "golden", "language", "import");
const update = process.env.ORKET_UPDATE_GOLDEN === "1";

function filesIn(folder: string) {
  return fs
    .readdirSync(folder, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort()
    .map((file) => ({ path: file, text: fs.readFileSync(path.join(folder, file)) }));
}

describe("an import", () => {
  const cases = fs.readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of cases) {
    it(`gives the expected files and report for ${name}`, () => {
      const { files, report } = importFiles(filesIn(path.join(here, name)), { folder: "flows" });
      const lines = report.map(({ level, message, place }) => {
        if (place === undefined) return `${level}: ${message}`;
        const { line, character } = place.range.start;
        return `${place.file}:${line + 1}:${character + 1}: ${level}: ${message}`;
      });
      const actual = [...files.map((file) => `==== ${file.path}\n${file.text}`), "==== report", ...lines, ""].join("\n");
      const expected = path.join(here, `${name}.expected`);
      if (update) fs.writeFileSync(expected, actual);
      assert.equal(actual, fs.readFileSync(expected, "utf8"));
    });
  }

  it("finds each of these files by its name when a folder is searched", () => {
    for (const name of ["python", "roo", "crewai", "prompt-flow", "agents"]) {
      const found = filesIn(path.join(here, name)).map((file) => file.path);
      assert.deepEqual(found.filter((file) => !mayImport(file)), []);
    }
  });
});
