import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

/** A container engine of this machine with an image of its programs. */
export interface RealEngine {
  readonly image: string;
  /** Another image of the same programs, which declares what it is given (Dockerfile instructions). */
  declaring(instructions: readonly string[]): string;
  /** Names of the volumes that there are, one a line. */
  volumes(): string;
  /** Names of the containers of the image, running or not, one a line. */
  containers(): string;
  close(): void;
}

const programs = ["sh", "cat", "yes", "sleep", "setsid", "mkdir", "touch", "chmod", "true"];

function call(file: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: "utf8", timeout: 60_000, env });
  if (status !== 0)
    throw new Error((error?.message ?? stderr.trim().split("\n").at(-1)) || `exit code ${status}`);
  return stdout;
}

function find(name: string): string | undefined {
  return (process.env.PATH ?? "")
    .split(path.delimiter)
    .map((folder) => path.join(folder, name))
    .find((file) => fs.existsSync(file));
}

/** The root file system of an image: Node and some programs of this machine, with the libraries that they load. */
function makeRoot(root: string): void {
  const put = (file: string, place: string): void => {
    const target = path.join(root, place);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    if (!fs.existsSync(target)) fs.copyFileSync(file, target);
    fs.chmodSync(target, 0o755);
  };
  const files: (readonly [file: string, place: string])[] = [[process.execPath, "/usr/bin/node"]];
  for (const name of programs) {
    const file = find(name);
    if (file === undefined) throw new Error(`${name} is not on the PATH`);
    files.push([fs.realpathSync(file), `/bin/${name}`]);
  }
  for (const [file, place] of files) {
    put(file, place);
    const { stdout } = spawnSync("ldd", [file], { encoding: "utf8" });
    for (const [library] of stdout.matchAll(/\/[^\s()]+/g)) if (library !== file) put(library, library);
  }
  fs.mkdirSync(path.join(root, "etc"), { recursive: true });
  fs.mkdirSync(path.join(root, "tmp"));
  fs.chmodSync(path.join(root, "tmp"), 0o1777);
  fs.writeFileSync(path.join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
}

/**
 * The engine with an image made of this machine's programs, or why it is not there. Whether it works is tried with the
 * simplest container, not with Orket's arguments.
 */
export function realEngine(
  kind: "docker" | "podman",
  env: NodeJS.ProcessEnv = process.env,
): RealEngine | { readonly reason: string } {
  if (process.platform !== "linux") return { reason: "the image is made of Linux programs" };
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "orket-image-"));
  const image = `${kind === "podman" ? "localhost/" : ""}orket-test-${kind}:${process.pid}`;
  try {
    call(kind, ["info"], env);
    const root = path.join(folder, "root");
    makeRoot(root);
    const file = path.join(folder, "image.tar");
    call("tar", ["-C", root, "-cf", file, "."]);
    call(kind, ["import", file, image], env);
    const images = [image];
    const close = (): void => {
      spawnSync(kind, ["rmi", "-f", ...images], { stdio: "ignore", env });
      fs.rmSync(folder, { recursive: true, force: true });
    };
    try {
      call(kind, ["run", "--rm", "--network=none", image, "true"], env);
    } catch (error) {
      close();
      throw error;
    }
    fs.rmSync(root, { recursive: true, force: true });
    const declaring = (instructions: readonly string[]): string => {
      const name = `${image}-${images.length}`;
      call(kind, ["import", ...instructions.map((one) => `--change=${one}`), file, name], env);
      images.push(name);
      return name;
    };
    const list = ["ps", "--all", "--filter", `ancestor=${image}`, "--format", "{{.Names}}"];
    return {
      image,
      declaring,
      volumes: () => call(kind, ["volume", "ls", "-q"], env),
      containers: () => call(kind, list, env),
      close,
    };
  } catch (error) {
    fs.rmSync(folder, { recursive: true, force: true });
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
