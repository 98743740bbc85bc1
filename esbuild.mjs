/*
 * Builds everything that ships, and the suite that runs inside VS Code.
 *
 * The editor's bundle and the command line's share most of their code, and a model SDK takes longer to load than all
 * the rest. So everything for Node is built together and split: code that two of them need goes into a file of its own, and
 * code behind `await import("…")` is loaded on first use. esbuild splits ES modules only; each file is then converted
 * to CommonJS, since the extension host and older `require` hooks load that fastest.
 */
import { chmod, glob, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import esbuild from "esbuild";
import { usedIcons, withoutOtherOutlines, withoutOtherRules } from "./scripts/codicons.mjs";

const root = import.meta.dirname;
const at = (...parts) => path.join(root, ...parts);

const panels = ["conductor", "session", "flow"];

/** The entry points that share code, by the name of their file in dist. */
const nodeEntries = {
  host: "src/host/host.ts",
  main: "src/cli/main.ts",
  // A thread's; view-thread.ts starts it.
  "view-worker": "src/adapters/command/view-worker.ts",
};

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

/** What is loaded late in files of undici: a text of the file, and what takes its place. */
const lateInUndici = {
  "dispatcher/client.js": [
    [
      "const connectH2 = require('./client-h2.js')",
      "const connectH2 = (client, socket) => require('./client-h2.js')(client, socket)",
    ],
    ["const http = require('node:http')", ""],
    [
      /const getDefaultNodeMaxHeaderSize = http &&[^]*?\n\n/,
      "const getDefaultNodeMaxHeaderSize = () => require('node:http').maxHeaderSize\n\n",
    ],
  ],
  "core/util.js": [
    ["const { IncomingMessage } = require('node:http')", ""],
    ["constructor === IncomingMessage", "constructor === require('node:http').IncomingMessage"],
  ],
};

/**
 * undici without what a call does not use: its second parser of HTTP, which only an environment variable selects and which is
 * a quarter of the package, is left out; HTTP/2 is loaded for the first connection that speaks it, and Node's own client only
 * where its limit of a header is asked for.
 */
const leanUndici = {
  name: "lean-undici",
  setup(context) {
    context.onLoad({ filter: /undici[\\/]lib[\\/]milo[\\/]/ }, () => ({ contents: "" }));
    for (const [name, changes] of Object.entries(lateInUndici)) {
      const filter = new RegExp(
        `undici[\\\\/]lib[\\\\/]${name.replace("/", "[\\\\/]").replace(".", "\\.")}$`,
      );
      context.onLoad({ filter }, async ({ path: file }) => {
        let contents = await readFile(file, "utf8");
        for (const [from, to] of changes) {
          const changed = contents.replace(from, to);
          if (changed === contents) throw new Error(`undici's ${name} is no longer as expected: ${from}`);
          contents = changed;
        }
        return { contents };
      });
    }
  },
};

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
      ORKET_SAMPLE: JSON.stringify(JSON.stringify(await sampleFiles())),
    },
  };
}

/**
 * The parts of the program that are loaded apart: a file of dist holds what the same parts need. A part is loaded when
 * something of it is first used, not when a file that imports it is.
 */
const parts = {
  // What every start uses.
  start: [
    "src/adapters/journal/environment.ts",
    "src/adapters/provider/call-slots.ts",
    "src/adapters/system/cache-folder.ts",
    "src/app/keys/allowed-keys.ts",
    "src/engine/model/once.ts",
    "src/language/text/file-kind.ts",
  ],
  // Of the schema beside it only this is needed.
  format: ["src/engine/event/format.ts"],
  schemas: ["src/engine/{model,event}/**", "src/protocol/**"],
  language: ["src/language/index.ts"],
  help: ["src/language/help/**"],
  resolve: ["src/language/flow/resolve.ts"],
  import: ["src/language/{import,templates}/**"],
  export: ["src/app/export/**"],
  view: ["src/engine/view/**"],
  perform: ["src/engine/{agent,orchestrator,conductor}/**", "src/adapters/{command,provider}/**"],
  mesh: ["src/adapters/provider/mesh/**"],
  decoding: ["src/adapters/provider/http/content-encoding.ts"],
  // Without what a proxy needs besides.
  client: ["node_modules/undici/lib/dispatcher/agent.js"],
  proxy: ["src/adapters/provider/http/proxy-agent.ts"],
  patterns: ["src/adapters/files/matcher.ts"],
  width: ["src/cli/text/wide-text.ts"],
  commands: ["src/cli/commands/index.ts"],
};

/** The files of the parts, by a part's name. */
async function partFiles() {
  const files = {};
  for (const [name, patterns] of Object.entries(parts)) {
    files[name] = [];
    for await (const file of glob(patterns, { cwd: root })) {
      if (!/(?<!\.d)\.(ts|js)$/.test(file)) continue;
      // A thread's own file does its work when it is loaded.
      if (file.endsWith("-worker.ts")) continue;
      // A schema is built when its file is first used. Beside the schemas there are functions that others use; they stay outside.
      if (name !== "schemas") files[name].push(at(file));
      else if (/^import \* as z /m.test(await readFile(at(file), "utf8")))
        files[`schema/${file.replaceAll(/[\\/]/g, "-")}`] = [at(file)];
    }
  }
  delete files.schemas;
  return files;
}

/** Each part as an entry point, so that what only it needs becomes a file of its own. */
function partEntries(files) {
  return {
    name: "parts",
    setup(context) {
      context.onResolve({ filter: /^part:/ }, ({ path: name }) => ({
        path: name.slice(5),
        namespace: "part",
      }));
      context.onLoad({ filter: /.*/, namespace: "part" }, ({ path: name }) => ({
        contents: files[name].map((file) => `import ${JSON.stringify(file)};`).join("\n"),
        resolveDir: root,
      }));
    },
  };
}

async function nodeBundles(shared, entryFiles = nodeEntries, dist = at("dist")) {
  const files = await partFiles();
  const entries = Object.entries(entryFiles).map(([name, entry]) => [name, at(entry)]);
  const { outputFiles, metafile } = await esbuild.build({
    ...shared,
    sourcemap: shared.sourcemap && "inline",
    entryPoints: Object.fromEntries([
      ...entries,
      ...Object.keys(files).map((name) => [`part/${name}`, `part:${name}`]),
    ]),
    outdir: dist,
    chunkNames: "shared/[name]-[hash]",
    splitting: true,
    write: false,
    metafile: true,
    platform: "node",
    target: "node20.12",
    format: "esm",
    external: ["vscode"],
    // The packages' ESM builds can be tree-shaken; their CommonJS builds are included whole.
    mainFields: ["module", "main"],
    define: { ...shared.define, "process.env.UNDICI_USE_MILO": "undefined" },
    plugins: [partEntries(files), leanUndici],
  });
  const exportsOf = new Map(
    Object.entries(metafile.outputs).map(([file, { exports }]) => [at(file), exports]),
  );
  // A part's own file only names its pieces.
  const needed = outputFiles.filter(({ path: file }) => !file.startsWith(path.join(dist, "part")));
  const scripts = await Promise.all(needed.map((file) => commonJs(shared, file, exportsOf)));
  const needing = partsBehind(metafile.outputs);
  const isSmall = ({ file, code }) =>
    path.dirname(file) === path.join(dist, "shared") &&
    code.length < (shared.minify ? smallBytes : 2 * smallBytes) &&
    !isSeldom(needing.get(file) ?? []);
  const small = new Set(scripts.filter(isSmall).map(({ file }) => path.basename(file)));
  const others = scripts.filter((script) => !isSmall(script)).map((script) => referring(script, small));
  await Promise.all(
    [...others, smallScript(scripts.filter(isSmall), small, path.join(dist, "shared", smallFile))].map(
      writeScript,
    ),
  );
}

/**
 * Shared files below this size are written into one, since opening a file takes Node longer than reading this much: a run
 * would open twenty more. Each is still evaluated on first use.
 */
const smallBytes = 32_000;

/** What a run seldom needs: its files stay apart, also small ones. */
const seldomParts = new Set(["decoding", "export", "import", "mesh", "patterns", "proxy", "width"]);

/** The table of commands names everything. */
const isSeldom = (needing) =>
  needing.some((part) => seldomParts.has(part)) &&
  needing.every((part) => part === "commands" || seldomParts.has(part));

/** The parts that need each file that parts need. */
function partsBehind(outputs) {
  const needing = new Map();
  for (const [entry, { entryPoint }] of Object.entries(outputs)) {
    if (!entryPoint?.startsWith("part:")) continue;
    const seen = new Set([entry]);
    for (const file of seen) {
      needing.set(at(file), [...(needing.get(at(file)) ?? []), entryPoint.slice(5)]);
      for (const { path: needed, kind } of outputs[file].imports)
        if (kind === "import-statement" && needed in outputs) seen.add(needed);
    }
  }
  return needing;
}

/** The file of dist/shared that holds the small ones, and gives one by its name. */
const smallFile = "small.js";

/** What gives the small files in that file; no name of theirs is like it. */
const smallName = "$orketSmallFile";

const localFile = /require\("(\.{1,2}\/[^"]*)"\)/g;

/** A script that loads the small files from the one that holds them. */
function referring({ file, code, isLazy, map }, small) {
  const placed = code.replaceAll(localFile, (whole, name) => {
    if (!small.has(path.basename(name))) return whole;
    return `require("${path.posix.dirname(name)}/${smallFile}")(${JSON.stringify(path.basename(name))})`;
  });
  return { file, code: isLazy ? placed.replace(/^("use strict";)?/, `$1${helper} `) : placed, map };
}

/** The script of the small files; a source map of sections keeps their lines. */
function smallScript(scripts, small, file) {
  const lines = [
    `"use strict";${helper} const $orketFiles={},$orketLoaded={};` +
      `function ${smallName}(name){let file=$orketLoaded[name];` +
      `if(file===undefined){file=$orketLoaded[name]={exports:{}};$orketFiles[name](file,file.exports);}` +
      `return file.exports;}module.exports=${smallName};`,
  ];
  const sections = [];
  for (const { file: name, code, map } of scripts.sort((a, b) => (a.file < b.file ? -1 : 1))) {
    lines.push(`$orketFiles[${JSON.stringify(path.basename(name))}]=function(module,exports){`);
    if (map !== undefined) sections.push({ offset: { line: lines.length, column: 0 }, map: JSON.parse(map) });
    const placed = code.replaceAll(localFile, (whole, name) =>
      small.has(path.basename(name)) ? `${smallName}(${JSON.stringify(path.basename(name))})` : whole,
    );
    lines.push(...placed.trimEnd().split("\n"), "};");
  }
  const map = sections.length === 0 ? undefined : JSON.stringify({ version: 3, sections });
  return { file, code: `${lines.join("\n")}\n`, map };
}

/**
 * Stands for a file of dist, or a module of Node, until something of it is used; then the file is loaded, and its values take the place of
 * the getters. Two files may need each other, so a value that is not there yet is asked for again.
 */
function lazyFile(names, load) {
  let file;
  const values = {};
  for (const name of names) {
    const get = () => {
      file ??= load();
      const value = file[name];
      if (value !== undefined) Object.defineProperty(values, name, { value });
      return value;
    };
    Object.defineProperty(values, name, { configurable: true, get });
  }
  return values;
}

/** Modules of Node that a start does not use, and that take milliseconds to load: they are loaded on first use, too. */
const lateBuiltins = ["node:child_process", "node:stream/consumers", "node:worker_threads", "node:zlib"];

/** The names of a module that a file loads, where it is loaded on first use. */
async function lateNames(exportsOf, from, name) {
  if (name.startsWith(".")) return exportsOf.get(path.resolve(path.dirname(from), name));
  return lateBuiltins.includes(name)
    ? Object.keys(await import(name)).filter((key) => key !== "default")
    : undefined;
}

/**
 * Each module that imports one from outside gets a `require` of its own, and for a namespace a copy of all its names: a hundred
 * copies of the editor's API took most of an activation. A file needs one of each, and the editor's API no copy.
 */
function requireOnce(code) {
  const known = new Map();
  return code.replace(
    /((?:\bvar |,)([\w$]+) ?= ?)((?:[\w$]+\()?require\("(vscode|node:[^"]+)"\)(?:, ?1)?\)?)(?=[,;])/g,
    (_, start, variable, required, name) => {
      const first = known.get(required);
      if (first !== undefined) return `${start}${first}`;
      known.set(required, variable);
      return `${start}${name === "vscode" ? 'require("vscode")' : required}`;
    },
  );
}

/** In one line, so that the lines of a source map stay as they are. */
const helper = lazyFile.toString().replaceAll(/\s+/g, " ");

/** A built file as CommonJS, where what it needs is loaded on first use. `isLazy`: it needs the helper for that. */
async function commonJs({ minify, sourcemap }, { path: file, text }, exportsOf) {
  const { code: transformed, map } = await esbuild.transform(text, {
    format: "cjs",
    platform: "node",
    target: "node20.12",
    supported: { "dynamic-import": false },
    minify,
    sourcemap: sourcemap && "external",
    sourcesContent: false,
    sourcefile: path.basename(file),
  });
  const code = requireOnce(transformed);
  const required = /((?:\bvar |,)([\w$]+) ?= ?)require\("((?:\.{1,2}\/|node:)[^"]+)"\)/g;
  const namesOf = new Map();
  for (const [, , , name] of code.matchAll(required))
    namesOf.set(name, await lateNames(exportsOf, file, name));
  const lazy = code.replace(required, (whole, start, variable, name) => {
    const names = namesOf.get(name);
    if (names === undefined) return whole;
    // A module of Node has several variables here.
    const used = name.startsWith("node:")
      ? names
      : names.filter((each) => code.includes(`${variable}.${each}`));
    return `${start}lazyFile(${JSON.stringify(used)},()=>require("${name}"))`;
  });
  return { file, code: lazy, isLazy: lazy !== code, map: sourcemap ? map : undefined };
}

async function writeScript({ file, code, map }) {
  if (map === undefined) return writeFile(file, code);
  await writeFile(`${file}.map`, map);
  await writeFile(file, `${code}//# sourceMappingURL=${path.basename(file)}.map\n`);
}

/**
 * What the editor loads to activate the extension is a separate file without all that performs what it registers; its `./host` is
 * dist/host.js.
 */
async function extensionBundle(shared) {
  const { outputFiles } = await esbuild.build({
    ...shared,
    entryPoints: [at("src/extension.ts")],
    outfile: at("dist/extension.js"),
    write: false,
    platform: "node",
    target: "node20.12",
    format: "cjs",
    external: ["vscode", "./host"],
    supported: { "dynamic-import": false },
  });
  for (const { path: file, text } of outputFiles)
    await writeFile(file, file.endsWith(".map") ? text : requireOnce(text));
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

/** The icons that the panels' scripts name. */
async function writeCodicons() {
  const from = at("node_modules/@vscode/codicons/dist");
  const css = await readFile(path.join(from, "codicon.css"), "utf8");
  const scripts = [];
  for await (const file of glob("*.js", { cwd: at("dist/webview") }))
    scripts.push(await readFile(at("dist/webview", file), "utf8"));
  const used = usedIcons(css, scripts);
  const font = await readFile(path.join(from, "codicon.ttf"));
  await writeFile(at("dist/webview/codicon.css"), withoutOtherRules(css, used));
  await writeFile(
    at("dist/webview/codicon.ttf"),
    withoutOtherOutlines(
      font,
      used.map(({ code }) => code),
    ),
  );
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

/** Programs of the bench, each by its name and its path, in parts as users have them. */
export async function buildPrograms(entryFiles, dist) {
  await mkdir(path.join(dist, "shared"), { recursive: true });
  await nodeBundles(await sharedOptions(true), entryFiles, dist);
}

export async function build({ release = false } = {}) {
  await rm(at("dist"), { recursive: true, force: true });
  await mkdir(at("dist/shared"), { recursive: true });
  const shared = await sharedOptions(release);
  const jobs = [
    nodeBundles(shared),
    extensionBundle(shared),
    commandBundle(shared),
    panelBundles(shared).then(writeCodicons),
  ];
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
