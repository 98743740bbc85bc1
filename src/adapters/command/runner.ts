import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { CommandEnd, CommandSpec, Isolation } from "../../engine/model/command";
import type { Policy } from "../../engine/model/flow";
import type { Cancellation } from "../../engine/port/cancellation";
import type { CommandOutput, CommandRequest, CommandResult, CommandRunner } from "../../engine/port/commands";
import { commandBounds } from "./bounds";
import type { CommandBounds } from "./bounds";
import { bubblewrapLaunch } from "./bubblewrap";
import { changedBetween, snapshot } from "./changed-files";
import { collect } from "./collect";
import { Container, isolatedByText, removeLeftContainers } from "./container";
import { findEngines } from "./container-engine";
import type { Engine } from "./container-engine";
import { findImage } from "./container-image";
import type { Image } from "./container-image";
import { copiedView } from "./copied-view";
import type { CopiedView } from "./copied-view";
import { CopyStopped } from "./copy-folder";
import { controlGroup } from "./control-group";
import type { GroupPlaces } from "./control-group";
import { commandEnvironment, searchFolders } from "./environment";
import { execute } from "./execute";
import type { Apart, Executed } from "./execute";
import { gitSettings } from "./hidden-files";
import { findSandbox } from "./isolation";
import type { Sandbox, SandboxKind } from "./isolation";
import { namespaceLaunch } from "./namespace";
import type { Launch } from "./namespace";
import { overlayView } from "./overlay-view";
import { batchFile, findProgram, whyNoProgram } from "./program";
import type { Program } from "./program";
import { markVariable } from "./process-group";
import { removeTree } from "./remove-tree";
import { newScratch, viewFolders } from "./scratch";
import { cacheFolder } from "../system/cache-folder";
import { seatbeltLaunch } from "./seatbelt";
import type { ViewChange, ViewParts } from "./view";
import { visibleFolders } from "./visible-folders";
import { defined } from "../../engine/model/defined";

type Refusal = Extract<CommandEnd, { kind: "refused" }>;

export interface RunnerOptions {
  /** The project's folder, absolute. */
  readonly workDomain: string;
  readonly policy: Policy;
  /** Looks up a stored secret by its name. @throws {Error} when it does not exist, with a sentence for users. */
  readonly secret: (name: string) => Promise<string>;
  /** Whether the user has agreed to the commands of this session on this machine; else the refusal. Asked each time. */
  readonly agreed: () => Promise<Refusal | undefined>;
  /** The host's environment; this process's unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where views are kept; the user's cache unless given. */
  readonly cache?: string;
  readonly bounds?: Partial<CommandBounds>;
  /** For tests: use only this kind of sandbox, or none. */
  readonly sandbox?: SandboxKind;
  /** For tests: how long a container engine may take to say that it is there, in milliseconds. */
  readonly engineAnswerMs?: number;
  /** For tests: another tree of control groups than the system's. */
  readonly groups?: GroupPlaces;
}

const nothing = { output: "", files: [], discarded: { files: 0, bytes: 0 }, durationMs: 0 } as const;

/** What is needed to start one command. */
interface Job {
  readonly request: CommandRequest;
  readonly onOutput: (output: CommandOutput) => void;
  readonly cancellation: Cancellation;
  /** The project's real path. */
  readonly project: string;
  readonly scratch: string;
  readonly added: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
}

/** How one level of isolation provides the view and the process of a job. */
interface Stage {
  readonly launch: Launch;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly reports: boolean;
  readonly apart?: Apart;
  readonly changes: () => Promise<readonly ViewChange[]>;
  readonly release: () => Promise<void>;
}

interface IsolatedStage extends Stage {
  readonly place: Isolation;
  /** What isolates it, for users. */
  readonly by: string;
}

/** The reason why nothing was started, for users. */
class CannotStart extends Error {}

/** Starts commands on this machine: in a view of the project, at the strongest isolation available. */
export class NodeCommandRunner implements CommandRunner {
  readonly #options: RunnerOptions;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #bounds: CommandBounds;
  readonly #cache: string;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#env = options.env ?? process.env;
    this.#bounds = { ...commandBounds, ...options.bounds };
    this.#cache = options.cache ?? cacheFolder(this.#env);
  }

  async run(
    request: CommandRequest,
    onOutput: (output: CommandOutput) => void,
    cancellation: Cancellation,
  ): Promise<CommandResult> {
    // The code that waits for it below receives its failure; until then it must not count as an unhandled rejection.
    request.recorded?.catch(() => undefined);
    const refusal = await this.#options.agreed();
    if (refusal !== undefined) return { ...nothing, end: refusal };
    const variables = await this.#variables(request);
    if ("kind" in variables) return { ...nothing, end: variables };
    const project = await fs.promises.realpath(this.#options.workDomain);
    const { runs } = viewFolders(this.#cache, project);
    const scratch = await newScratch(runs);
    try {
      const added = { ...variables.added, [markVariable]: path.basename(scratch) };
      const job: Job = { request, onOutput, cancellation, project, scratch, ...variables, added };
      return request.spec.effects === "outside" ? await this.#outside(job) : await this.#inView(job, runs);
    } catch (error) {
      if (request.recorded !== undefined) await request.recorded;
      if (error instanceof CopyStopped) return { ...nothing, end: { kind: "cancelled" } };
      const message = error instanceof Error ? error.message : String(error);
      return {
        ...nothing,
        end: { kind: "not_started", message: `${request.name} was not started: ${message}` },
      };
    } finally {
      await removeTree(scratch).catch(() => undefined);
    }
  }

  /** The request's variables with the secrets' values. */
  async #variables({ env }: CommandRequest): Promise<Pick<Job, "added" | "secrets"> | Refusal> {
    const added: Record<string, string> = {};
    const secrets: string[] = [];
    for (const [name, given] of Object.entries(env)) {
      if ("value" in given) {
        added[name] = given.value;
        continue;
      }
      try {
        const value = await this.#options.secret(given.secret);
        added[name] = value;
        secrets.push(value);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        return { kind: "refused", reason: "secret", message };
      }
    }
    return { added, secrets };
  }

  async #inView(job: Job, runs: string): Promise<CommandResult> {
    const stage = await this.#stageFor(job, runs);
    if ("kind" in stage) return { ...nothing, end: stage };
    try {
      const { spec } = job.request;
      const executed = await this.#execute(job, stage, false);
      const { place, by } = stage;
      const isolatedBy = executed.inGroup ? `${by}, limits by a control group` : by;
      if (executed.end.kind === "not_started")
        return { ...nothing, end: executed.end, ...outputOf(executed, spec) };
      const { project, request } = job;
      const { overlay } = request;
      const { policy } = this.#options;
      const changes = await stage.changes();
      const found = collect(changes, { project, spec, policy, overlay, bounds: this.#bounds });
      const end: CommandEnd =
        found.tooMuch === undefined || executed.end.kind === "cancelled"
          ? executed.end
          : { kind: "bound", bound: "files", message: found.tooMuch };
      const files = end.kind === "cancelled" ? [] : found.files;
      const { discarded } = found;
      const { durationMs } = executed;
      return { end, place, isolatedBy, ...outputOf(executed, spec), files, discarded, durationMs };
    } finally {
      await stage.release();
    }
  }

  /** The view and the isolation of a command, or why it is refused. */
  async #stageFor(job: Job, runs: string): Promise<IsolatedStage | Refusal> {
    const { spec } = job.request;
    const refused = (message: string): Refusal => ({ kind: "refused", reason: "isolation", message });
    if (spec.isolation === "container") {
      if (spec.image === undefined) return refused("The command runs in a container, and names no image.");
      const found = await findEngines(this.#env, job.project, this.#options.engineAnswerMs);
      if ("message" in found) return refused(found.message);
      const place = await findImage(found.engines, spec.image);
      if ("message" in place) return refused(place.message);
      await removeLeftContainers(place.engine, runs);
      return this.#containerStage(job, runs, place);
    }
    const sandbox = await findSandbox(runs, this.#options.sandbox);
    if (sandbox.kind === "missing" && spec.isolation !== "view") return refused(sandbox.message);
    const stage = await this.#stage(job, sandbox);
    return sandbox.kind === "missing"
      ? { ...stage, place: "view", by: "a copy" }
      : { ...stage, place: "sandbox", by: sandbox.name };
  }

  async #containerStage(
    job: Job,
    runs: string,
    { engine, image }: { readonly engine: Engine; readonly image: Image },
  ): Promise<IsolatedStage> {
    const { request, scratch, added } = job;
    const { spec, argv } = request;
    if ((argv[0] ?? "") === "") throw new CannotStart("it names no program.");
    const view = await this.#copy(job, await this.#parts(job));
    try {
      const bounds = this.#bounds;
      const options = { engine, image, spec, argv, added, bounds, scratch, runs, view: view.root };
      const container = await Container.prepare(options);
      return {
        launch: container.launch,
        env: engine.env,
        cwd: scratch,
        reports: false,
        apart: container,
        changes: () => view.changes(),
        // A view that a process may still write to is not used again.
        release: () => (container.isLost ? Promise.resolve() : view.release()),
        place: "container",
        by: isolatedByText(options),
      };
    } catch (error) {
      await view.release();
      throw error;
    }
  }

  /** On the project itself: changes are kept, so nothing may be done twice. */
  async #outside(job: Job): Promise<CommandResult> {
    const { request, project } = job;
    const program = this.#program(request.argv[0] ?? "", [project]);
    const env = {
      ...commandEnvironment(this.#env, this.#folders(os.homedir(), os.tmpdir()), job.added),
      ...program.env,
    };
    const before = await snapshot(project);
    const stage: Stage = {
      launch: { file: program.file, args: [...program.before, ...request.argv.slice(1)] },
      env,
      cwd: project,
      reports: false,
      changes: () => Promise.resolve([]),
      release: () => Promise.resolve(),
    };
    const executed = await this.#execute(job, stage, true);
    if (executed.end.kind === "not_started")
      return { ...nothing, end: executed.end, ...outputOf(executed, request.spec) };
    const changed = changedBetween(before, await snapshot(project));
    const { end, durationMs } = executed;
    return { ...nothing, end, place: "project", ...outputOf(executed, request.spec), changed, durationMs };
  }

  async #execute(
    job: Job,
    { launch, env, cwd, reports, apart }: Stage,
    gentle: boolean,
  ): Promise<Executed & { readonly inGroup: boolean }> {
    const { request, onOutput, cancellation, secrets, scratch } = job;
    if (request.recorded !== undefined) await request.recorded;
    const group = apart === undefined ? controlGroup(this.#bounds, this.#options.groups) : undefined;
    const executed = await execute({
      launch,
      ...defined({ group, apart }),
      cwd,
      env,
      ...defined({ stdin: request.stdin }),
      timeoutSeconds: request.spec.timeout_seconds,
      bounds: this.#bounds,
      secrets,
      reports,
      gentle,
      disk: scratch,
      onOutput,
      cancellation,
    });
    group?.close();
    return { ...executed, inGroup: group !== undefined };
  }

  #folders(home: string, temporary: string): Parameters<typeof commandEnvironment>[1] {
    return { home, temporary, realHome: os.homedir(), exists: (folder) => fs.existsSync(folder) };
  }

  #program(name: string, roots: readonly string[]): Program {
    const places = { roots, folders: searchFolders(this.#env), runtime: process.execPath };
    const program = findProgram(name, places);
    if (program !== undefined) return program;
    const batch = batchFile(name, places);
    if (batch !== undefined)
      throw new CannotStart(
        `'${name}' is the batch file ${batch}, which only a shell starts, and Orket starts none. Name the program that it starts, such as node with the path of its script.`,
      );
    throw new CannotStart(whyNoProgram(name, places));
  }

  /** What the view of a job consists of. */
  async #parts({ project, request }: Job): Promise<ViewParts> {
    const settings = await gitSettings(project);
    return {
      project,
      allow: this.#options.policy.allow,
      views: await fs.promises.realpath(path.join(this.#cache, "views")),
      replaced: settings === undefined ? {} : { ".git/config": settings },
      overlay: request.overlay,
      read: request.read,
    };
  }

  #copy({ project, cancellation }: Job, parts: ViewParts): Promise<CopiedView> {
    return copiedView(parts, viewFolders(this.#cache, project).copies, cancellation);
  }

  async #stage(job: Job, sandbox: Sandbox): Promise<Stage> {
    const parts = await this.#parts(job);
    return sandbox.kind === "namespaces"
      ? this.#overlayStage(job, parts)
      : this.#copyStage(job, parts, sandbox.kind);
  }

  async #overlayStage(job: Job, parts: ViewParts): Promise<Stage> {
    const { project, request, scratch } = job;
    const view = await overlayView(parts, path.join(scratch, "layer"));
    const program = this.#program(request.argv[0] ?? "", [path.join(view.layer, "upper"), project]);
    const home = sandboxHome(project);
    return {
      launch: namespaceLaunch({
        project,
        scratch,
        layer: view.layer,
        hidden: view.removed,
        visible: visibleFolders(this.#env, home, process.execPath),
        home,
        network: request.spec.network === "allowed",
        processes: this.#bounds.processes,
        argv: [program.inside, ...program.before, ...request.argv.slice(1)],
      }),
      env: { ...commandEnvironment(this.#env, this.#folders(home, "/tmp"), job.added), ...program.env },
      cwd: "/",
      reports: true,
      changes: () => view.changes(),
      release: () => Promise.resolve(),
    };
  }

  async #copyStage(job: Job, parts: ViewParts, kind: Exclude<SandboxKind, "namespaces">): Promise<Stage> {
    const { project, request, scratch } = job;
    const view = await this.#copy(job, parts);
    try {
      const program = this.#program(request.argv[0] ?? "", [view.root]);
      const argv = [program.inside, ...program.before, ...request.argv.slice(1)];
      const network = request.spec.network === "allowed";
      const exists = (place: string): boolean => fs.existsSync(place);
      const own = { home: path.join(scratch, "home"), temporary: path.join(scratch, "tmp") };
      for (const folder of Object.values(own)) await fs.promises.mkdir(folder);
      const common = { changes: () => view.changes(), release: () => view.release() };
      if (kind === "bubblewrap") {
        const home = sandboxHome(project);
        const visible = visibleFolders(this.#env, home, process.execPath);
        return {
          ...common,
          launch: bubblewrapLaunch({ project, copy: view.root, visible, home, network, argv, exists }),
          env: { ...commandEnvironment(this.#env, this.#folders(home, "/tmp"), job.added), ...program.env },
          cwd: "/",
          reports: true,
        };
      }
      const env = {
        ...commandEnvironment(this.#env, this.#folders(own.home, own.temporary), job.added),
        ...program.env,
      };
      const plain: Launch = { file: program.file, args: [...program.before, ...request.argv.slice(1)] };
      const home = os.homedir();
      const readable = visibleFolders(this.#env, home, process.execPath).map(({ place }) => place);
      const writable = [view.root, own.home, own.temporary];
      const launch =
        kind === "seatbelt"
          ? seatbeltLaunch({ writable, home, readable, network, argv: [program.file, ...plain.args] })
          : plain;
      return { ...common, launch, env, cwd: view.root, reports: false };
    } catch (error) {
      await view.release();
      throw error;
    }
  }
}

/** The home folder inside a sandbox: the user's own path, empty; another one where that cannot be covered. */
function sandboxHome(project: string): string {
  const home = os.homedir();
  const covers = home === "/" || project === home || !path.isAbsolute(home);
  return covers ? "/tmp/home" : home;
}

function outputOf(
  { output, stdout }: Executed,
  { output: form }: CommandSpec,
): Pick<CommandResult, "output" | "stdout"> {
  return form === "json" ? { output, stdout } : { output };
}
