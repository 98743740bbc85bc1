import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const program = path.join(__dirname, "container-engine.cjs");

interface Settings {
  /** It never answers. */
  readonly silent?: boolean;
  /** Its daemon does not run. */
  readonly down?: boolean;
  /** What `info` says otherwise than usual. */
  readonly info?: Readonly<Record<string, unknown>>;
  /** Why it starts no container. */
  readonly breaks?: string;
}

/** Programs `docker` or `podman` on a PATH of their own, see `container-engine.cjs`. Linux and macOS. */
export class FakeEngine {
  readonly image = "python:3.12-slim";
  /** Of the image, without `sha256:`. */
  readonly imageId = "5".repeat(64);
  readonly folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "orket-engine-")));
  readonly bin = path.join(this.folder, "bin");
  #imageFacts: Readonly<Record<string, unknown>> = {};
  #settings: Settings = {};

  constructor(readonly kinds: readonly ("docker" | "podman")[]) {
    fs.mkdirSync(this.bin);
    for (const kind of kinds) this.install(kind, this.bin);
    this.set({});
  }

  install(kind: "docker" | "podman", folder: string): void {
    const text = `#!/bin/sh\nexec '${process.execPath}' '${program}' ${kind} "$@"\n`;
    fs.writeFileSync(path.join(folder, kind), text, { mode: 0o755 });
  }

  set(settings: Settings, imageFacts = this.#imageFacts): void {
    this.#settings = settings;
    this.#imageFacts = imageFacts;
    const images = { [this.image]: { id: this.imageId, more: imageFacts } };
    fs.writeFileSync(path.join(this.folder, "settings.json"), JSON.stringify({ ...this.#settings, images }));
  }

  /** A host's environment in which the engines are there, and no others. */
  env(more: Readonly<Record<string, string>> = {}): Record<string, string | undefined> {
    const others = (process.env.PATH ?? "")
      .split(path.delimiter)
      .map((folder, index) => this.#without(folder, index));
    return {
      ...process.env,
      PATH: [this.bin, ...others].join(path.delimiter),
      ORKET_FAKE_ENGINE: this.folder,
      ...more,
    };
  }

  /** The folder, or where it holds a real engine, one with links to everything else in it. */
  #without(folder: string, index: number): string {
    const engines = ["docker", "podman"].filter((name) => fs.existsSync(path.join(folder, name)));
    if (engines.length === 0) return folder;
    const links = path.join(this.folder, `path-${index}`);
    if (fs.existsSync(links)) return links;
    fs.mkdirSync(links);
    for (const name of fs.readdirSync(folder))
      if (!engines.includes(name)) fs.symlinkSync(path.join(folder, name), path.join(links, name));
    return links;
  }

  /** The arguments of every call, the engine's name first. */
  calls(): readonly (readonly string[])[] {
    const file = path.join(this.folder, "calls");
    if (!fs.existsSync(file)) return [];
    return fs
      .readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as string[]);
  }

  /** Names of the containers that were not removed. */
  containers(): readonly string[] {
    return fs
      .readdirSync(this.folder)
      .filter((name) => name.startsWith("orket-") && name.endsWith(".json"))
      .map((name) => name.slice(0, -".json".length));
  }

  dispose(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
