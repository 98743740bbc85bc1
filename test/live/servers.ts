import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import {
  createWriteStream,
  mkdirSync,
  readFileSync,
  symlinkSync,
  copyFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { pace } from "../until";

/** A piece as `scripts/live/pieces.mjs` gives it; `reason` when it could not be had. */
interface Piece {
  readonly reason?: string;
  readonly version?: string;
  readonly title?: string;
  readonly program?: string;
  readonly file?: string;
  readonly sha256?: string;
}
export type PieceName = "model" | "ollama" | "llamaServer" | "llamaCppPython" | "litellm";

const liveFolder = process.env.ORKET_LIVE;
if (liveFolder === undefined)
  throw new Error("Run this suite with `npm run test:live`: it installs the servers.");
export const folder: string = liveFolder;

const pieces = JSON.parse(readFileSync(path.join(folder, "pieces.json"), "utf8")) as Record<PieceName, Piece>;

/** Why something that needs these pieces cannot run; undefined when it can. */
export function missing(names: readonly PieceName[]): string | undefined {
  const reasons = names.flatMap((name) => {
    const { reason } = pieces[name];
    return reason === undefined ? [] : [`${name} is not installed: ${reason}`];
  });
  return reasons.length === 0 ? undefined : reasons.join(" ");
}

function pathOf(name: PieceName): string {
  const { program, file } = pieces[name];
  const found = program ?? file;
  if (found === undefined) throw new Error(`The piece ${name} is not installed.`);
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

const running = new Set<ChildProcess>();
/** The whole group: Ollama's runner is a process of its own, which a killed server would leave behind. */
function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It is gone.
  }
}
process.once("exit", () => {
  for (const child of running) killGroup(child, "SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));

/** A server process on loopback that can be killed and started again under the same address. */
export abstract class LiveServer {
  /** As the report names it. */
  abstract readonly name: string;
  abstract readonly speaks: "ollama" | "openai";
  abstract readonly needs: readonly PieceName[];
  /** The model as the server names it; its template knows tools. */
  abstract readonly model: string;
  /** A key, where the server wants one. */
  readonly key: string | undefined = undefined;
  #child: ChildProcess | undefined;
  /** How the process ended last. */
  #signal: NodeJS.Signals | null = null;
  #port = 0;

  protected abstract command(
    port: number,
  ): Promise<{ program: string; args: string[]; env?: Record<string, string> }>;
  /** Whether the server is up and ready to answer. */
  protected abstract isReady(): Promise<boolean>;

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The address as a Venue has it. */
  get endpoint(): string {
    return this.speaks === "openai" ? `${this.origin}/v1` : this.origin;
  }

  async start(): Promise<void> {
    await this.begin();
    await this.ready();
  }

  /** Starts the process without waiting for its model. */
  async begin(): Promise<void> {
    if (this.#child !== undefined) return;
    if (this.#port === 0) this.#port = await freePort();
    const { program, args, env } = await this.command(this.#port);
    const logs = path.join(folder, "log");
    mkdirSync(logs, { recursive: true });
    const log = createWriteStream(path.join(logs, `${this.name.replace(/[^\w.-]+/g, "-")}.run.log`), {
      flags: "a",
    });
    const child = spawn(program, args, {
      cwd: folder,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      // Nothing here may look for a model, a price list or a new version elsewhere.
      env: { ...process.env, HOME: path.join(folder, "home"), ...env },
    });
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    running.add(child);
    this.#child = child;
    child.once("exit", (_, signal) => {
      running.delete(child);
      this.#signal = signal;
      if (this.#child === child) this.#child = undefined;
    });
  }

  async ready(): Promise<void> {
    const giveUp = Date.now() + 240_000;
    while (Date.now() < giveUp) {
      if (this.#child === undefined) {
        const why =
          this.#signal === "SIGILL"
            ? ": it does not run on this machine's processor (illegal instruction)"
            : "";
        throw new Error(`${this.name} ended while it started${why}; see .live/log.`);
      }
      if (await this.isReady().catch(() => false)) return;
      await pace(200);
    }
    throw new Error(`${this.name} was not ready within 240 s; see .live/log.`);
  }

  /** As a power cut would: at once, with everything it had in hand. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    killGroup(child, "SIGKILL");
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
  }

  /** The body of an answer of the server itself, past Orket. */
  async ask(
    place: string,
    body?: unknown,
    method = body === undefined ? "GET" : "POST",
  ): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.origin}${place}`, {
      method,
      headers: {
        "content-type": "application/json",
        ...(this.key === undefined ? {} : { authorization: `Bearer ${this.key}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(120_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${this.name} answered ${response.status}: ${text.slice(0, 300)}`);
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  }
}

const models = path.join(__dirname, "models");
/** The window that servers with a fixed one are started with, and that the Venues of the suite say. */
export const windowTokens = 4096;

export class OllamaServer extends LiveServer {
  readonly name = "Ollama";
  readonly speaks = "ollama";
  readonly needs: readonly PieceName[] = ["model", "ollama"];
  readonly model = "live-tools";
  /** The same model with a template that knows no tools. */
  readonly plainModel = "live-plain";
  #imported = false;

  protected async command(
    port: number,
  ): Promise<{ program: string; args: string[]; env: Record<string, string> }> {
    return {
      program: pathOf("ollama"),
      args: ["serve"],
      env: {
        OLLAMA_HOST: `127.0.0.1:${port}`,
        OLLAMA_MODELS: path.join(folder, "ollama-models"),
        OLLAMA_KEEP_ALIVE: "10m",
        OLLAMA_NOPRUNE: "1",
      },
    };
  }

  protected async isReady(): Promise<boolean> {
    await this.ask("/api/version");
    if (!this.#imported) {
      for (const [name, file] of [
        [this.model, "tools.Modelfile"],
        [this.plainModel, "plain.Modelfile"],
      ] as const) {
        await this.#import(name, file);
      }
      this.#imported = true;
    }
    return true;
  }

  /** As a person does it: `ollama create NAME -f Modelfile`. */
  async #import(name: string, file: string): Promise<void> {
    const place = path.join(folder, "import");
    mkdirSync(place, { recursive: true });
    const weights = path.join(place, "model.gguf");
    rmSync(weights, { force: true });
    try {
      symlinkSync(pathOf("model"), weights);
    } catch {
      copyFileSync(pathOf("model"), weights);
    }
    copyFileSync(path.join(models, file), path.join(place, file));
    const child = spawn(pathOf("ollama"), ["create", name, "-f", file], {
      cwd: place,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, HOME: path.join(folder, "home"), OLLAMA_HOST: this.origin },
    });
    let said = "";
    child.stderr.on("data", (part: Buffer) => {
      said += part.toString();
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    if (code !== 0) throw new Error(`ollama create ${name} failed: ${said.slice(-400)}`);
  }

  /** Takes the models out of memory, so that the next call must load. */
  async unload(): Promise<void> {
    for (const model of [this.model, this.plainModel])
      await this.ask("/api/generate", { model, keep_alive: 0 });
    for (let tries = 0; tries < 100; tries += 1) {
      const { models: loaded } = (await this.ask("/api/ps")) as { models?: unknown[] };
      if ((loaded ?? []).length === 0) return;
      await pace(100);
    }
    throw new Error("Ollama keeps the model loaded.");
  }
}

export class LlamaServer extends LiveServer {
  readonly name: string = "llama.cpp";
  readonly speaks = "openai";
  readonly needs: readonly PieceName[] = ["model", "llamaServer"];
  readonly model = "gemma-live";
  readonly #template: string | null;
  readonly #contextTokens: number;
  readonly #more: readonly string[];

  /**
   * `template`: the chat template; with null the server takes the one it has for models that bring none. `more`: further
   * options of the program.
   */
  constructor(
    template: string | null = "tools.jinja",
    contextTokens = windowTokens,
    more: readonly string[] = [],
  ) {
    super();
    this.#template = template;
    this.#contextTokens = contextTokens;
    this.#more = more;
  }

  protected async command(port: number): Promise<{ program: string; args: string[] }> {
    const template =
      this.#template === null ? [] : ["--chat-template-file", path.join(models, this.#template)];
    return {
      program: pathOf("llamaServer"),
      args: [
        ...["-m", pathOf("model"), "--alias", this.model],
        ...["--host", "127.0.0.1", "--port", String(port)],
        ...["-c", String(this.#contextTokens), "-np", "1", "-t", "1", "-ngl", "0", "--jinja", "--no-ui"],
        ...template,
        ...this.#more,
      ],
    };
  }

  protected async isReady(): Promise<boolean> {
    return (await this.ask("/health")).status === "ok";
  }
}

/** llama-cpp-python's server: the same library behind another program. */
export class LlamaCppPythonServer extends LiveServer {
  readonly name = "llama-cpp-python";
  readonly speaks = "openai";
  readonly needs: readonly PieceName[] = ["model", "llamaCppPython"];
  readonly model = "gemma-live";

  protected async command(port: number): Promise<{ program: string; args: string[] }> {
    return {
      program: pathOf("llamaCppPython"),
      args: [
        ...["-m", "llama_cpp.server", "--model", pathOf("model"), "--model_alias", this.model],
        ...[
          "--host",
          "127.0.0.1",
          "--port",
          String(port),
          "--n_ctx",
          String(windowTokens),
          "--n_threads",
          "1",
        ],
      ],
    };
  }

  protected async isReady(): Promise<boolean> {
    return Array.isArray((await this.ask("/v1/models")).data);
  }
}

/** LiteLLM's proxy in front of another server. */
export class LiteLlmProxy extends LiveServer {
  readonly name: string;
  readonly speaks = "openai";
  readonly needs: readonly PieceName[];
  readonly model = "through-litellm";
  override readonly key = "sk-live-suite";

  constructor(readonly behind: LiveServer) {
    super();
    this.name = `LiteLLM before ${behind.name}`;
    this.needs = [...behind.needs, "litellm"];
  }

  protected async command(
    port: number,
  ): Promise<{ program: string; args: string[]; env: Record<string, string> }> {
    const { behind } = this;
    const config = {
      model_list: [
        {
          model_name: this.model,
          litellm_params:
            behind.speaks === "ollama"
              ? { model: `ollama_chat/${behind.model}`, api_base: behind.endpoint }
              : { model: `openai/${behind.model}`, api_base: behind.endpoint, api_key: "none" },
        },
      ],
      litellm_settings: { telemetry: false, num_retries: 0, request_timeout: 600 },
      general_settings: { master_key: this.key },
    };
    const file = path.join(folder, `${this.name.replace(/[^\w.-]+/g, "-")}.config.yaml`);
    writeFileSync(file, JSON.stringify(config));
    return {
      program: pathOf("litellm"),
      args: ["--config", file, "--host", "127.0.0.1", "--port", String(port)],
      env: { LITELLM_LOCAL_MODEL_COST_MAP: "True", LITELLM_TELEMETRY: "False", DO_NOT_TRACK: "1" },
    };
  }

  override async begin(): Promise<void> {
    await this.behind.start();
    await super.begin();
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.behind.stop();
  }

  protected async isReady(): Promise<boolean> {
    await this.ask("/health/liveliness").catch(() => ({}));
    return Array.isArray((await this.ask("/v1/models")).data);
  }
}

/** What the report says of a piece. */
export function described(name: PieceName): Piece {
  return pieces[name];
}
