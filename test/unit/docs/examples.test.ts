import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { fileKinds } from "../../../src/language";
import type { SourceKind } from "../../../src/language";

const root = path.join(__dirname, "../../..");
const pages = ["README.md", ...readdirSync(path.join(root, "docs")).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith(".md"),
);

/** The kind of file that the keys of an example belong to. */
function kindOf(value: Readonly<Record<string, unknown>>): SourceKind {
  if ("band" in value) return "flow";
  if ("provider" in value) return "venue";
  if (Array.isArray(value.steps)) return "score";
  return "steps" in value || "otherwise" in value ? "replies" : "band";
}

describe("The examples in the documentation", () => {
  let found = 0;
  for (const page of pages) {
    const text = readFileSync(path.join(root, page), "utf8");
    const files = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].flatMap(([, block = ""]) =>
      /^version: 1$/m.test(block) ? [block] : [],
    );
    found += files.length;
    if (files.length === 0) continue;
    it(`are valid in ${page} where they are whole files`, () => {
      for (const file of files) {
        const value = parse(file) as Record<string, unknown>;
        const read = fileKinds[kindOf(value)].schema.safeParse(value);
        assert(read.success, `${file}\n${read.error?.message ?? ""}`);
      }
    });
  }
  it("are found", () => assert(found >= 8, String(found)));
});
