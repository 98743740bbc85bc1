import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";

/*
 * What leaves this repository: the extension and the npm package. A file that is in neither list must not go along: it
 * could be somebody's key, a session, or a test's fixture.
 */

const root = path.resolve(__dirname, "../..");

const inBoth: readonly RegExp[] = [
  /^(?:LICENSE|README\.md|package\.json)$/,
  /^dist\/(?:cli|cli-main)\.js$/,
  /^dist\/package\.json$/,
  /^dist\/providers\/[a-z]+\.js$/,
  /^schemas\/[a-z]+\.schema\.json$/,
];
const inExtension: readonly RegExp[] = [
  ...inBoth,
  /^(?:CHANGELOG\.md|LICENSE\.txt|readme\.md|changelog\.md)$/,
  /^dist\/extension\.js$/,
  /^dist\/webview\/[a-z-]+\.(?:js|css|ttf)$/,
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

describe("What is published", function () {
  this.timeout(120_000);

  it("as the npm package is the command line, its providers and the schemas, and is built by packing", () => {
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
      "dist/cli.js",
      "dist/cli-main.js",
      "dist/providers/openai.js",
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
    assert.ok(files.includes("dist/extension.js"), stderr);
    assert.deepEqual(unexpected(files, inExtension), []);
  });
});
