import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { ESLint } from "eslint";

/*
 * The layer table is only as good as the nets that hold it. Each test here breaks it on purpose, in a scratch copy
 * of the tree, and expects the build's own configuration to notice.
 */

const root = path.resolve(__dirname, "../..");

interface CruiseResult {
  readonly summary: {
    readonly violations: readonly { readonly rule: { readonly name: string }; readonly from: string }[];
  };
}

/** Runs dependency-cruiser as the build does over a tree of just these files: the broken rules' names by file. */
async function brokenLayerRules(
  files: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "orket-layers-"));
  try {
    await symlink(path.join(root, "node_modules"), path.join(folder, "node_modules"), "junction");
    for (const name of [".dependency-cruiser.cjs", "tsconfig.lint.json", "tsconfig.base.json"]) {
      await copyFile(path.join(root, name), path.join(folder, name));
    }
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), text);
    }
    const cruiser = path.join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [
        cruiser,
        "--config",
        ".dependency-cruiser.cjs",
        "--no-cache",
        "--output-type",
        "json",
        "src",
        "webview",
      ],
      { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
    );
    const { summary } = JSON.parse(stdout) as CruiseResult;
    const broken = new Map<string, string[]>();
    for (const { from, rule } of summary.violations)
      broken.set(from, [...(broken.get(from) ?? []), rule.name]);
    return broken;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Lints text as if it stood at that path; only rules that need no type information take part. */
async function lintMessages(file: string, text: string): Promise<readonly string[]> {
  const eslint = new ESLint({
    cwd: root,
    overrideConfigFile: path.join(root, "eslint.config.mjs"),
    overrideConfig: [
      (await import("typescript-eslint")).configs.disableTypeChecked,
      { languageOptions: { parserOptions: { project: null } } },
    ],
  });
  const [result] = await eslint.lintText(text, { filePath: path.join(root, file) });
  return (result?.messages ?? []).map((message) => message.ruleId ?? message.message);
}

interface WrongImport {
  readonly title: string;
  readonly layer: string;
  readonly text: string;
  readonly rule: string;
}

const wrongImports: readonly WrongImport[] = [
  {
    title: "vscode as a value in the engine",
    layer: "src/engine",
    text: 'import * as vscode from "vscode";\nexport const v = vscode.version;\n',
    rule: "only-the-host-knows-vscode",
  },
  {
    title: "vscode as a type in the engine",
    layer: "src/engine",
    text: 'import type { Uri } from "vscode";\nexport type U = Uri;\n',
    rule: "only-the-host-knows-vscode",
  },
  {
    title: 'import("vscode") as a type in the engine',
    layer: "src/engine",
    text: 'export type U = import("vscode").Uri;\n',
    rule: "only-the-host-knows-vscode",
  },
  {
    title: "vscode in an adapter",
    layer: "src/adapters",
    text: 'import type { Uri } from "vscode";\nexport type U = Uri;\n',
    rule: "only-the-host-knows-vscode",
  },
  {
    title: "node:fs in the engine",
    layer: "src/engine",
    text: 'import { readFileSync } from "node:fs";\nexport const r = readFileSync;\n',
    rule: "engine-is-pure",
  },
  {
    title: "node:path in the language service",
    layer: "src/language",
    text: 'import { join } from "node:path";\nexport const j = join;\n',
    rule: "language-is-pure",
  },
  {
    title: "yaml in the engine",
    layer: "src/engine",
    text: 'import { parse } from "yaml";\nexport const p = parse;\n',
    rule: "engine-is-pure",
  },
  {
    title: "an adapter in the engine",
    layer: "src/engine",
    text: 'export { other } from "../adapters/other";\n',
    rule: "engine-is-pure",
  },
  {
    title: "the orchestrator in the language service",
    layer: "src/language",
    text: 'export { other } from "../engine/orchestrator/other";\n',
    rule: "language-is-pure",
  },
  {
    title: "the language service in an adapter",
    layer: "src/adapters",
    text: 'export { other } from "../language/other";\n',
    rule: "adapters-know-the-engine",
  },
  {
    title: "the host in a panel",
    layer: "webview",
    text: 'export { other } from "../src/host/other";\n',
    rule: "webview-knows-the-protocol",
  },
  {
    title: "an engine type in a panel",
    layer: "webview",
    text: 'export type { Other } from "../src/engine/orchestrator/other";\n',
    rule: "webview-knows-the-protocol",
  },
  {
    title: "the command line in the host",
    layer: "src/host",
    text: 'export { other } from "../cli/other";\n',
    rule: "host-is-no-cli",
  },
  {
    title: "a panel in the host",
    layer: "src/host",
    text: 'export { other } from "../../webview/other";\n',
    rule: "host-is-no-cli",
  },
  {
    title: "the host in the command line",
    layer: "src/cli",
    text: 'export { other } from "../host/other";\n',
    rule: "cli-has-no-editor",
  },
  {
    title: "a test in the product",
    layer: "src/host",
    text: 'export { other } from "../../test/other";\n',
    rule: "product-never-imports-tests",
  },
];

const rightImports: Readonly<Record<string, string>> = {
  "src/engine/model/flow.ts": 'import * as z from "zod";\nexport const flow = z.string();\n',
  "src/language/hover.ts":
    'import { parse } from "yaml";\nimport { flow } from "../engine/model/flow";\nexport const h = [parse, flow];\n',
  "src/protocol/message.ts":
    'import type { flow } from "../engine/model/flow";\nexport type M = typeof flow;\n',
  "src/adapters/clock.ts":
    'import { hrtime } from "node:process";\nimport OpenAI from "openai";\nexport const c = [hrtime, OpenAI];\n',
  "src/host/panel.ts":
    'import * as vscode from "vscode";\nimport type { M } from "../protocol/message";\nexport const p = vscode.version as unknown as M;\n',
  "src/cli/main.ts": 'import "node:path";\nimport { c } from "../adapters/clock";\nexport const m = c;\n',
  "webview/main.ts": 'import type { M } from "../src/protocol/message";\nexport type N = M;\n',
};

describe("the layer table", function () {
  this.timeout(60_000);

  const fileOf = (index: number, layer: string): string => `${layer}/wrong-${index}.ts`;
  let broken: ReadonlyMap<string, readonly string[]>;

  before(async () => {
    const files: Record<string, string> = { ...rightImports };
    for (const [index, { layer, text }] of wrongImports.entries()) {
      files[fileOf(index, layer)] = text;
      const target = /"(\.\.[^"]*)"/.exec(text)?.[1];
      if (target !== undefined) {
        files[`${path.posix.join(layer, target)}.ts`] = "export const other = 1;\nexport type Other = 1;\n";
      }
    }
    broken = await brokenLayerRules(files);
  });

  for (const [index, { title, layer, rule }] of wrongImports.entries()) {
    it(`refuses ${title}`, () => {
      assert.deepEqual(new Set(broken.get(fileOf(index, layer))).has(rule), true, [...broken].join("\n"));
    });
  }

  it("accepts what each layer may import", () => {
    const refused = Object.keys(rightImports).filter((file) => broken.has(file));

    assert.deepEqual(refused, []);
  });
});

describe("the table of providers", function () {
  this.timeout(30_000);

  for (const file of ["src/engine/bad.ts", "src/app/bad.ts", "src/host/bad.ts", "webview/bad.ts"]) {
    it(`is what ${path.posix.dirname(file)} asks, not a provider's name`, async () => {
      const text = 'export const isLocal = (provider: string): boolean => provider === "ollama";\n';

      assert.deepEqual(await lintMessages(file, text), ["no-restricted-syntax"]);
    });
  }
});

describe("a test", () => {
  const sleeping = [
    "await page.waitForTimeout(500);",
    "await new Promise((resolve) => setTimeout(resolve, 50));",
    'import { setTimeout as sleep } from "node:timers/promises";',
  ];
  for (const line of sleeping) {
    it(`does not sleep by ${line}`, async () => {
      const messages = await lintMessages("test/person/bad.test.ts", `${line}\nexport {};\n`);

      assert.ok(messages.includes("no-restricted-syntax"), messages.join());
    }).timeout(30_000);
  }
});

describe("an error of another bundle", () => {
  it("is told by its marker, not by its class", async () => {
    const text = "export const isOurs = (error: unknown): boolean => error instanceof ProviderError;\n";

    assert.deepEqual(await lintMessages("src/adapters/bad.ts", text), ["no-restricted-syntax"]);
  }).timeout(30_000);
});

describe("a refusal", function () {
  this.timeout(30_000);

  for (const layer of ["src/app", "src/host", "src/cli", "webview"]) {
    it(`has a code in ${layer}`, async () => {
      const plain =
        'export function refuse(): void {\n  throw new Error("This folder is not trusted.");\n}\n';

      assert.deepEqual(await lintMessages(`${layer}/bad.ts`, plain), ["no-restricted-syntax"]);
    });
  }
});

describe("the engine's purity", function () {
  this.timeout(30_000);

  const impure: readonly (readonly [code: string, rule: string])[] = [
    ["export const a = Date.now();", "no-restricted-properties"],
    ["export const a = Math.random();", "no-restricted-properties"],
    ["export const a = new Date();", "no-restricted-syntax"],
    ["export const a = Date();", "no-restricted-syntax"],
    ["const { now } = Date;\nexport const a = now();", "no-restricted-syntax"],
    ["const d = Date;\nexport const a = d.now();", "no-restricted-syntax"],
    ["export const a = performance.now();", "no-restricted-globals"],
    ["setTimeout(() => undefined, 1);", "no-restricted-globals"],
    ["export const a = crypto.randomUUID();", "no-restricted-globals"],
    ["export const a = globalThis;", "no-restricted-globals"],
    ["export const a = process.cwd();", "no-restricted-globals"],
    ['export const a = "a".localeCompare("b");', "no-restricted-syntax"],
  ];
  for (const [code, rule] of impure) {
    it(`refuses ${code.split("\n")[0] ?? code}`, async () => {
      assert.ok((await lintMessages("src/engine/bad.ts", `${code}\n`)).includes(rule));
    });
  }

  it("lets a time that was handed in be formatted", async () => {
    const messages = await lintMessages(
      "src/engine/good.ts",
      "export const iso = (at: number): string => new Date(at).toISOString();\n",
    );

    assert.deepEqual(messages, []);
  });

  it("leaves clocks to the other layers", async () => {
    assert.deepEqual(
      await lintMessages("src/adapters/good.ts", "export const now = (): number => Date.now();\n"),
      [],
    );
  });
});
