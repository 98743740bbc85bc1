import type { Launch } from "./namespace";

export interface SeatbeltParts {
  /** Folders that the command may write: the copy, its home and its temporary folder. Real paths. */
  readonly writable: readonly string[];
  /** The user's home, of which only toolchains may be read. */
  readonly home: string;
  /** What may be read within the home: toolchains, the copy. */
  readonly readable: readonly string[];
  readonly network: boolean;
  readonly argv: readonly string[];
}

/** A string of the profile language (a Scheme): only quotes and backslashes are special in it. */
function text(value: string): string {
  return `"${value.replace(/[\\"]/g, "\\$&")}"`;
}

const subpaths = (folders: readonly string[]): string =>
  folders.map((folder) => `(subpath ${text(folder)})`).join(" ");

/** Apple's rules for one command: the last matching rule decides. */
function seatbeltProfile(parts: SeatbeltParts): string {
  return [
    "(version 1)",
    "(allow default)",
    "(deny file-write*)",
    `(allow file-write* ${subpaths(parts.writable)} (literal "/dev/null") (literal "/dev/zero") (literal "/dev/tty"))`,
    `(deny file-read* ${subpaths([parts.home])})`,
    `(allow file-read-metadata ${subpaths([parts.home])})`,
    `(allow file-read* ${subpaths([...parts.readable, ...parts.writable])})`,
    '(deny file-read* (subpath "/private/var/run") (subpath "/Volumes"))',
    "(deny signal)",
    "(allow signal (target same-sandbox))",
    "(deny process-info*)",
    "(allow process-info* (target same-sandbox))",
    '(deny mach-lookup (global-name "com.apple.SecurityServer") (global-name "com.apple.securityd.xpc"))',
    "(deny appleevent-send)",
    ...(parts.network ? [] : ["(deny network*)"]),
  ].join("\n");
}

/** How to start a command under Seatbelt. macOS only. */
export function seatbeltLaunch(parts: SeatbeltParts): Launch {
  return { file: "/usr/bin/sandbox-exec", args: ["-p", seatbeltProfile(parts), ...parts.argv] };
}
