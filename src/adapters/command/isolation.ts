import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { CancelSource } from "../../engine/port/cancellation";
import { commandBounds } from "./bounds";
import { execute } from "./execute";
import { namespaceLaunch } from "./namespace";
import { removeTree } from "./remove-tree";
import { newScratch } from "./scratch";
import { visibleFolders } from "./visible-folders";

/** What isolates commands on this machine. */
export type Sandbox =
  | { readonly kind: "namespaces"; readonly name: string }
  | { readonly kind: "bubblewrap"; readonly name: string }
  | { readonly kind: "seatbelt"; readonly name: string }
  /** Nothing does. `message`: why, and how to get isolation. */
  | { readonly kind: "missing"; readonly message: string };

export type SandboxKind = Sandbox["kind"];

const acceptView = "or let the command accept less with 'isolation: view'";

function versionOf(file: string, pattern: RegExp): string {
  const { stdout } = spawnSync(file, ["--version"], { encoding: "utf8", timeout: 5000 });
  return pattern.exec(stdout ?? "")?.[0] ?? "";
}

function setting(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}

/** Why Linux provides no namespaces, and what the user can do. `reported`: the output of the attempts. */
function explainMissing(
  read: (file: string) => string | undefined,
  inContainer: boolean,
  reported: string,
): string {
  const start = "This machine has no sandbox for commands";
  if (read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === "1") {
    return `${start}: AppArmor keeps programs from making namespaces (the default of Ubuntu 24.04). Install bubblewrap with an AppArmor profile (package apparmor-profiles, profile bwrap-userns-restrict), or run 'sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0', ${acceptView}.`;
  }
  if (read("/proc/sys/kernel/unprivileged_userns_clone") === "0") {
    return `${start}: namespaces are switched off. Run 'sudo sysctl -w kernel.unprivileged_userns_clone=1', ${acceptView}.`;
  }
  if (read("/proc/sys/user/max_user_namespaces") === "0") {
    return `${start}: no user namespaces are allowed. Run 'sudo sysctl -w user.max_user_namespaces=15000', ${acceptView}.`;
  }
  if (inContainer) {
    return `${start}: the container around it does not allow namespaces. Start the container with '--security-opt seccomp=unconfined --security-opt apparmor=unconfined', ${acceptView}. (${reported})`;
  }
  return `${start}. Install bubblewrap (package bubblewrap) or util-linux 2.38 or newer, ${acceptView}. (${reported})`;
}

/** Starts `true` in namespaces over an empty project, in the folder where the views will be. */
async function tryNamespaces(runs: string): Promise<string | undefined> {
  const scratch = await newScratch(runs);
  try {
    for (const name of ["project", "layer/upper", "layer/work"]) {
      await fs.promises.mkdir(path.join(scratch, name), { recursive: true });
    }
    const home = os.homedir();
    const { end, output } = await execute({
      launch: namespaceLaunch({
        project: await fs.promises.realpath(path.join(scratch, "project")),
        scratch,
        layer: path.join(scratch, "layer"),
        hidden: [],
        visible: visibleFolders(process.env, home, process.execPath),
        home: "/tmp/home",
        network: false,
        processes: commandBounds.processes,
        argv: ["true"],
      }),
      cwd: "/",
      env: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
      timeoutSeconds: 20,
      bounds: commandBounds,
      secrets: [],
      reports: true,
      gentle: false,
      disk: scratch,
      onOutput: () => undefined,
      cancellation: new CancelSource(),
    });
    if (end.kind === "exited" && end.code === 0) return undefined;
    return "message" in end ? end.message : `namespaces: ${end.kind} ${output.trim()}`;
  } finally {
    await removeTree(scratch);
  }
}

function tryBubblewrap(): string | undefined {
  const args = [
    "--die-with-parent",
    "--unshare-all",
    "--cap-drop",
    "ALL",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
  ];
  const tried = spawnSync("bwrap", [...args, "--proc", "/proc", "--", "true"], {
    encoding: "utf8",
    timeout: 20_000,
  });
  if (tried.status === 0) return undefined;
  return tried.error === undefined ? `bwrap: ${tried.stderr.trim()}` : "bubblewrap is not installed";
}

async function probe(runs: string, only: SandboxKind | undefined): Promise<Sandbox> {
  if (process.platform === "darwin") {
    return fs.existsSync("/usr/bin/sandbox-exec")
      ? { kind: "seatbelt", name: "Seatbelt" }
      : { kind: "missing", message: `This machine has no sandbox-exec; ${acceptView.slice(3)}.` };
  }
  if (process.platform !== "linux") {
    return {
      kind: "missing",
      message: `Windows has no sandbox for commands. Run the command in a container ('isolation: container' with an 'image'), let it accept 'isolation: view', or run the Flow in WSL.`,
    };
  }
  const reports: string[] = [];
  if (only !== "bubblewrap" && only !== "missing") {
    const report = await tryNamespaces(runs);
    if (report === undefined)
      return { kind: "namespaces", name: `namespaces (${versionOf("unshare", /util-linux [\d.]+/)})` };
    reports.push(report);
  }
  if (only !== "namespaces" && only !== "missing") {
    const report = tryBubblewrap();
    if (report === undefined) return { kind: "bubblewrap", name: versionOf("bwrap", /bubblewrap [\d.]+/) };
    reports.push(report);
  }
  const inContainer = fs.existsSync("/.dockerenv") || fs.existsSync("/run/.containerenv");
  return { kind: "missing", message: explainMissing(setting, inContainer, reports.join("; ")) };
}

const found = new Map<string, Promise<Sandbox>>();

/** What isolates commands here, tried once per process by starting something. @param only for tests: this kind alone. */
export function findSandbox(runs: string, only?: SandboxKind): Promise<Sandbox> {
  const key = `${only ?? ""} ${runs}`;
  const known = found.get(key) ?? probe(runs, only);
  found.set(key, known);
  return known;
}
