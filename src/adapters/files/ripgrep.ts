import { execFile } from "node:child_process";
import { realpathSync } from "node:fs";
import path from "node:path";
import { findProgram } from "../command/program";
import { isWithin } from "./paths";
import { skippedFolders } from "./skipped-folders";

/** What every file with a match contains. */
export type FileProbe =
  | { readonly kind: "text"; readonly text: string }
  /** A regular expression in the syntax of Rust's `regex`, upper and lower case equal. */
  | { readonly kind: "caseless"; readonly pattern: string };

/** Longest run, and most output; beyond them every file is read instead. */
const maxMs = 120_000;
const maxOutputBytes = 256 << 20;

/**
 * The first `rg` of these folders, as an absolute path. A folder inside the project does not count, as of
 * `node_modules/.bin`, which npx puts on the PATH: what runs must not be the project's choice.
 */
export function findRipgrep(folders: readonly string[], workDomain: string): string | undefined {
  const roots = [workDomain, realOf(workDomain)];
  const outside = folders.filter((folder) => !roots.some((root) => isWithin(root, realOf(folder))));
  return findProgram("rg", { roots: [], folders: outside, runtime: process.execPath })?.file;
}

function realOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return path.resolve(folder);
  }
}

/** Where an installation of VS Code keeps its own ripgrep. */
export function ripgrepFolders(appRoot: string): string[] {
  if (!path.isAbsolute(appRoot)) return [];
  const platform = `${process.platform}-${process.arch}`;
  return ["node_modules", "node_modules.asar.unpacked"].flatMap((modules) => [
    path.join(appRoot, modules, "@vscode", "ripgrep", "bin"),
    path.join(appRoot, modules, "@vscode", "ripgrep-universal", "bin", platform),
  ]);
}

/**
 * The files below a folder that contain the probe, relative to it: binary, hidden and ignored ones too, in the bytes as they
 * are, without links. The folders that no search enters are left out. undefined: ripgrep did not read every file.
 */
export function filesWith(
  ripgrep: string,
  folder: string,
  probe: FileProbe,
): Promise<ReadonlySet<string> | undefined> {
  const args = [
    "--no-config",
    "--files-with-matches",
    "--null",
    "--color=never",
    "--text",
    "--encoding=none",
    "--no-ignore",
    "--hidden",
    ...[...skippedFolders].map((name) => `--glob=!${name}/`),
    ...(probe.kind === "text"
      ? ["--fixed-strings", "-e", probe.text]
      : ["--ignore-case", "-e", probe.pattern]),
    "--",
    ".",
  ];
  return new Promise((resolve) => {
    const options = {
      cwd: folder,
      encoding: "buffer",
      timeout: maxMs,
      maxBuffer: maxOutputBytes,
      windowsHide: true,
    } as const;
    execFile(ripgrep, args, options, (error, stdout) => {
      // 1: no file matches. Everything else means that something was not read.
      resolve(error === null || error.code === 1 ? namesIn(stdout) : undefined);
    });
  });
}

function namesIn(output: Buffer): ReadonlySet<string> {
  const names = output.toString("utf8").split("\0").slice(0, -1);
  return new Set(names.map((name) => name.replaceAll(path.sep, "/").replace(/^\.\//, "")));
}
