import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { NodeCommandRunner } from "../../../src/adapters/command/runner";
import type { RunnerOptions } from "../../../src/adapters/command/runner";
import { commandSchema } from "../../../src/engine/model/command";
import type { CommandSpec } from "../../../src/engine/model/command";
import type { BlobRef } from "../../../src/engine/event/content";
import type { CommandRequest, CommandResult } from "../../../src/engine/port/commands";
import { CancelSource } from "../../../src/engine/port/cancellation";
import { defined } from "../../../src/engine/model/defined";

/** Files of a project as text; a value of `null` is a folder. */
export type Tree = Readonly<Record<string, string>>;

export class RunnerKit {
  readonly root: string;
  readonly project: string;
  readonly cache: string;
  readonly #blobs = new Map<string, Uint8Array>();

  constructor(files: Tree = {}) {
    this.root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "orket-commands-")));
    this.project = path.join(this.root, "project");
    this.cache = path.join(this.root, "cache");
    fs.mkdirSync(this.project);
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  write(name: string, text: string): void {
    const file = path.join(this.project, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }

  blob(text: string): BlobRef {
    const bytes = Buffer.from(text);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    this.#blobs.set(sha256, bytes);
    return { sha256, bytes: bytes.length };
  }

  runner(options: Partial<RunnerOptions> = {}): NodeCommandRunner {
    return new NodeCommandRunner({
      workDomain: this.project,
      policy: { read_scope: ["workspace", "domain"], write_scope: ["workspace"], allow: [] },
      secret: (name) => Promise.reject(new Error(`The secret ${name} is not stored.`)),
      agreed: () => Promise.resolve(undefined),
      cache: this.cache,
      ...options,
    });
  }

  request(
    argv: readonly string[],
    more: Partial<Omit<CommandSpec, "env" | "stdin">> & {
      overlay?: Record<string, string | null>;
      stdin?: string;
      env?: CommandRequest["env"];
    } = {},
  ): CommandRequest {
    const { overlay = {}, stdin, env, ...spec } = more;
    return {
      run: "test#1",
      name: "test",
      spec: commandSchema.parse({ argv: [...argv], timeout_seconds: 20, ...spec }),
      argv,
      env: env ?? {},
      ...defined({ stdin }),
      overlay: Object.entries(overlay).map(([file, text]) => ({
        path: file,
        content: text === null ? null : this.blob(text),
      })),
      read: ({ sha256 }) => Promise.resolve(this.#blobs.get(sha256) ?? new Uint8Array()),
    };
  }

  async run(
    argv: readonly string[],
    more: Parameters<RunnerKit["request"]>[1] = {},
    options: Partial<RunnerOptions> = {},
  ): Promise<CommandResult> {
    return this.runner(options).run(this.request(argv, more), () => undefined, new CancelSource());
  }

  /** Everything below the project: path, kind, mode and contents. */
  picture(folder = this.project): string {
    const lines: string[] = [];
    const visit = (place: string): void => {
      for (const name of fs.readdirSync(place).sort()) {
        const file = path.join(place, name);
        const stat = fs.lstatSync(file);
        const text = stat.isFile()
          ? createHash("sha256").update(fs.readFileSync(file)).digest("hex")
          : stat.isSymbolicLink()
            ? fs.readlinkSync(file)
            : "";
        lines.push(`${path.relative(folder, file)} ${stat.mode.toString(8)} ${stat.mtimeMs} ${text}`);
        if (stat.isDirectory()) visit(file);
      }
    };
    visit(folder);
    return lines.join("\n");
  }

  dispose(): void {
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}

/** Processes of this machine whose command line holds the word. */
export function running(word: string): string {
  const found = fs.readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const line = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      return line.includes(word) && Number(pid) !== process.pid ? [line] : [];
    } catch {
      return [];
    }
  });
  return found.join("\n");
}
