import type { Launch } from "./namespace";
import { hiddenSystemFiles, hiddenSystemFolders } from "./visible-folders";
import type { Visible } from "./visible-folders";

export interface BubblewrapParts {
  /** The project's folder, real path: where the copy appears inside. */
  readonly project: string;
  readonly copy: string;
  readonly visible: readonly Visible[];
  readonly home: string;
  readonly network: boolean;
  readonly argv: readonly string[];
  readonly exists: (place: string) => boolean;
}

const smallDisk = ["--size", String(512 << 20), "--tmpfs"];

/** How bubblewrap starts a command over a copy of the project. */
export function bubblewrapLaunch(parts: BubblewrapParts): Launch {
  const { project, home, visible, exists } = parts;
  const inHome = ({ place }: Visible): boolean => place === home || place.startsWith(`${home}/`);
  const bind = (entry: Visible): string[] =>
    entry.kind === "link"
      ? ["--symlink", entry.target, entry.place]
      : ["--ro-bind", entry.place, entry.place];
  const names = parts.network ? ["/run/systemd/resolve", "/run/resolvconf"].filter(exists) : [];
  return {
    file: "bwrap",
    args: [
      ...["--die-with-parent", "--new-session", "--unshare-user", "--unshare-pid", "--unshare-ipc"],
      ...["--unshare-uts", "--unshare-cgroup-try", ...(parts.network ? [] : ["--unshare-net"])],
      ...["--cap-drop", "ALL", "--json-status-fd", "3", "--dev", "/dev", "--proc", "/proc"],
      ...[...smallDisk, "/tmp", ...smallDisk, "/var/tmp", ...smallDisk, "/run"],
      ...visible.filter((entry) => !inHome(entry)).flatMap(bind),
      ...hiddenSystemFiles.filter(exists).flatMap((file) => ["--ro-bind", "/dev/null", file]),
      ...hiddenSystemFolders.filter(exists).flatMap((folder) => ["--tmpfs", folder]),
      ...names.flatMap((folder) => ["--ro-bind", folder, folder]),
      ...[...smallDisk, home],
      ...visible.filter(inHome).flatMap(bind),
      ...["--bind", parts.copy, project, "--chdir", project, "--", ...parts.argv],
    ],
  };
}
