import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

/*
 * What leaves this repository: the extension and the npm package. A file that is in neither list must not go along: it
 * could be somebody's key, a session, or a test's fixture.
 */

const root = path.resolve(__dirname, "../..");

const inBoth: readonly RegExp[] = [
  /^(?:LICENSE|README\.md|package\.json)$/,
  /^dist\/(?:cli|main|view-worker)\.js$/,
  /^dist\/package\.json$/,
  /^dist\/shared\/(small|[a-z]+-[A-Z0-9]+)\.js$/,
  /^schemas\/[a-z]+\.schema\.json$/,
];
const inExtension: readonly RegExp[] = [
  ...inBoth,
  /^(?:CHANGELOG\.md|LICENSE\.txt|readme\.md|changelog\.md)$/,
  /^dist\/(?:extension|host)\.js$/,
  /^dist\/webview\/[a-z]+\.(?:js|css|ttf)$/,
  /^dist\/webview\/shared-[A-Z0-9]+\.js$/,
  /^media\/[a-z-]+\.(?:svg|png|gif)$/,
  /^syntaxes\/language-configuration\.json$/,
  /^syntaxes\/[a-z-]+\.tmLanguage\.json$/,
  /^language\/[a-z-]+\.json$/,
  /^walkthrough\/[a-z-]+\.(?:md|svg|png)$/,
  /^examples\/[\w./-]+\.(?:ya?ml|json|md|js)$/,
];

function unexpected(files: readonly string[], allowed: readonly RegExp[]): string[] {
  return files.filter((file) => !allowed.some((one) => one.test(file)));
}

/** The built file and all of ours that it loads, at once or on first use. */
function loadedFrom(file: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(file)) return found;
  found.add(file);
  const text = readFileSync(path.join(root, file), "utf8");
  for (const [, name = ""] of text.matchAll(/\brequire\("(\.{1,2}\/[\w/-]+(?:\.js)?)"\)/g))
    loadedFrom(`${path.posix.join(path.posix.dirname(file), name).replace(/\.js$/, "")}.js`, found);
  return found;
}

describe("What is published", function () {
  this.timeout(120_000);

  it("as the npm package is the command line with all that it loads and the schemas, and is built by packing", () => {
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    const args = ["pack", "--dry-run", "--json", "--ignore-scripts"];
    const { stdout } = spawnSync(npm, args, {
      cwd: root,
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    const [packed] = JSON.parse(stdout) as [{ readonly files: readonly { readonly path: string }[] }];
    const files = packed.files.map(({ path: file }) => file);
    assert.deepEqual(unexpected(files, inBoth), []);
    for (const needed of [
      ...loadedFrom("dist/cli.js"),
      ...loadedFrom("dist/view-worker.js"),
      "schemas/flow.schema.json",
    ])
      assert.ok(files.includes(needed), needed);
  });

  it("as the extension is what package.json points to, and nothing of the sources, tests or tools", () => {
    const vsce = path.join(root, "node_modules", "@vscode", "vsce", "vsce");
    const { stdout, stderr } = spawnSync(process.execPath, [vsce, "ls", "--no-dependencies"], {
      cwd: root,
      encoding: "utf8",
    });
    const files = stdout.split("\n").filter((line) => line !== "");
    for (const needed of [...loadedFrom("dist/extension.js"), ...loadedFrom("dist/view-worker.js")])
      assert.ok(files.includes(needed), `${needed} ${stderr}`);
    assert.deepEqual(unexpected(files, inExtension), []);
  });
});
