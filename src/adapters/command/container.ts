import { hash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as z from "zod";
import type { CommandEnd, CommandSpec } from "../../engine/model/command";
import { isAlive } from "./copied-view";
import { boundEnd } from "./bounds";
import type { CommandBounds } from "./bounds";
import {
  containerArguments,
  environmentFile,
  environmentName,
  homePlace,
  viewPlace,
} from "./container-arguments";
import { askEngine, problemOf } from "./container-engine";
import type { Engine } from "./container-engine";
import type { Image } from "./container-image";
import type { Apart } from "./execute";
import type { Launch } from "./namespace";
import { killMarked, markVariable } from "./process-group";
import { once } from "../../engine/model/once";

/** Names of Orket's containers: the mark of the command's folder (`newScratch`), which begins with the number of this process. */
const namePattern = /^orket-(\d+)-[0-9a-f]+$/;

/** What marks the containers of this user, machine and project: an engine can serve several machines. */
export function containerPlace(runs: string): string {
  return hash("sha256", `${os.hostname()}\0${runs}`, "hex").slice(0, 32);
}

/** `inspect` of a container in JSON, its `State`, as far as it matters. */
const stateInfo = once(() =>
  z.object({
    OOMKilled: z.boolean().default(false),
    Error: z.string().default(""),
    StartedAt: z.string(),
  }),
);

/** What the engine says about a container that ended. */
export type ContainerState = z.infer<ReturnType<typeof stateInfo>>;

const absent = /no such container|no container with/i;
/** What the program of `--init` (tini, catatonit) prints when it cannot start the command. */
const initFailure =
  /^(?:\[FATAL tini \(\d+\)\] exec .* failed: (.*)|ERROR \(catatonit:\d+\): failed to exec pid1: (.*))$/;

const notStarted = (why: string): CommandEnd => ({
  kind: "not_started",
  message: `The container was not started: ${why}.`,
});

/**
 * How the command of a container ended.
 * @param exit how the engine's client ended: with the command's exit code, or with one of its own.
 * @param state of the container afterwards; undefined where there is none.
 * @param output everything that the client and the command printed.
 */
export function containerEnd(
  exit: CommandEnd,
  state: ContainerState | undefined,
  output: string,
  about: { readonly program: string; readonly image: string; readonly bounds: CommandBounds },
): CommandEnd {
  if (state === undefined) return notStarted(problemOf(output));
  // Go's zero time: it never was.
  if (state.StartedAt.startsWith("0001-"))
    return notStarted(problemOf(state.Error === "" ? output : state.Error));
  const failure = initFailure.exec(output.trim());
  if (failure !== null) {
    const why = (failure[1] ?? failure[2] ?? "").toLowerCase();
    return notStarted(`the image ${about.image} cannot run '${about.program}' (${why})`);
  }
  return state.OOMKilled ? boundEnd("memory", about.bounds) : exit;
}

export interface ContainerOptions {
  readonly engine: Engine;
  readonly image: Image;
  readonly spec: Pick<CommandSpec, "network">;
  readonly argv: readonly string[];
  /** The variables that the Flow adds, with the values of secrets. */
  readonly added: Readonly<Record<string, string>>;
  readonly bounds: CommandBounds;
  /** The folder of this command alone, and the one around it. */
  readonly scratch: string;
  readonly runs: string;
  /** The view's folder. */
  readonly view: string;
}

/** What isolates the command, for users and the journal. */
export function isolatedByText({
  engine,
  image,
  spec,
}: Pick<ContainerOptions, "engine" | "image" | "spec">): string {
  const mounts = `${viewPlace} (the view) and ${homePlace} (empty)`;
  return `${engine.kind} ${engine.version}, image ${image.name} (${image.id}), network ${spec.network}, mounts ${mounts}`;
}

/** The container of one command. Its processes are the engine's and not Orket's. */
export class Container implements Apart {
  /** To be started in the folder of the command. */
  readonly launch: Launch;
  readonly #options: ContainerOptions;
  readonly #name: string;
  #isLost = false;

  private constructor(options: ContainerOptions, launch: Launch, name: string) {
    this.#options = options;
    this.launch = launch;
    this.#name = name;
  }

  /** @throws {Error} a variable that no engine can be given without showing it to other users of the machine. */
  static async prepare(options: ContainerOptions): Promise<Container> {
    const { engine, scratch, runs, added, bounds, spec } = options;
    const env = { HOME: homePlace, TMPDIR: "/tmp", TERM: "dumb", CI: "true", ...added };
    const file = environmentFile(env);
    if ("unfit" in file) {
      throw new Error(
        `the variable ${file.unfit} has more than one line, or more than 60,000 bytes, and no container engine takes that without showing it to others on this machine. Give it by 'stdin'.`,
      );
    }
    const home = path.join(scratch, "home");
    await fs.promises.mkdir(home);
    await fs.promises.writeFile(path.join(scratch, environmentName), file.text, { mode: 0o600 });
    const [uid, gid] = [process.getuid?.(), process.getgid?.()];
    const name = `orket-${path.basename(scratch)}`;
    const args = containerArguments({
      ...options,
      name,
      place: containerPlace(runs),
      home,
      variables: Object.keys(added),
      network: spec.network === "allowed",
      memoryBytes: bounds.memoryBytes,
      processes: bounds.processes,
      user: uid === undefined || gid === undefined ? undefined : { uid, gid },
    });
    return new Container(options, { file: engine.file, args }, name);
  }

  /** Whether the engine could not be asked to end it, so that a process of it may still run. */
  get isLost(): boolean {
    return this.#isLost;
  }

  get removal(): Apart["removal"] {
    const { file, env } = this.#options.engine;
    return { file, args: ["rm", "-f", "-v", this.#name], env };
  }

  async end(exit: CommandEnd, output: string): Promise<CommandEnd> {
    const { engine, image, argv, bounds } = this.#options;
    if ((exit.kind !== "exited" && exit.kind !== "signalled") || (exit.kind === "exited" && exit.code === 0))
      return exit;
    const args = ["inspect", "--type=container", "--format", "{{json .State}}", this.#name];
    const answer = await askEngine(engine, args);
    const about = { program: argv[0] ?? "", image: image.name, bounds };
    if (!answer.ok) {
      return absent.test(answer.problem)
        ? containerEnd(exit, undefined, output, about)
        : notStarted(`${engine.program} does not say how it ended: ${answer.problem}`);
    }
    const state = stateInfo().safeParse(parsed(answer.stdout));
    if (!state.success) return notStarted(`${engine.program} does not say how it ended`);
    return containerEnd(exit, state.data, output, about);
  }

  async remove(): Promise<void> {
    let wasAbsent = false;
    for (let tries = 0; tries < 3; tries += 1) {
      const { ok, stdout, problem } = await askEngine(this.#options.engine, this.removal.args);
      const isAbsent = !stdout.includes(this.#name) && (ok || absent.test(problem));
      // A client may have been killed just after it had asked the engine to make it: once more.
      if (isAbsent ? wasAbsent : ok) return;
      wasAbsent = isAbsent;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
    this.#isLost = true;
    // On Linux its processes can be found without the engine.
    killMarked({ [markVariable]: path.basename(this.#options.scratch) });
  }
}

/** Between two attempts to remove a container, in milliseconds. */
const retryMs = 250;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const swept = new Set<string>();

/** Removes the containers of processes of Orket that were killed together with what watched them; once per process. */
export async function removeLeftContainers(engine: Engine, runs: string): Promise<void> {
  const key = `${engine.file}\0${runs}`;
  if (swept.has(key)) return;
  swept.add(key);
  const filter = `label=orket.place=${containerPlace(runs)}`;
  const { ok, stdout } = await askEngine(engine, [
    "ps",
    "--all",
    "--filter",
    filter,
    "--format",
    "{{.Names}}",
  ]);
  if (!ok) return;
  const left = stdout.split("\n").flatMap((line) => {
    const pid = namePattern.exec(line.trim())?.[1];
    return pid === undefined || isAlive(Number(pid)) ? [] : [line.trim()];
  });
  if (left.length > 0) await askEngine(engine, ["rm", "-f", "-v", ...left]);
}
