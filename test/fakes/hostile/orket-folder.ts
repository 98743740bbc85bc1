import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, readdirSync, readFileSync, lstatSync, rmSync, symlinkSync } from "node:fs";
import { truncateSync, writeFileSync } from "node:fs";
import path from "node:path";

/** A project's `.orket` with one session, which an attacker is about to change, and a folder outside Orket's reach. */
export interface Ground {
  readonly project: string;
  readonly orket: string;
  readonly session: string;
  /** Beside the project: nothing here may be read, written or removed. */
  readonly outside: string;
}

/** What an attacker can put in place of something in `.orket`. */
export interface Plant {
  readonly name: string;
  readonly put: (ground: Ground) => void;
}

/** Every name that Orket opens below `.orket`, as a path from there; `S` is the session's id. */
const files = [
  "sessions/S/label.json",
  "sessions/S/head.json",
  "sessions/S/proof.json",
  "sessions/S/definition.json",
  "sessions/S/journal.jsonl",
  "sessions/S/contents",
  "sessions/S/journal.idx",
  "sessions/S/first-screen.json",
  "sessions/S/acceptance.json",
  "sessions/S/lock",
  "capabilities.json",
  "prune.lock",
];
const folders = [
  "trash",
  "blobs",
  "blobs/sha256",
  "sessions",
  "sessions/S",
  "sessions/S/workspace",
  "sessions/S/tmp",
];

function at({ orket, session }: Ground, name: string): string {
  return path.join(orket, ...name.replace("S", path.basename(session)).split("/"));
}

function clear(file: string): void {
  rmSync(file, { recursive: true, force: true });
  mkdirSync(path.dirname(file), { recursive: true });
}

function replaced(name: string, how: string, put: (file: string, ground: Ground) => void): Plant {
  return {
    name: `${name} as ${how}`,
    put: (ground) => {
      const file = at(ground, name);
      clear(file);
      put(file, ground);
    },
  };
}

/** The generator: each name in each hostile form. A new kind of file is one more line in the lists above. */
export function plants(): Plant[] {
  const made: Plant[] = [];
  for (const name of files) {
    made.push(
      replaced(name, "a link to a file outside", (file, { outside }) => {
        symlinkSync(path.join(outside, "precious.txt"), file);
      }),
      replaced(name, "a link to a new name outside", (file, { outside }) => {
        symlinkSync(path.join(outside, "new.txt"), file);
      }),
      replaced(name, "a link to /dev/zero", (file) => {
        symlinkSync("/dev/zero", file);
      }),
      replaced(name, "a pipe", (file) => {
        execFileSync("mkfifo", [file]);
      }),
      replaced(name, "a file of a terabyte", (file) => {
        writeFileSync(file, "{");
        truncateSync(file, 2 ** 40);
      }),
      replaced(name, "a hard link", (file, { outside }) => {
        linkSync(path.join(outside, "precious.txt"), file);
      }),
      replaced(name, "a folder", (file) => {
        mkdirSync(file);
      }),
    );
  }
  for (const name of folders) {
    made.push(
      replaced(name, "a link to a folder outside", (file, { outside }) => {
        symlinkSync(path.join(outside, "folder"), file);
      }),
      replaced(name, "a link to nothing", (file, { outside }) => {
        symlinkSync(path.join(outside, "nothing"), file);
      }),
      replaced(name, "a pipe", (file) => {
        execFileSync("mkfifo", [file]);
      }),
    );
  }
  made.push({
    name: ".orket as a link to a folder outside",
    put: ({ orket, outside }) => {
      rmSync(orket, { recursive: true, force: true });
      symlinkSync(path.join(outside, "folder"), orket);
    },
  });
  return made;
}

/** Creates the folder outside, with everything that a deletion, pruning or write could hit. */
export function makeOutside(outside: string): void {
  const folder = path.join(outside, "folder");
  mkdirSync(path.join(folder, "sessions", "2026-01-01T00-00-00Z-shapes-aaaa-abcdefgh"), { recursive: true });
  mkdirSync(path.join(folder, "2026-01-01T00-00-00Z-shapes-aaaa-abcdefgh"));
  mkdirSync(path.join(folder, "trash", "2026-01-01T00-00-00Z-shapes-aaaa-abcdefgh"), { recursive: true });
  mkdirSync(path.join(folder, "ab"));
  writeFileSync(path.join(folder, "ab", "c".repeat(62)), "a blob of somebody else");
  writeFileSync(path.join(folder, "tmp"), "x");
  writeFileSync(path.join(folder, "2026-01-01T00-00-00Z-shapes-aaaa-abcdefgh", "kept.txt"), "kept");
  writeFileSync(path.join(outside, "precious.txt"), "precious\n");
}

/** Everything below a folder: names, kinds, contents. Two equal snapshots show that nothing was touched. */
export function snapshot(dir: string): string[] {
  const seen: string[] = [];
  const look = (folder: string): void => {
    for (const name of readdirSync(folder).sort()) {
      const file = path.join(folder, name);
      const stat = lstatSync(file);
      const content = stat.isFile() ? readFileSync(file, "utf8") : "";
      seen.push(
        `${path.relative(dir, file)} ${stat.mode.toString(8)} ${stat.ino} ${stat.mtimeMs} ${content}`,
      );
      if (stat.isDirectory()) look(file);
    }
  };
  look(dir);
  return seen;
}
