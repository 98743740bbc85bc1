import module from "node:module";
import path from "node:path";
import { makeFolderNow } from "../adapters/files/make-folder";
import { cacheFolder } from "../adapters/system/cache-folder";

declare const ORKET_VERSION: string;
/** The oldest Node that Orket runs on, such as `20.12.0`, from `engines` in package.json. */
declare const ORKET_NODE: string;

/*
 * This file is built for old versions of Node too, and loads nothing of Orket's before it knows the version it runs on:
 * later modules would not even parse there.
 */
const isOlder = (have: string, needed: string): boolean => {
  const [major = 0, minor = 0] = have.split(".").map(Number);
  const [neededMajor = 0, neededMinor = 0] = needed.split(".").map(Number);
  return major < neededMajor || (major === neededMajor && minor < neededMinor);
};

/** Compiling the code takes as long as a short command: Node keeps it for the next one. Before 22.8 it cannot. */
function keepCompiledCode(): void {
  const { enableCompileCache } = module as Partial<Pick<typeof module, "enableCompileCache">>;
  const folder = path.join(cacheFolder(), "code");
  // Node would make the folder itself, and never stop trying where none can be made.
  if (enableCompileCache !== undefined && makeFolderNow(folder)) enableCompileCache(folder);
}

// Scripts ask for the version often; it is printed without loading anything else.
const [first, second] = process.argv.slice(2);
if ((first === "--version" || first === "-V") && second === undefined) {
  process.stdout.write(`${ORKET_VERSION}\n`);
} else if (isOlder(process.versions.node, ORKET_NODE)) {
  process.stderr.write(
    `orket: Orket needs Node ${ORKET_NODE} or newer; this is v${process.versions.node}.\n` +
      "  Install a newer Node from https://nodejs.org, then try again.\n",
  );
  process.exitCode = 2;
} else {
  keepCompiledCode();
  void import("./main").then(async ({ main }) => main(process.argv.slice(2)));
}
