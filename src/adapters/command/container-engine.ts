import { execFile } from "node:child_process";
import os from "node:os";
import path from "node:path";
import * as z from "zod";
import { isWithin } from "../files/paths";
import { searchFolders } from "./environment";
import { findProgram } from "./program";
import { once } from "../../engine/model/once";

type Variables = Readonly<Record<string, string | undefined>>;

/** A container engine of this machine that answered. */
export interface Engine {
  /** Whose options it understands. podman can be installed under the name docker. */
  readonly kind: "docker" | "podman";
  readonly file: string;
  /** The name that it was found under. */
  readonly program: string;
  readonly version: string;
  /** Its containers belong to an ordinary user, not to root. */
  readonly rootless: boolean;
  /** docker gives every container other user numbers than the machine's (`userns-remap`). */
  readonly remaps: boolean;
  readonly selinux: boolean;
  /** Whether it can limit swapped memory. */
  readonly limitsSwap: boolean;
  /** Environment of its client. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a call of the engine gave. */
export interface EngineAnswer {
  readonly ok: boolean;
  readonly stdout: string;
  /** In one line: why it failed. */
  readonly problem: string;
}

/** How long the engine may take to answer a question, in milliseconds. */
const answerMs = 10_000;
/** Longest answer that is read, in bytes; a long list of an image's layers has some 100 KB. */
const maxAnswerBytes = 4 << 20;

/** The last line that says something, without the engine's prefix. */
export function problemOf(text: string): string {
  const line = text
    .split("\n")
    .map((one) => one.trim())
    .filter((one) => one !== "" && !/^Run '|^See '|--help/.test(one))
    .at(-1);
  return (line ?? "it said nothing")
    .replace(/^(?:docker: |Error: |errors? pretty printing info)+/i, "")
    .slice(0, 500);
}

/** Asks the engine something. Never rejects; ends the client where it takes longer than the time. */
export function askEngine(
  { file, env }: Pick<Engine, "file" | "env">,
  args: readonly string[],
  timeoutMs = answerMs,
): Promise<EngineAnswer> {
  return new Promise((resolve) => {
    const options = {
      env: { ...env },
      timeout: timeoutMs,
      killSignal: "SIGKILL",
      maxBuffer: maxAnswerBytes,
      windowsHide: true,
    } as const;
    const child = execFile(file, [...args], options, (error, stdout, stderr) => {
      const late = error?.killed === true ? `no answer within ${timeoutMs / 1000} s` : undefined;
      const problem = late ?? problemOf(stderr === "" ? (error?.message ?? "") : stderr);
      resolve({ ok: error === null, stdout, problem });
    });
    child.stdin?.end();
  });
}

/** `docker info` in JSON, as far as it matters. */
const dockerInfo = once(() =>
  z.object({
    ServerVersion: z.string().min(1),
    OSType: z.string(),
    MemoryLimit: z.boolean(),
    PidsLimit: z.boolean().default(true),
    SwapLimit: z.boolean().default(false),
    SecurityOptions: z.array(z.string()).nullable().default([]),
  }),
);
/** `podman info` in JSON, as far as it matters. */
const podmanInfo = once(() =>
  z.object({
    host: z.object({
      cgroupControllers: z.array(z.string()).nullable().default([]),
      security: z.object({ rootless: z.boolean(), selinuxEnabled: z.boolean().default(false) }),
    }),
    version: z.object({ Version: z.string() }),
  }),
);

type Facts = Omit<Engine, "file" | "program" | "env">;

const unlimited =
  "it cannot limit the memory and the processes of a container here (control groups with the controllers memory and pids, cgroup v2 where it runs without root)";

/** What an engine says about itself, or why it cannot be used. */
export function readInfo(text: string): Facts | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: "its answer to 'info' is not JSON" };
  }
  const podman = podmanInfo().safeParse(value);
  if (podman.success) {
    const { host, version } = podman.data;
    const controllers = host.cgroupControllers ?? [];
    if (!controllers.includes("memory") || !controllers.includes("pids")) return { problem: unlimited };
    return {
      kind: "podman",
      version: version.Version,
      rootless: host.security.rootless,
      remaps: false,
      selinux: host.security.selinuxEnabled,
      limitsSwap: true,
    };
  }
  const docker = dockerInfo().safeParse(value);
  if (!docker.success) {
    const errors = z.object({ ServerErrors: z.array(z.string()).min(1) }).safeParse(value);
    return {
      problem: errors.success ? problemOf(errors.data.ServerErrors.join("\n")) : "its daemon did not answer",
    };
  }
  const { OSType, MemoryLimit, PidsLimit, SwapLimit, ServerVersion, SecurityOptions } = docker.data;
  if (OSType !== "linux")
    return { problem: `it runs containers of ${OSType}: switch it to Linux containers` };
  if (!MemoryLimit || !PidsLimit) return { problem: unlimited };
  const has = (name: string): boolean =>
    (SecurityOptions ?? []).some((option) => option.split(",").includes(`name=${name}`));
  return {
    kind: "docker",
    version: ServerVersion,
    rootless: has("rootless"),
    remaps: has("userns"),
    selinux: has("selinux"),
    limitsSwap: SwapLimit,
  };
}

/** The programs that can be engines, in the order in which they are asked. */
const programs = ["docker", "podman"] as const;

/** Where the programs are, outside the project: a program of the project would be started without isolation. */
function candidates(env: Variables, project: string): { readonly program: string; readonly file: string }[] {
  const folders = searchFolders(env).filter((folder) => !isWithin(project, folder));
  return programs.flatMap((program) => {
    const found = findProgram(program, { roots: [], folders, runtime: process.execPath });
    return found === undefined ? [] : [{ program, file: found.file }];
  });
}

export type Engines =
  | { readonly engines: readonly Engine[] }
  /** A sentence: why there is none, and how to get one. */
  | { readonly message: string };

const instead = "or let the command accept less with 'isolation: sandbox'";

function start(program: string): string {
  if (program === "podman") return "Run 'podman info' to see what it needs";
  return os.platform() === "linux"
    ? "Start its daemon ('sudo systemctl start docker') and make sure that you may use it"
    : "Start Docker Desktop";
}

const known = new Map<string, Engine>();

/** The engine at the file, asked once per process as long as it answers. */
async function probe(
  { program, file }: { readonly program: string; readonly file: string },
  env: Variables,
  timeoutMs: number,
): Promise<Engine | { readonly problem: string }> {
  const own = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const key = `${file}\0${own.DOCKER_HOST ?? ""}\0${own.DOCKER_CONTEXT ?? ""}\0${own.CONTAINER_HOST ?? ""}`;
  const before = known.get(key);
  if (before !== undefined) return { ...before, env: own };
  const answer = await askEngine({ file, env: own }, ["info", "--format", "{{json .}}"], timeoutMs);
  // docker's client succeeds without a daemon, and lists the errors.
  const facts = answer.ok ? readInfo(answer.stdout) : { problem: answer.problem };
  if ("problem" in facts) return facts;
  const engine: Engine = { ...facts, program, file, env: own };
  known.set(key, engine);
  return engine;
}

/** Asks an engine again the next time: it stopped answering. */
export function forgetEngine({ file }: Engine): void {
  for (const [key, engine] of known) if (engine.file === file) known.delete(key);
}

/**
 * The container engines that answer, docker first.
 * @param project its real path; no program in it is an engine.
 */
export async function findEngines(env: Variables, project: string, timeoutMs = answerMs): Promise<Engines> {
  const found = candidates(env, path.resolve(project));
  const [first] = found;
  if (first === undefined) {
    return {
      message: `The command runs in a container, and there is neither docker nor podman on the PATH. Install one of them, ${instead}.`,
    };
  }
  const asked = await Promise.all(found.map((candidate) => probe(candidate, env, timeoutMs)));
  const engines = asked.filter((answer): answer is Engine => !("problem" in answer));
  if (engines.length > 0) return { engines };
  const problems = found.flatMap(({ program, file }, index) => {
    const answer = asked[index];
    const problem = answer !== undefined && "problem" in answer ? answer.problem : "";
    return [`${program} (${file}): ${problem.replace(/[.?!]$/, "")}`];
  });
  return {
    message: `The command runs in a container, and no container engine can be used. ${problems.join(". ")}. ${start(first.program)}, ${instead}.`,
  };
}
