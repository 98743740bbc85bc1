import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { cliFile, orket } from "./orket";

const root = path.resolve(__dirname, "../..");

/** Names that the build keeps, each of one part of the program. */
const marks = {
  "the schemas' package": "ZodDiscriminatedUnion",
  "the YAML package": "YAMLParseError",
  "the importers": "expected_output",
  "the regular expressions of policies": "RE2JSException",
  "the HTTP client": "UND_ERR_INFO",
  "the exports": "resourceSpans",
};

function builtFiles(): string[] {
  const dist = path.join(root, "dist");
  return globSync(["*.js", "shared/*.js"], { cwd: dist }).map((file) => path.join(dist, file));
}

/** Which of these parts are in the files. */
function partsIn(files: readonly string[]): string[] {
  const text = files.map((file) => readFileSync(file, "utf8")).join("\n");
  return Object.entries(marks)
    .filter(([, mark]) => text.includes(mark))
    .map(([part]) => part);
}

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly chatParticipants: readonly { readonly id: string }[];
    readonly languageModelTools: readonly { readonly name: string }[];
  };
}

/** What the built extension did in an editor that accepts everything. */
function activation(): {
  readonly registered: readonly string[];
  readonly loaded: readonly string[];
  readonly loadedLater: readonly string[];
} {
  const args = [path.join(root, "test/fakes/any-editor.cjs"), path.join(root, "dist/extension.js")];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  assert.ok(stdout.startsWith("{"), stderr);
  return JSON.parse(stdout) as ReturnType<typeof activation>;
}

const ours = (files: readonly string[]): string[] =>
  files.filter((file) => file.startsWith(path.join(root, "dist")));

function loadedBy(args: readonly string[]): string[] {
  return ours(allLoadedBy(args));
}

function allLoadedBy(args: readonly string[]): string[] {
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const last = stdout.trim().split("\n").at(-1) ?? "";
  assert.ok(last.startsWith("["), stderr);
  return JSON.parse(last) as string[];
}

/** A command in this process's place, with the files and the modules of Node that it loaded as its last line. */
const command = (...words: string[]): string[] => {
  const print = `process.on("exit", () => console.log(JSON.stringify([...Object.keys(require.cache), ...process.moduleLoadList])));`;
  return [
    "-e",
    `${print} process.argv.splice(1, 0, "orket"); require(${JSON.stringify(cliFile)});`,
    "--",
    ...words,
  ];
};

describe("What is loaded", () => {
  it("is all in the build", () => {
    assert.deepEqual(partsIn(builtFiles()), Object.keys(marks));
  });

  it("is what registers everything when the extension is activated, and nothing that performs it", () => {
    const { registered, loaded } = activation();
    const { contributes } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as Manifest;
    const views = Object.values(contributes.views).flat();

    assert.deepEqual(ours(loaded), [path.join(root, "dist/extension.js")]);
    const contributed = [
      ...contributes.commands.map((one) => one.command),
      ...[...views, ...contributes.chatParticipants].map(({ id }) => id),
      ...contributes.languageModelTools.map(({ name }) => name),
    ];
    assert.deepEqual(
      contributed.filter((id) => !registered.includes(id)),
      [],
    );
  });

  it("is none of its large parts when the host is created, before it looks at what is there", () => {
    const { loadedLater } = activation();

    assert.ok(loadedLater.includes(path.join(root, "dist/host.js")));
    assert.deepEqual(partsIn(ours(loadedLater)), []);
  });

  it("is each module from outside once in a file: a copy of the editor's API for each of ours was most of an activation", () => {
    // One of the files holds the small ones.
    const texts = builtFiles().flatMap((file) => readFileSync(file, "utf8").split(/^\$orketFiles/m));
    const repeated = texts.filter((text) => {
      const required = [
        ...text.matchAll(/(?:var |,)[\w$]+ ?= ?((?:[\w$]+\()?require\("(?:node:|vscode)[^"]*"\))/g),
      ];
      return new Set(required.map(([, call]) => call)).size < required.length;
    });

    assert.deepEqual(repeated, []);
  });

  it("is little for the help of the command line, and what a Flow needs for its plan", () => {
    const help = loadedBy(command("help"));
    const plan = loadedBy(command("-C", path.join(root, "examples/shapes"), "plan", "shapes"));

    assert.deepEqual(partsIn(help), []);
    assert.deepEqual(partsIn(plan), ["the schemas' package", "the YAML package"]);
  });

  it("is none of what starts programs, until one is started", () => {
    const loaded = allLoadedBy(command("-C", path.join(root, "examples/shapes"), "plan", "shapes"));

    assert.ok(loaded.includes("NativeModule crypto"));
    assert.ok(!loaded.includes("NativeModule child_process"));
  });

  it("is compiled once: the command line keeps the result in the user's cache folder", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "orket-loading-"));
    try {
      const env = {
        HOME: folder,
        LOCALAPPDATA: folder,
        XDG_CACHE_HOME: undefined,
        NODE_DISABLE_COMPILE_CACHE: undefined,
      };
      const { code } = await orket(["-C", path.join(root, "examples/shapes"), "plan", "shapes"], { env });

      assert.equal(code, 0);
      const kept = readdirSync(folder, { recursive: true, encoding: "utf8" });
      assert.ok(
        kept.some((name) => /orket.code.[^/\\]+.[0-9a-f]+$/.test(name)),
        kept.join("\n"),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
