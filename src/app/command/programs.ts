import { searchFolders } from "../../adapters/command/environment";
import { findProgram } from "../../adapters/command/program";

/** Whether a command's program is on this machine: on the PATH, or a file of the project. */
export function programFinder(
  workDomain: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): (program: string) => boolean {
  const places = { roots: [workDomain], folders: searchFolders(env), runtime: process.execPath };
  return (program) => findProgram(program, places) !== undefined;
}
