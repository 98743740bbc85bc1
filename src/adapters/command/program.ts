import fs from "node:fs";
import path from "node:path";

/** A program that was found. */
export interface Program {
  /** How it is started from outside: an absolute path. */
  readonly file: string;
  /** How it is named within a sandbox, where its view stands at the project's place. */
  readonly inside: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface ProgramPlaces {
  /** Folders in which a name with a slash is looked for, in order. */
  readonly roots: readonly string[];
  /** The folders of PATH. */
  readonly folders: readonly string[];
  /** The program that runs Orket: Node itself, or an editor that can be it. */
  readonly runtime: string;
}

/** Endings of programs that Windows starts without a shell. */
const endings = process.platform === "win32" ? ["", ".exe", ".com"] : [""];

function isProgram(file: string): boolean {
  try {
    if (!fs.statSync(file).isFile()) return false;
    fs.accessSync(file, fs.constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The name on the PATH, an absolute path, or one within the view. `node` is found everywhere: Orket itself runs on it. */
export function findProgram(name: string, { roots, folders, runtime }: ProgramPlaces): Program | undefined {
  if (name === "") return undefined;
  if (path.isAbsolute(name)) return isProgram(name) ? { file: name, inside: name, env: {} } : undefined;
  if (/[\\/]/.test(name)) {
    for (const root of roots) {
      for (const ending of endings) {
        const file = path.join(root, name + ending);
        // A name with a slash is resolved by the system against the folder that the command starts in.
        if (isProgram(file)) return { file, inside: `./${name}`, env: {} };
      }
    }
    return undefined;
  }
  for (const folder of folders) {
    for (const ending of endings) {
      const file = path.join(folder, name + ending);
      if (isProgram(file)) return { file, inside: file, env: {} };
    }
  }
  if (name !== "node") return undefined;
  return { file: runtime, inside: runtime, env: { ELECTRON_RUN_AS_NODE: "1" } };
}
