import fs from "node:fs";

/** A mounted file system of this machine. */
export interface Mount {
  readonly place: string;
  /** Flags that a nested namespace may not remove, such as `nosuid`. */
  readonly flags: readonly string[];
}

const lasting: ReadonlySet<string> = new Set([
  "nosuid",
  "nodev",
  "noexec",
  "noatime",
  "nodiratime",
  "relatime",
]);

/** The mounts of this process as `/proc/self/mountinfo` lists them (proc(5)); octal escapes represent spaces. */
function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const fields = line.split(" ");
    const place = fields[4];
    const options = fields[5];
    if (place === undefined || options === undefined) return [];
    return [
      {
        place: place.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8))),
        flags: options.split(",").filter((flag) => lasting.has(flag)),
      },
    ];
  });
}

export function readMounts(): Mount[] {
  try {
    return parseMounts(fs.readFileSync("/proc/self/mountinfo", "utf8"));
  } catch {
    return [];
  }
}

/** The mount that holds the path. */
export function mountOf(mounts: readonly Mount[], place: string): Mount | undefined {
  let best: Mount | undefined;
  for (const mount of mounts) {
    const holds = mount.place === "/" || place === mount.place || place.startsWith(`${mount.place}/`);
    if (holds && mount.place.length >= (best?.place.length ?? 0)) best = mount;
  }
  return best;
}

/** The mounts below the folder, without the folder itself. */
export function mountsBelow(mounts: readonly Mount[], folder: string): Mount[] {
  const prefix = folder === "/" ? "/" : `${folder}/`;
  return mounts.filter(({ place }) => place.startsWith(prefix) && place !== folder);
}
