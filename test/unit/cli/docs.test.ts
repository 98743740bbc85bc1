import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { globalOptions } from "../../../src/cli/command";
import { commands } from "../../../src/cli/commands";
import { exitCodes } from "../../../src/cli/exit-code";

const page = readFileSync(path.resolve(__dirname, "../../../docs/command-line.md"), "utf8");

/** The part of the page about one command. */
function sectionOf(name: string): string {
  const parts = page.split(/^(?=## )/m).filter((part) => new RegExp(`^## orket ${name}\\b`).test(part));
  assert.equal(parts.length, 1, `the page has ${parts.length} sections for ${name}`);
  return parts[0] ?? "";
}

describe("docs/command-line.md", () => {
  for (const { name, options, args } of commands) {
    it(`says everything about orket ${name}`, () => {
      const section = sectionOf(name);
      for (const option of options)
        assert.ok(section.includes(`--${option.name}`), `--${option.name} is missing`);
      for (const arg of args) assert.ok(section.includes(arg.name), `${arg.name} is missing`);
      assert.match(section, new RegExp(`\`\`\`sh\n(.*\n)*?orket ${name}`), "there is no example");
    });
  }

  it("has the options of every command", () => {
    for (const { name, short } of globalOptions) {
      assert.ok(page.includes(`--${name}`), name);
      if (short !== undefined) assert.ok(page.includes(`\`-${short}`), short);
    }
  });

  it("has every exit code and no other", () => {
    const table = page.split("## Exit codes")[1]?.split("\n## ")[0] ?? "";
    const listed = [...table.matchAll(/^\| (\d+) +\|/gm)].map(([, code]) => Number(code));
    assert.deepEqual(listed, Object.values(exitCodes));
  });

  it("shows no option that there is not", () => {
    const known = new Set(
      [...globalOptions, ...commands.flatMap(({ options }) => options)].map(({ name }) => name),
    );
    // `node --test` is what a Flow runs, no option of Orket's.
    const ours = page.replaceAll("`node --test`", "");
    const shown = [...ours.matchAll(/--([a-z][a-z-]*)/g)].map(([, name = ""]) => name);
    assert.deepEqual(
      shown.filter((name) => !known.has(name)),
      [],
    );
  });
});
