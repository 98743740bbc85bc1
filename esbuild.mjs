/*
 * Builds everything that ships, and the suite that runs inside VS Code.
 *
 * Some modules are bundles of their own and load on first use: a model SDK costs more to load than all the rest,
 * and `orket --version` needs none of it. The sources say so with a plain `await import("…")`; the table `lazy`
 * below names the modules for which that import stays an import at run time. Such a bundle carries its own copy of
 * what it shares with its importer, so nothing may compare classes across the border with `instanceof`.
 */
import { chmod, copyFile, glob, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import esbuild from "esbuild";

const root = import.meta.dirname;
const at = (...parts) => path.join(root, ...parts);

const lazy = {
  "src/cli/main.ts": "dist/cli-main.js",
  "src/adapters/provider/openai/provider.ts": "dist/providers/openai.js",
  "src/adapters/provider/ollama/provider.ts": "dist/providers/ollama.js",
};

function keepLazy(outfile) {
  return {
    name: "keep-lazy",
    setup(build) {
      build.onResolve({ filter: /^\.{1,2}\// }, async (args) => {
        if (args.kind !== "dynamic-import" || args.pluginData === "resolved") return undefined;
        const found = await build.resolve(args.path, {
          kind: args.kind,
          importer: args.importer,
          resolveDir: args.resolveDir,
          pluginData: "resolved",
        });
        if (found.errors.length > 0) return { errors: found.errors };
        const target = lazy[path.relative(root, found.path).split(path.sep).join("/")];
        if (!target) return undefined;
        const relative = path
          .relative(path.dirname(at(outfile)), at(target))
          .split(path.sep)
          .join("/");
        return { path: relative.startsWith(".") ? relative : `./${relative}`, external: true };
      });
    },
  };
}

/** The files of the sample project by their paths, so that `orket init` needs nothing beside its bundle. */
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

function nodeBundle(shared, entry, outfile, extra = {}) {
  return esbuild.build({
    ...shared,
    entryPoints: [at(entry)],
    outfile: at(outfile),
    platform: "node",
    target: "node22",
    format: "cjs",
    external: ["vscode"],
    // The packages' ESM builds tree-shake; their CommonJS builds arrive whole.
    mainFields: ["module", "main"],
    supported: { "dynamic-import": false },
    plugins: [keepLazy(outfile)],
    ...extra,
  });
}

function panelBundle(shared, name) {
  return esbuild.build({
    ...shared,
    entryPoints: [at("webview", name, "main.tsx")],
    jsx: "automatic",
    jsxImportSource: "preact",
    outfile: at("dist/webview", `${name}.js`),
    platform: "browser",
    target: "es2022",
    format: "iife",
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

/** The suites that run inside VS Code. mocha stays outside: it loads its own files by path. */
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
    target: "node22",
    format: "cjs",
    external: ["vscode", "mocha", "../../../scripts/reporter.cjs"],
    supported: { "dynamic-import": false },
  });
}

export async function build({ release = false } = {}) {
  await rm(at("dist"), { recursive: true, force: true });
  const shared = await sharedOptions(release);
  const jobs = [
    copyCodicons(),
    nodeBundle(shared, "src/extension.ts", "dist/extension.js"),
    // It tells an old Node that it is too old, so it must parse there.
    nodeBundle(shared, "src/cli/bin.ts", "dist/cli.js", {
      target: "node10",
      banner: { js: "#!/usr/bin/env node" },
    }),
    ...Object.entries(lazy).map(([entry, outfile]) => nodeBundle(shared, entry, outfile)),
    panelBundle(shared, "conductor"),
    panelBundle(shared, "session"),
  ];
  if (!release) jobs.push(integrationSuite(shared));
  await Promise.all(jobs);
  await chmod(at("dist/cli.js"), 0o755);
  // dist is CommonJS whatever a package.json above an installed copy says.
  await writeFile(at("dist/package.json"), '{ "type": "commonjs" }\n');
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const started = performance.now();
  await build({ release: process.argv.includes("--release") });
  console.error(`Built in ${Math.round(performance.now() - started)} ms.`);
}
