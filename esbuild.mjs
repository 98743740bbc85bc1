/*
 * Builds everything that ships, and the suite that runs inside VS Code.
 *
 * The editor's bundle and the command line's share most of their code, and a model SDK takes longer to load than all
 * the rest. So everything for Node is built together and split: code that two of them need goes into a file of its own, and
 * code behind `await import("…")` is loaded on first use. esbuild splits ES modules only; each file is then converted
 * to CommonJS, since the extension host and older `require` hooks load that fastest.
 */
import { chmod, copyFile, glob, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import esbuild from "esbuild";

const root = import.meta.dirname;
const at = (...parts) => path.join(root, ...parts);

const panels = ["conductor", "session", "flow"];

/** The entry points that share code, by the name of their file in dist. */
const nodeEntries = { extension: "src/extension.ts", main: "src/cli/main.ts" };

/** The files of the sample project by their paths, so that `orket init` needs nothing besides its bundle. */
async function sampleFiles() {
  const folder = at("examples/shapes");
  const files = {};
  for await (const entry of glob("**/*", { cwd: folder, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    const place = path.relative(folder, file).split(path.sep).join("/");
    if (!entry.isFile() || /(^|\/)(\.|__pycache__)/.test(place)) continue;
    files[place] = await readFile(file, "utf8");
  }
  return Object.fromEntries(Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function sharedOptions(release) {
  const { version, engines } = JSON.parse(await readFile(at("package.json"), "utf8"));
  return {
    absWorkingDir: root,
    bundle: true,
    minify: release,
    sourcemap: release ? false : "linked",
    sourcesContent: false,
    legalComments: "none",
    logLevel: "warning",
    define: {
      ORKET_VERSION: JSON.stringify(version),
      ORKET_NODE: JSON.stringify(engines.node.replace(/^>=/, "")),
      ORKET_SAMPLE: JSON.stringify(await sampleFiles()),
    },
  };
}

async function nodeBundles(shared) {
  const { outputFiles } = await esbuild.build({
    ...shared,
    sourcemap: shared.sourcemap && "inline",
    entryPoints: Object.fromEntries(Object.entries(nodeEntries).map(([name, entry]) => [name, at(entry)])),
    outdir: at("dist"),
    chunkNames: "shared/[name]-[hash]",
    splitting: true,
    write: false,
    platform: "node",
    target: "node20.12",
    format: "esm",
    external: ["vscode"],
    // The packages' ESM builds can be tree-shaken; their CommonJS builds are included whole.
    mainFields: ["module", "main"],
  });
  await mkdir(at("dist/shared"), { recursive: true });
  await Promise.all(outputFiles.map((file) => writeCommonJs(shared, file)));
}

async function writeCommonJs({ minify, sourcemap }, { path: file, text }) {
  const { code, map } = await esbuild.transform(text, {
    format: "cjs",
    platform: "node",
    target: "node20.12",
    supported: { "dynamic-import": false },
    minify,
    sourcemap: sourcemap && "external",
    sourcesContent: false,
    sourcefile: path.basename(file),
  });
  if (!sourcemap) return writeFile(file, code);
  await writeFile(`${file}.map`, map);
  await writeFile(file, `${code}//# sourceMappingURL=${path.basename(file)}.map\n`);
}

/**
 * The command is a separate file, since it answers `--version` without loading anything; its `./main` is dist/main.js. It
 * reports to an old Node that it is too old, so it must parse there.
 */
function commandBundle(shared) {
  return esbuild.build({
    ...shared,
    entryPoints: [at("src/cli/bin.ts")],
    outfile: at("dist/cli.js"),
    platform: "node",
    target: "node10",
    format: "cjs",
    banner: { js: "#!/usr/bin/env node" },
    external: ["./main"],
    supported: { "dynamic-import": false },
  });
}

/** The panels share the UI kit, so they are split like the rest; a page loads its panel's script as a module. */
function panelBundles(shared) {
  return esbuild.build({
    ...shared,
    entryPoints: Object.fromEntries(panels.map((name) => [name, at("webview", name, "main.tsx")])),
    jsx: "automatic",
    jsxImportSource: "preact",
    outdir: at("dist/webview"),
    chunkNames: "shared-[hash]",
    splitting: true,
    platform: "browser",
    target: "es2022",
    format: "esm",
    loader: { ".ttf": "file" },
    external: ["./codicon.ttf"],
  });
}

async function copyCodicons() {
  const from = path.dirname(at("node_modules/@vscode/codicons/dist/codicon.css"));
  await mkdir(at("dist/webview"), { recursive: true });
  for (const file of ["codicon.css", "codicon.ttf"]) {
    await copyFile(path.join(from, file), at("dist/webview", file));
  }
}

/** The suites that run inside VS Code. mocha is not bundled: it loads its own files by path. */
async function integrationSuite(shared) {
  const entryPoints = [];
  for await (const file of glob("test/integration/**/*.ts", { cwd: root })) {
    if (file.endsWith(".test.ts") || path.basename(file) === "index.ts") entryPoints.push(at(file));
  }
  if (entryPoints.length === 0) return;
  await esbuild.build({
    ...shared,
    minify: false,
    sourcemap: "inline",
    entryPoints,
    outbase: at("test/integration"),
    outdir: at("dist/test/integration"),
    platform: "node",
    target: "node20.12",
    format: "cjs",
    external: ["vscode", "mocha", "../../../scripts/reporter.cjs"],
    supported: { "dynamic-import": false },
  });
}

export async function build({ release = false } = {}) {
  await rm(at("dist"), { recursive: true, force: true });
  const shared = await sharedOptions(release);
  const jobs = [copyCodicons(), nodeBundles(shared), commandBundle(shared), panelBundles(shared)];
  if (!release) jobs.push(integrationSuite(shared));
  await Promise.all(jobs);
  await chmod(at("dist/cli.js"), 0o755);
  // dist is CommonJS whatever a package.json above an installed copy declares.
  await writeFile(at("dist/package.json"), '{ "type": "commonjs" }\n');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const started = performance.now();
  await build({ release: process.argv.includes("--release") });
  console.error(`Built in ${Math.round(performance.now() - started)} ms.`);
}
