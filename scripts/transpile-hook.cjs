/*
 * Lets mocha load TypeScript directly: one esbuild transform per file, cached on disk by content, no type check (tsc
 * does that). `__dirname` stays the source's own, so a test finds its fixtures beside it.
 */
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const Module = require("node:module");
const esbuild = require("esbuild");

const root = path.resolve(__dirname, "..");
const cacheFolder = path.join(root, "node_modules", ".cache", "transpile");
fs.mkdirSync(cacheFolder, { recursive: true });
process.setSourceMapsEnabled(true);

const { version } = JSON.parse(fs.readFileSync(path.join(root, "package.json"), "utf8"));
const options = {
  jsx: "automatic",
  jsxImportSource: "preact",
  format: "cjs",
  platform: "node",
  target: "node24",
  sourcemap: "inline",
  sourcesContent: false,
  supported: { "dynamic-import": false },
  define: { ORKET_VERSION: JSON.stringify(version) },
};
const salt = JSON.stringify([esbuild.version, options, root]);

function transpile(filename) {
  const source = fs.readFileSync(filename, "utf8");
  const key = createHash("sha256").update(salt).update(filename).update("\0").update(source).digest("hex");
  const cached = path.join(cacheFolder, `${key}.js`);
  try {
    return fs.readFileSync(cached, "utf8");
  } catch {
    const { code } = esbuild.transformSync(source, {
      ...options,
      loader: path.extname(filename).slice(1),
      sourcefile: filename,
    });
    // Several suites may run in parallel: write to a temporary file, then rename, so that nobody reads half a file.
    const aside = `${cached}.${process.pid}`;
    fs.writeFileSync(aside, code);
    fs.renameSync(aside, cached);
    return code;
  }
}

for (const extension of [".ts", ".tsx"]) {
  Module._extensions[extension] = (module, filename) => module._compile(transpile(filename), filename);
}
Module._extensions[".css"] = (module) => module._compile("", module.filename);

// A thread of a source file loads it in the same way.
const threads = require("node:worker_threads");
const { Worker } = threads;
threads.Worker = class extends Worker {
  constructor(file, settings = {}) {
    const isSource = String(file).endsWith(".ts");
    super(file, isSource ? { ...settings, execArgv: ["-r", __filename] } : settings);
  }
};

// Outside an editor there is no `vscode`; host units get the fake, when there is one.
const fake = path.join(root, "test", "fakes", "vscode.ts");
const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function (request, ...rest) {
  if (request === "vscode" && fs.existsSync(fake)) return fake;
  return resolveFilename.call(this, request, ...rest);
};
