// Behaves like docker or podman as far as Orket uses them, without containers: what is "in the container" is a process of this
// machine that the client does not own, as with a real engine. State and settings are files in the folder ORKET_FAKE_ENGINE:
//   settings.json  { silent, down, slowCreateMs, info, images: { NAME: facts }, breaks }
//   calls          one JSON line per call: its arguments
//   NAME.json      a container: the number of its process, how it ended
const fs = require("node:fs");
const path = require("node:path");
const { spawn } = require("node:child_process");

const [, , kind, ...args] = process.argv;
const folder = process.env.ORKET_FAKE_ENGINE;
const settings = JSON.parse(fs.readFileSync(path.join(folder, "settings.json"), "utf8"));
fs.appendFileSync(path.join(folder, "calls"), `${JSON.stringify([kind, ...args])}\n`);

const isPodman = kind === "podman";
const fail = (text, code = 1) => {
  process.stderr.write(`${text}\n`);
  process.exit(code);
};
const recordOf = (name) => path.join(folder, `${name}.json`);
const read = (name) => {
  try {
    return JSON.parse(fs.readFileSync(recordOf(name), "utf8"));
  } catch {
    return undefined;
  }
};
const write = (name, record) => {
  fs.writeFileSync(`${recordOf(name)}.new`, JSON.stringify(record));
  fs.renameSync(`${recordOf(name)}.new`, recordOf(name));
};
const exists = (name) => fs.existsSync(recordOf(name));

const info = isPodman
  ? {
      host: {
        cgroupControllers: ["cpu", "memory", "pids"],
        security: { rootless: true, selinuxEnabled: false },
      },
      version: { Version: "5.0.0" },
    }
  : {
      ServerVersion: "28.0.0",
      OSType: "linux",
      MemoryLimit: true,
      PidsLimit: true,
      SwapLimit: true,
      SecurityOptions: ["name=seccomp,profile=builtin"],
    };

/** The options of `run`, the image, and what follows it. */
function parseRun(list) {
  const options = {};
  let at = 0;
  for (; list[at]?.startsWith("-"); at += 1) {
    const [name, ...value] = list[at].replace(/^--?/, "").split("=");
    (options[name] ??= []).push(value.join("="));
  }
  return { options, image: list[at], rest: list.slice(at + 1) };
}

/** One `--mount`, a line of CSV. */
function parseMount(text) {
  const fields = [...text.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain,
  );
  return Object.fromEntries(
    fields.map((field) => [field.slice(0, field.indexOf("=")), field.slice(field.indexOf("=") + 1)]),
  );
}

function run(list) {
  const { options, image, rest } = parseRun(list);
  const name = options.name[0];
  const found = Object.values(settings.images).find(({ id }) => image === `sha256:${id}`);
  if (found === undefined) fail(`${kind}: Error response from daemon: No such image: ${image}`, 125);
  const mounts = options.mount.map(parseMount);
  for (const { source } of mounts)
    if (!fs.existsSync(source))
      fail(
        `${kind}: Error response from daemon: invalid mount config for type "bind": bind source path does not exist: ${source}.`,
        125,
      );
  const at = (target) => mounts.find((mount) => mount.target === target)?.source;
  const [given] = options.entrypoint;
  const program = isPodman ? JSON.parse(given)[0] : given;
  const env = { PATH: process.env.PATH };
  const lines = fs
    .readFileSync(options["env-file"][0], "utf8")
    .split("\n")
    .filter((line) => line !== "");
  for (const line of [...lines, ...(options.env ?? [])])
    env[line.slice(0, line.indexOf("="))] = line.slice(line.indexOf("=") + 1);
  // The image's place is not there on this machine.
  if (env.HOME === "/home/orket") env.HOME = at("/home/orket");
  const label = (options.label ?? []).join(",");
  write(name, { label, startedAt: "0001-01-01T00:00:00Z", code: 0, mark: env.ORKET_COMMAND });
  if (settings.breaks !== undefined) fail(`${kind}: Error response from daemon: ${settings.breaks}`, 126);
  const child = spawn(program, rest, { cwd: at("/work"), env, detached: true, stdio: "inherit" });
  const startedAt = new Date().toISOString();
  child.on("error", () => {
    const code = isPodman ? 1 : 127;
    write(name, { label, startedAt, code });
    fail(
      isPodman
        ? "ERROR (catatonit:6): failed to exec pid1: No such file or directory"
        : `[FATAL tini (7)] exec ${program} failed: No such file or directory`,
      code,
    );
  });
  if (child.pid !== undefined)
    write(name, { label, startedAt, code: 0, pid: child.pid, mark: env.ORKET_COMMAND });
  child.on("exit", (status, signal) => {
    const code = status ?? 128 + require("node:os").constants.signals[signal];
    if (exists(name)) write(name, { ...read(name), code, oom: fs.existsSync(path.join(folder, "oom")) });
    process.exit(code);
  });
}

/** Everything that runs with the container's mark: a real engine ends a whole namespace. */
function kill({ pid, mark }) {
  for (let round = 0; round < 3; round += 1) {
    const marked = fs.readdirSync("/proc").filter((one) => {
      try {
        return (
          /^\d+$/.test(one) &&
          fs.readFileSync(`/proc/${one}/environ`, "utf8").split("\0").includes(`ORKET_COMMAND=${mark}`)
        );
      } catch {
        return false;
      }
    });
    for (const one of [...marked.map(Number), ...(pid === undefined ? [] : [-pid])]) {
      try {
        process.kill(one, "SIGKILL");
      } catch {
        // It ended before.
      }
    }
  }
}

function remove(names) {
  for (const name of names) {
    const record = read(name);
    if (record === undefined) {
      if (!isPodman) process.stderr.write(`Error response from daemon: No such container: ${name}\n`);
      continue;
    }
    kill(record);
    fs.rmSync(recordOf(name), { force: true });
    process.stdout.write(`${name}\n`);
  }
}

if (settings.silent === true) setTimeout(() => undefined, 600_000);
else if (settings.down === true)
  fail("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?");
else if (args[0] === "info") process.stdout.write(`${JSON.stringify({ ...info, ...settings.info })}\n`);
else if (args[0] === "image" && args[1] === "inspect") {
  const name = args.at(-1);
  const facts = settings.images[name];
  if (facts === undefined)
    fail(
      isPodman
        ? `Error: inspecting object: ${name}: image not known`
        : `Error response from daemon: No such image: ${name}`,
      isPodman ? 125 : 1,
    );
  const text = JSON.stringify({
    Id: isPodman ? facts.id : `sha256:${facts.id}`,
    Os: "linux",
    Config: {},
    ...facts.more,
  });
  process.stdout.write(isPodman ? `[${text}]` : `${text}\n`);
} else if (args[0] === "run") run(args.slice(1));
else if (args[0] === "inspect") {
  const name = args.at(-1);
  const record = read(name);
  if (record === undefined)
    fail(isPodman ? `Error: no such container ${name}` : `Error: No such container: ${name}`);
  process.stdout.write(
    `${JSON.stringify({ OOMKilled: record.oom ?? false, ExitCode: record.code, Error: "", StartedAt: record.startedAt })}\n`,
  );
} else if (args[0] === "rm") remove(args.slice(1).filter((one) => !one.startsWith("-")));
else if (args[0] === "ps") {
  const label = args[args.indexOf("--filter") + 1].replace(/^label=/, "");
  for (const file of fs.readdirSync(folder)) {
    const name = file.replace(/\.json$/, "");
    if (file !== "settings.json" && file.endsWith(".json") && read(name)?.label === label)
      process.stdout.write(`${name}\n`);
  }
} else fail(`unknown command ${args[0]}`, 125);
