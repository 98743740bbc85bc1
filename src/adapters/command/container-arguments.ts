import type { Engine } from "./container-engine";
import type { Image } from "./container-image";

/** Where the view is in the container, and the command's working folder. */
export const viewPlace = "/work";
/** The command's home folder in the container, empty. */
export const homePlace = "/home/orket";

/**
 * The file with the command's environment (see `environmentFile`), in the folder that the engine's client is started in:
 * podman would split a whole path at its commas.
 */
export const environmentName = "environment";

export interface ContainerParts {
  readonly engine: Pick<Engine, "kind" | "rootless" | "remaps" | "selinux" | "limitsSwap">;
  readonly image: Image;
  readonly name: string;
  /** What tells the containers of this user, machine and project apart from others. */
  readonly place: string;
  /** The view's folder on this machine. */
  readonly view: string;
  /** An empty folder on this machine. */
  readonly home: string;
  /** Names of variables in that file. */
  readonly variables: readonly string[];
  readonly network: boolean;
  readonly memoryBytes: number;
  readonly processes: number;
  /** This user; undefined on Windows. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;
  readonly argv: readonly string[];
}

/** Temporary folders are in memory and count towards the container's limit. */
const temporary = "rw,exec,nosuid,nodev,size=512m,mode=1777";
/** Of `/dev/shm`, in bytes; what browsers under test need. */
const sharedBytes = 256 << 20;

/** Variables that a docker client adds to containers by its own settings, where they are not given. */
const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

/** One field of a `--mount`: a line of CSV (RFC 4180), as both engines read it. */
function field(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function mount(source: string, target: string): string {
  return `--mount=type=bind,${field(`source=${source}`)},target=${target}`;
}

/** The user inside is the one whose files the view holds. */
function userArguments({ engine, user }: ContainerParts): string[] {
  // Where files have no owner (Windows), any ordinary user can write the view.
  const own = `--user=${user?.uid ?? 1000}:${user?.gid ?? 1000}`;
  if (engine.kind === "podman") return engine.rootless ? ["--userns=keep-id", own] : [own];
  // Root of a container without root outside is the user who started it.
  if (engine.rootless) return ["--user=0:0"];
  return engine.remaps ? ["--userns=host", own] : [own];
}

/** How an engine is asked to run exactly these arguments, in a container that has nothing but the view. */
export function containerArguments(parts: ContainerParts): string[] {
  const { engine, image, argv, memoryBytes } = parts;
  const [program = "", ...rest] = argv;
  const isPodman = engine.kind === "podman";
  const given = new Set(parts.variables);
  return [
    "run",
    "--interactive",
    // Its first process would ignore signals and leave ended processes behind.
    "--init",
    `--name=${parts.name}`,
    `--label=orket.place=${parts.place}`,
    "--pull=never",
    ...(parts.network ? [] : ["--network=none"]),
    "--read-only",
    ...["/tmp", "/var/tmp", ...image.volumes].map((folder) => `--tmpfs=${folder}:${temporary}`),
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    ...(engine.selinux ? ["--security-opt=label=disable"] : []),
    "--ipc=private",
    `--shm-size=${sharedBytes}`,
    `--pids-limit=${parts.processes}`,
    `--memory=${memoryBytes}`,
    ...(engine.limitsSwap ? [`--memory-swap=${memoryBytes}`] : []),
    ...userArguments(parts),
    "--no-healthcheck",
    // What it prints is for Orket alone.
    "--log-driver=none",
    ...(isPodman ? ["--http-proxy=false", "--stop-timeout=0"] : []),
    mount(parts.view, viewPlace),
    mount(parts.home, homePlace),
    `--workdir=${viewPlace}`,
    `--env-file=${environmentName}`,
    ...(isPodman ? [] : proxies.filter((name) => !given.has(name)).map((name) => `--env=${name}=`)),
    // podman reads a text that looks like a list as one.
    `--entrypoint=${isPodman ? JSON.stringify([program]) : program}`,
    image.id,
    ...rest,
  ];
}

/** Longest line that the engines read from a file of variables, in bytes, with some room (64 KiB). */
const maxLineBytes = 60_000;

/**
 * The text of a file of variables, one a line, so that their values are in no command line.
 * @returns the first variable that cannot be in it, where there is one.
 */
export function environmentFile(
  variables: Readonly<Record<string, string>>,
): { readonly text: string } | { readonly unfit: string } {
  const lines: string[] = [];
  for (const [name, value] of Object.entries(variables)) {
    const line = `${name}=${value}`;
    if (/[\n\r\0]/.test(value) || Buffer.byteLength(line) > maxLineBytes) return { unfit: name };
    lines.push(`${line}\n`);
  }
  return { text: lines.join("") };
}
