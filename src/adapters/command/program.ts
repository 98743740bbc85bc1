import fs from "node:fs";
import path from "node:path";

/** A program that was found. */
export interface Program {
  /** How to start it from outside: an absolute path. */
  readonly file: string;
  /** Its name within a sandbox, where its view appears at the project's place. */
  readonly inside: string;
  /** Arguments before the command's own: the script, where a runtime starts it. */
  readonly before: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface ProgramPlaces {
  /** Folders in which a name with a slash is searched for, in order. */
  readonly roots: readonly string[];
  /** The folders of PATH. */
  readonly folders: readonly string[];
  /** The program that runs Orket: Node itself, or an editor that can act as Node. */
  readonly runtime: string;
  /** Whether programs follow the rules of Windows; this machine's system unless given. */
  readonly windows?: boolean;
}

const onWindows = process.platform === "win32";
/** Extensions of programs that Windows starts without a shell. */
const endingsOf = (windows = onWindows): readonly string[] => (windows ? ["", ".exe", ".com"] : [""]);
/** Extensions of scripts that only the Windows shell starts. Node refuses them (CVE-2024-27980): arguments could be commands. */
const scriptEndings = [".cmd", ".bat"];

const isBatch = (file: string, windows = onWindows): boolean =>
  windows && scriptEndings.some((ending) => file.toLowerCase().endsWith(ending));

function isProgram(file: string): boolean {
  try {
    if (!fs.statSync(file).isFile()) return false;
    fs.accessSync(file, fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The name on the PATH, an absolute path, or one within the view. `node` is always found: Orket itself runs on it. */
export function findProgram(name: string, places: ProgramPlaces): Program | undefined {
  const { roots, folders, runtime, windows } = places;
  const endings = endingsOf(windows);
  if (name === "") return undefined;
  if (path.isAbsolute(name))
    return isProgram(name) && !isBatch(name, windows)
      ? { file: name, inside: name, before: [], env: {} }
      : undefined;
  if (/[\\/]/.test(name)) {
    for (const root of roots) {
      for (const ending of endings) {
        const file = path.join(root, name + ending);
        // A name with a slash is resolved by the system against the folder that the command starts in.
        if (isProgram(file) && !isBatch(file, windows))
          return { file, inside: `./${name}`, before: [], env: {} };
      }
    }
    return undefined;
  }
  for (const folder of folders) {
    for (const ending of endings) {
      const file = path.join(folder, name + ending);
      if (isProgram(file) && !isBatch(file, windows)) return { file, inside: file, before: [], env: {} };
    }
  }
  if (name === "node")
    return { file: runtime, inside: runtime, before: [], env: { ELECTRON_RUN_AS_NODE: "1" } };
  return npmScript(name, places);
}

/** npm and npx on Windows: the scripts behind `npm.cmd` and `npx.cmd`, started by the Node found. */
function npmScript(name: string, places: ProgramPlaces): Program | undefined {
  if (name !== "npm" && name !== "npx") return undefined;
  const shim = batchFile(name, places);
  if (shim === undefined) return undefined;
  const script = path.join(path.dirname(shim), "node_modules", "npm", "bin", `${name}-cli.js`);
  const node = findProgram("node", places);
  return node === undefined || !fs.existsSync(script) ? undefined : { ...node, before: [script] };
}

/** The batch file that a name refers to on Windows, which only a shell starts; undefined where there is none. */
export function batchFile(
  name: string,
  { roots, folders, windows = onWindows }: ProgramPlaces,
): string | undefined {
  if (!windows) return undefined;
  const places = path.isAbsolute(name) ? [""] : /[\\/]/.test(name) ? roots : folders;
  for (const place of places) {
    for (const ending of isBatch(name, windows) ? [""] : scriptEndings) {
      const file = path.join(place, name + ending);
      if (fs.existsSync(file)) return file;
    }
  }
  return undefined;
}

/** Why `findProgram` found none, as the rest of a sentence. */
export function whyNoProgram(name: string, { roots }: ProgramPlaces): string {
  if (!/[\\/]/.test(name)) return `there is no program '${name}' on the PATH.`;
  const isAbsolute = path.isAbsolute(name);
  const kinds = (isAbsolute ? [name] : roots.map((root) => path.join(root, name))).map(kindOf);
  if (kinds.includes("file"))
    return `the file '${name}' is not executable. Make it so with 'chmod +x ${name}'.`;
  if (kinds.includes("folder")) return `'${name}' is a folder, not a program.`;
  return `there is no program '${name}' ${isAbsolute ? "on this machine" : "in the view"}.`;
}

function kindOf(file: string): "file" | "folder" | undefined {
  try {
    const found = fs.statSync(file);
    return found.isFile() ? "file" : found.isDirectory() ? "folder" : undefined;
  } catch {
    return undefined;
  }
}
