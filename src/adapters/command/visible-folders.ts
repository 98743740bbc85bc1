import fs from "node:fs";
import path from "node:path";
import { searchFolders } from "./environment";

type Variables = Readonly<Record<string, string | undefined>>;

/** System folders that hold programs and their settings; nothing else is visible in a sandbox. */
const systemFolders = [
  ...[
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/opt",
    "/nix/store",
    "/gnu/store",
  ],
  ...[
    "/snap",
    "/var/lib/flatpak",
    "/var/lib/snapd/snap",
    "/run/current-system",
    "/home/linuxbrew/.linuxbrew",
  ],
];

/** Files below them that hold secrets on machines where a command could read them. */
export const hiddenSystemFiles = [
  "/etc/shadow",
  "/etc/shadow-",
  "/etc/gshadow",
  "/etc/gshadow-",
  "/etc/sudoers",
  "/etc/krb5.keytab",
];
/** Folders below them, likewise. */
export const hiddenSystemFolders = [
  "/etc/ssh",
  "/etc/ssl/private",
  "/etc/sudoers.d",
  "/etc/wireguard",
  "/etc/NetworkManager",
];

/** Toolchains in a home folder, without what lies beside them (credentials, settings, keyrings). */
const homeTools = [
  ...[".cargo/bin", ".cargo/registry", ".cargo/git", ".rustup", ".pyenv", ".nvm", ".volta", ".fnm", ".asdf"],
  ...[
    ".local/bin",
    ".local/lib",
    ".local/pipx",
    ".local/share/mise",
    ".local/share/fnm",
    ".local/share/uv/python",
  ],
  ...[
    ".rbenv",
    ".sdkman/candidates",
    ".deno/bin",
    ".bun/bin",
    ".dotnet",
    "go/bin",
    "go/pkg/mod",
    ".npm-global",
  ],
  ...[
    ".local/share/pnpm",
    "miniconda3",
    "anaconda3",
    ".ghcup/bin",
    ".ghcup/ghc",
    ".m2/repository",
    ".gradle/wrapper",
  ],
];

/** A folder or file that a sandbox shows, or a link at that place. */
export type Visible =
  | { readonly kind: "folder"; readonly place: string }
  | { readonly kind: "link"; readonly place: string; readonly target: string };

function look(place: string): Visible | undefined {
  try {
    const stat = fs.lstatSync(place);
    if (stat.isSymbolicLink()) return { kind: "link", place, target: fs.readlinkSync(place) };
    return { kind: "folder", place };
  } catch {
    return undefined;
  }
}

const isWithin = (folder: string, place: string): boolean =>
  place === folder || place.startsWith(`${folder}/`);

/**
 * What a sandbox on Linux shows of the machine besides the project, read-only: the system's programs, and of the user's
 * home only toolchains. `runtime` is the program that runs Orket; `node` may have to be found in its folder.
 */
export function visibleFolders(host: Variables, home: string, runtime: string): Visible[] {
  const found: Visible[] = [];
  const add = (place: string): void => {
    if (found.some((seen) => seen.kind === "folder" && isWithin(seen.place, place))) return;
    const visible = look(place);
    if (visible !== undefined && !found.some((seen) => seen.place === place)) found.push(visible);
  };
  for (const folder of systemFolders) add(folder);
  for (const folder of homeTools) add(path.join(home, folder));
  for (const folder of [...searchFolders(host), path.dirname(runtime)]) {
    // A toolchain's programs need the files beside their folder; in a home, only what is known to hold no secrets.
    if (isWithin(home, folder) || folder === "/" || isWithin("/run", folder)) {
      if (folder !== home && folder !== "/") add(folder);
    } else {
      const whole = path.dirname(folder);
      add(/\/s?bin$/.test(folder) && whole.split("/").length > 2 ? whole : folder);
    }
  }
  return found;
}
