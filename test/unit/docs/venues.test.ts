import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";

const root = path.resolve(__dirname, "../../..");

describe("The table of vendors and servers in docs/venues.md", () => {
  const text = readFileSync(path.join(root, "docs/venues.md"), "utf8");
  const [, table = ""] = text.split("## What vendors and servers do in their own way");
  const rows = table
    .split("\n## ")[0]
    ?.split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (server|-+) /.test(line));

  it("names a test for each row, and that test is there", () => {
    assert.ok(rows !== undefined && rows.length > 20);
    for (const row of rows) {
      const [, file, title] = /`([\w./-]+\.test\.ts)`: "([^"]+)" +\|$/.exec(row) ?? [];
      assert.ok(file !== undefined && title !== undefined, row);
      // A comment holds nothing.
      const source = readFileSync(path.join(root, "test/contract", file), "utf8").replace(
        /\/\*[^]*?\*\/|^\s*\/\/.*$/gm,
        "",
      );
      assert.ok(source.includes(title), `${file} has no "${title}"`);
    }
  });
});
