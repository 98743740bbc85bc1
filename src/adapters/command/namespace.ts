import fs from "node:fs";
import os from "node:os";
import path from "node:path";
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
  /** The project's folder, real path: where the view appears inside. */
  readonly project: string;
  /** A folder for this command alone; the parts of the new root are put there. */
  readonly scratch: string;
  /** Holds `upper` (what the view shows instead of the project) and `work`, both on one file system. */
  readonly layer: string;
  /** What the view does not show, relative to the project. */
  readonly hidden: readonly string[];
  readonly visible: readonly Visible[];
  /** The home folder inside: empty except for toolchains. */
  readonly home: string;
  readonly network: boolean;
  readonly processes: number;
  readonly argv: readonly string[];
}

const devices = ["null", "zero", "full", "random", "urandom"];
/** Files of `/proc` through which a machine's root could change it, whatever privileges it gave up. */
const lockedProc = ["sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi"];

/** Since Linux 6.14 a process namespace has a limit of its own; before, the file is the machine's. */
function ownProcessBound(release = os.release()): boolean {
  const [major = 0, minor = 0] = release.split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 14);
}

/** A field of fstab(5): white space and backslashes as octal escapes. */
function field(text: string): string {
  return text.replace(/[\s\\#]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, "0")}`);
}

/** The new root before anything is mounted: folders, empty files and links that serve as mount points. */
class Skeleton {
  readonly root: string;
  readonly #rows: string[] = [];
  readonly #mounts = readMounts();
  /** Writable folders inside, and where they are outside. */
  readonly #writable: readonly (readonly [inside: string, outside: string])[];

  constructor(parts: NamespaceParts) {
    this.root = path.join(parts.scratch, "root");
    const folder = (name: string): string => path.join(parts.scratch, name);
    this.#writable = [
      [parts.home, folder("home")],
      ["/var/tmp", folder("tmp")],
      ["/tmp", folder("tmp")],
    ];
    for (const name of ["proc", "dev", "run", "var", ".old", ".lower", ".upper"])
      fs.mkdirSync(path.join(this.root, name), { recursive: true });
    for (const name of ["home", "tmp"]) fs.mkdirSync(folder(name), { recursive: true });
    fs.chmodSync(folder("tmp"), 0o1777);
  }

  /** Where a path of the new root is prepared: in the root itself, or in a writable folder that is mounted over it. */
  #ground(place: string): string {
    const [inside, outside] =
      this.#writable.find(([folder]) => place === folder || place.startsWith(`${folder}/`)) ?? [];
    if (inside === undefined || outside === undefined) return path.join(this.root, place);
    return path.join(outside, place.slice(inside.length));
  }

  #stand(place: string, isFolder: boolean): void {
    const ground = this.#ground(place);
    fs.mkdirSync(isFolder ? ground : path.dirname(ground), { recursive: true });
    if (!isFolder && !fs.existsSync(ground)) fs.writeFileSync(ground, "");
  }

  mount(source: string, place: string, kind: string, options: string): void {
    this.#rows.push(`${field(source)} ${field(this.root + place)} ${kind} ${options} 0 0`);
  }

  /** A link, unless something exists there. */
  link(target: string, place: string): void {
    const ground = this.#ground(place);
    fs.mkdirSync(path.dirname(ground), { recursive: true });
    if (fs.lstatSync(ground, { throwIfNoEntry: false }) === undefined) fs.symlinkSync(target, ground);
  }

  writable(): void {
    for (const [inside, outside] of [...this.#writable].reverse()) {
      // A home below /tmp lies on what is mounted there.
      const below = this.#writable.find(([folder]) => inside.startsWith(`${folder}/`));
      const ground =
        below === undefined
          ? path.join(this.root, inside)
          : path.join(below[1], inside.slice(below[0].length));
      fs.mkdirSync(ground, { recursive: true });
      this.mount(outside, inside, "none", "bind,nosuid,nodev");
    }
  }

  device(name: string): void {
    this.#stand(`/dev/${name}`, false);
    this.mount(`/dev/${name}`, `/dev/${name}`, "none", "bind");
  }

  /** Shows a folder or file read-only with everything that is mounted below it. `within`: it lies in one shown before. */
  readOnly(source: string, place = source, within = false): void {
    if (!within) this.#stand(place, fs.statSync(source).isDirectory());
    this.mount(source, place, "none", `rbind,${this.#flags(mountOf(this.#mounts, source))}`);
    for (const below of mountsBelow(this.#mounts, source)) {
      const inside = place + below.place.slice(source.length);
      this.mount(below.place, inside, "none", `bind,${this.#flags(below)}`);
    }
  }

  #flags(mount: Mount | undefined): string {
    return ["ro", "nosuid", "nodev", ...(mount?.flags ?? [])].join(",");
  }

  /** What is mounted within the project is not part of an overlay's lower layer. */
  within(project: string): void {
    for (const { place } of mountsBelow(this.#mounts, project)) this.readOnly(place, place, true);
  }

  overlay({ project, layer }: NamespaceParts): void {
    if (!this.#isShown(project)) this.#stand(project, true);
    // Through mounts of their own, so that no name needs an escape within the options.
    this.mount(project, "/.lower", "none", "bind");
    this.mount(layer, "/.upper", "none", "bind");
    const options = "lowerdir=.lower,upperdir=.upper/upper,workdir=.upper/work,userxattr";
    this.mount("overlay", project, "overlay", options);
  }

  #isShown(place: string): boolean {
    return this.#rows.some((row) => {
      const shown = row.split(" ")[1]?.slice(this.root.length) ?? "";
      return row.includes("rbind") && place.startsWith(`${shown}/`);
    });
  }

  table(): string {
    return `${this.#rows.join("\n")}\n`;
  }
}

function build(parts: NamespaceParts): string {
  const skeleton = new Skeleton(parts);
  const { visible, home } = parts;
  const inHome = ({ place }: Visible): boolean => place === home || place.startsWith(`${home}/`);
  const show = (entry: Visible): void => {
    if (entry.kind === "link") skeleton.link(entry.target, entry.place);
    else skeleton.readOnly(entry.place);
  };
  skeleton.mount("proc", "/proc", "proc", "nosuid,nodev,noexec");
  for (const name of lockedProc.filter((entry) => fs.existsSync(`/proc/${entry}`)))
    skeleton.mount(`${skeleton.root}/proc/${name}`, `/proc/${name}`, "none", "bind,ro,nosuid,nodev,noexec");
  for (const name of devices) skeleton.device(name);
  fs.mkdirSync(path.join(skeleton.root, "dev/shm"));
  skeleton.mount("tmpfs", "/dev/shm", "tmpfs", "mode=1777,size=256m,nr_inodes=10k,nosuid,nodev");
  for (const [target, place] of [
    ["/proc/self/fd", "/dev/fd"],
    ["/proc/self/fd/0", "/dev/stdin"],
    ["/proc/self/fd/1", "/dev/stdout"],
    ["/proc/self/fd/2", "/dev/stderr"],
    ["/run", "/var/run"],
  ] as const)
    skeleton.link(target, place);
  visible.filter((entry) => !inHome(entry) && !entry.place.startsWith("/tmp/")).forEach(show);
  for (const file of hiddenSystemFiles.filter((entry) => fs.existsSync(entry)))
    skeleton.mount("/dev/null", file, "none", "bind,ro,nosuid");
  for (const folder of hiddenSystemFolders.filter((entry) => fs.existsSync(entry)))
    skeleton.mount("tmpfs", folder, "tmpfs", "mode=755,size=4k,ro");
  if (parts.network)
    for (const folder of ["/run/systemd/resolve", "/run/resolvconf"].filter((entry) => fs.existsSync(entry)))
      skeleton.readOnly(folder);
  skeleton.writable();
  visible.filter((entry) => inHome(entry) || entry.place.startsWith("/tmp/")).forEach(show);
  skeleton.overlay(parts);
  skeleton.within(parts.project);
  return skeleton.table();
}

/**
 * How to start a command in namespaces of its own with util-linux alone. Linux only. Puts the parts of the new root
 * into the scratch folder.
 */
export function namespaceLaunch(parts: NamespaceParts): Launch {
  const user = process.getuid?.() ?? 0;
  const group = process.getgid?.() ?? 0;
  const nested = user === 0 ? ["-", "-"] : [String(user), String(group)];
  const table = path.join(parts.scratch, "fstab");
  fs.writeFileSync(table, build(parts));
  const hidden = parts.hidden.length === 0 ? "" : path.join(parts.scratch, "hidden");
  if (hidden !== "") fs.writeFileSync(hidden, parts.hidden.map((name) => `./${name}\0`).join(""));
  const bound = String(ownProcessBound() ? parts.processes : 0);
  return {
    file: "setpriv",
    args: [
      // The whole tree ends with the process that started it, however that process ends.
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
      ...["/bin/sh", "-c", namespaceScript, "orket", path.join(parts.scratch, "root"), table, parts.project],
      ...[...nested, bound, hidden, ...parts.argv],
    ],
  };
}
