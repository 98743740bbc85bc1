import os from "node:os";
import { mountOf, mountsBelow, readMounts } from "./mounts";
import type { Mount } from "./mounts";
import { namespaceScript } from "./namespace-script";
import { hiddenSystemFiles, hiddenSystemFolders } from "./visible-folders";
import type { Visible } from "./visible-folders";

/** A program to start, with its arguments. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
}

export interface NamespaceParts {
  /** The project's folder, real path: where the view stands inside. */
  readonly project: string;
  /** An empty folder, for the new root. */
  readonly root: string;
  /** Holds `upper` (what the view shows instead of the project) and `work`, both on one file system. */
  readonly layer: string;
  /** What the view does not show, relative to the project. */
  readonly hidden: readonly string[];
  readonly visible: readonly Visible[];
  /** The home folder inside: empty but for tool chains. */
  readonly home: string;
  readonly network: boolean;
  readonly processes: number;
  readonly argv: readonly string[];
  readonly exists: (place: string) => boolean;
}

const devices = ["null", "zero", "full", "random", "urandom", "tty"];
/** Small enough that they cannot fill the memory, which they are made of. */
const smallDisk = "mode=1777,size=512m,nr_inodes=100k";

/** Since Linux 6.14 a process namespace has a bound of its own; before, the file is the machine's. */
function ownProcessBound(release = os.release()): boolean {
  const [major = 0, minor = 0] = release.split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 14);
}

function readOnly(mounts: readonly Mount[], source: string, place: string): string[] {
  const flags = (mount: Mount | undefined): string => ["nosuid", "nodev", ...(mount?.flags ?? [])].join(",");
  const below = mountsBelow(mounts, source).flatMap((mount) => [
    "lock",
    flags(mount),
    place + mount.place.slice(source.length),
  ]);
  return ["ro", source, place, flags(mountOf(mounts, source)), ...below];
}

function operations(parts: NamespaceParts, mounts: readonly Mount[]): string[] {
  const { project, home, visible, exists } = parts;
  const inHome = ({ place }: Visible): boolean => place === home || place.startsWith(`${home}/`);
  const bind = (entries: readonly Visible[]): string[] =>
    entries.flatMap((entry) =>
      entry.kind === "link"
        ? ["link", entry.target, entry.place]
        : readOnly(mounts, entry.place, entry.place),
    );
  const outside = bind(visible.filter((entry) => !inHome(entry)));
  const tools = bind(visible.filter(inHome));
  const names = parts.network ? ["/run/systemd/resolve", "/run/resolvconf"].filter(exists) : [];
  return [
    ...["folder", "/dev", "tmpfs", smallDisk, "/tmp", "tmpfs", smallDisk, "/var/tmp"],
    ...["tmpfs", smallDisk, "/run", "tmpfs", smallDisk, "/dev/shm", "link", "/run", "/var/run"],
    ...devices.flatMap((name) => (exists(`/dev/${name}`) ? ["device", `/dev/${name}`] : [])),
    ...["link", "/proc/self/fd", "/dev/fd", "link", "/proc/self/fd/0", "/dev/stdin"],
    ...["link", "/proc/self/fd/1", "/dev/stdout", "link", "/proc/self/fd/2", "/dev/stderr", "proc"],
    ...outside,
    ...hiddenSystemFiles.filter(exists).flatMap((file) => ["ro", "/dev/null", file, "nosuid"]),
    ...hiddenSystemFolders.filter(exists).flatMap((folder) => ["tmpfs", "mode=755,size=4k", folder]),
    ...names.flatMap((folder) => readOnly(mounts, folder, folder)),
    ...["tmpfs", smallDisk, home],
    ...tools,
    ...["overlay", project, parts.layer, "upper", project],
    ...parts.hidden.flatMap((file) => ["remove", `${project}/${file}`]),
    ...mountsBelow(mounts, project).flatMap(({ place }) => readOnly(mounts, place, place)),
  ];
}

/** How a command is started in namespaces of its own with nothing but util-linux. Linux only. */
export function namespaceLaunch(parts: NamespaceParts): Launch {
  const user = process.getuid?.() ?? 0;
  const group = process.getgid?.() ?? 0;
  const nested = user === 0 ? ["-", "-"] : [String(user), String(group)];
  return {
    file: "setpriv",
    args: [
      // The whole tree ends with the process that started it, however that ended.
      ...[
        "--pdeathsig",
        "KILL",
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "--pid",
        "--ipc",
        "--uts",
      ],
      ...["--cgroup", ...(parts.network ? [] : ["--net"]), "--fork", "--kill-child=KILL"],
      ...["/bin/sh", "-c", namespaceScript, "orket", parts.root],
      ...operations(parts, readMounts()),
      ...["--", parts.project, ...nested, String(ownProcessBound() ? parts.processes : 0)],
      ...parts.argv,
    ],
  };
}
