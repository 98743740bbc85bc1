import { createHash } from "node:crypto";
import { apply, fold } from "../../src/engine/state/apply";
import type { SessionEvent } from "../../src/engine/event/event";
import { ProviderError } from "../../src/engine/error/provider-error";
import type { Definition, PlanNode, StepNode } from "../../src/engine/model/definition";
import type { Cancellation } from "../../src/engine/port/cancellation";
import type { Clock } from "../../src/engine/port/clock";
import type { GuardedFiles } from "../../src/engine/port/files";
import type {
  ModelDelta,
  ModelProvider,
  ModelReply,
  ModelRequest,
} from "../../src/engine/port/model-provider";
import { partOf } from "../../src/engine/agent/tool/lines";
import { noCommands } from "../../src/engine/port/commands";
import type { CommandRunner } from "../../src/engine/port/commands";
import { noExternalTools } from "../../src/engine/port/external-tools";
import type { ExternalTools } from "../../src/engine/port/external-tools";
import { noLanguageFeatures } from "../../src/engine/port/language-features";
import type { LanguageFeatures } from "../../src/engine/port/language-features";
import type { SessionPorts, Steer } from "../../src/engine/orchestrator/ports";
import { Orchestrator } from "../../src/engine/orchestrator/orchestrator";
import { startEvent } from "../../src/engine/orchestrator/start";
import { initialState } from "../../src/engine/state/state";
import type { SessionState } from "../../src/engine/state/state";
import { MemorySessionStore } from "./memory-session-store";
import { defined } from "../../src/engine/model/defined";

/** A step of a test's Score. */
export function step(id: string, role: string, more: Partial<StepNode> = {}): StepNode {
  return {
    kind: "step",
    id,
    role,
    instruction: `Do ${id}.`,
    produces: [],
    approval: "none",
    max_turns: 4,
    retry_attempts: 1,
    ...more,
  };
}

const tools = [
  "read_file",
  "list_dir",
  "search_files",
  "write_file",
  "edit_file",
  "move_file",
  "delete_file",
  "update_notes",
  "set_verdict",
] as const;

/** A complete definition with the roles `writer` and `reviewer`, both with every tool. */
export function definitionOf(steps: readonly PlanNode[], more: Partial<Definition["flow"]> = {}): Definition {
  return {
    format: 1,
    flow: {
      name: "test",
      source: "test.flow.yaml",
      task: "Make it so.",
      inputs: {},
      references: [],
      policy: { read_scope: ["workspace", "reference", "domain"], write_scope: ["workspace"], allow: [] },
      approval: "none",
      limits: {},
      conductor: { disabled_roles: [], drift: "suggest" },
      ...more,
    },
    band: {
      name: "test",
      source: "test.band.yaml",
      roles: {
        writer: { prompt: "You write.", tools: [...tools] },
        reviewer: { prompt: "You review.", tools: [...tools] },
        listener: { prompt: "You listen.", tools: [] },
      },
    },
    venue: {
      version: 1,
      name: "test",
      source: "test.venue.yaml",
      provider: "scripted",
      timeouts: { connect_seconds: 1, first_token_seconds: 1, idle_seconds: 1, total_seconds: 1 },
      retry: { attempts: 3, backoff_seconds: 1 },
      roles: {},
    },
    score: { name: "test", source: "test.score.yaml", steps: [...steps] },
  };
}

type Call = readonly [tool: string, args: Record<string, unknown>];
/** A reply of the fake model: a text, tool calls, or a failure. */
export type FakeReply =
  | string
  | {
      readonly text?: string;
      readonly calls?: readonly Call[];
      readonly usage?: ModelReply["usage"];
      readonly finish?: ModelReply["finishReason"];
      readonly node?: string;
      readonly fingerprint?: ModelReply["fingerprint"];
      readonly failovers?: ModelReply["failovers"];
    }
  | ProviderError;
export type Answer = (request: ModelRequest, callNumber: number) => FakeReply | Promise<FakeReply>;

/** Answers with a function of the request, and records the requests. */
export class FakeModel implements ModelProvider {
  readonly requests: ModelRequest[] = [];
  readonly #answer: Answer;

  constructor(answer: Answer) {
    this.#answer = answer;
  }

  async call(
    request: ModelRequest,
    onDelta: (delta: ModelDelta) => void,
    cancellation: Cancellation,
  ): Promise<ModelReply> {
    this.requests.push(request);
    await request.recorded;
    const cancelled = new Promise<never>((_, reject) => {
      cancellation.addEventListener("abort", () => {
        reject(new ProviderError("cancelled", "cancelled"));
      });
    });
    const reply = await Promise.race([this.#answer(request, this.requests.length), cancelled]);
    if (reply instanceof ProviderError) throw reply;
    const whole = typeof reply === "string" ? { text: reply } : reply;
    onDelta({ kind: "text", text: whole.text ?? "" });
    return {
      text: whole.text ?? "",
      toolCalls: (whole.calls ?? []).map(([name, args]) => ({ name, argumentsJson: JSON.stringify(args) })),
      finishReason: whole.finish ?? "stop",
      usage: whole.usage ?? {},
      totalMs: 1,
      sent: {},
      ...defined({ node: whole.node, fingerprint: whole.fingerprint, failovers: whole.failovers }),
    };
  }

  /** The last message of a request. */
  lastMessage(call = this.requests.length): string {
    return this.requests[call - 1]?.messages.at(-1)?.content ?? "";
  }
}

/** A clock that tests advance; sleeping advances it immediately. */
export class ManualClock implements Clock {
  slept: number[] = [];

  constructor(public ms = Date.UTC(2026, 10, 22)) {}

  nowMs(): number {
    return this.ms;
  }

  sleep(ms: number, cancellation: Cancellation): Promise<void> {
    if (ms >= 60_000)
      return new Promise((resolve) => {
        cancellation.addEventListener("abort", () => {
          resolve();
        });
      });
    this.slept.push(ms);
    this.ms += ms;
    return Promise.resolve();
  }
}

/** A project in memory, without a policy: the guard is tested elsewhere. */
export function filesOf(project: Readonly<Record<string, string>>): GuardedFiles {
  const read = (path: string): ReturnType<GuardedFiles["read"]> => {
    const text = project[path];
    return Promise.resolve(
      text === undefined
        ? { kind: "missing", message: `There is no file ${path}.` }
        : { kind: "file", bytes: Buffer.from(text) },
    );
  };
  return {
    read,
    base: read,
    readLines: (path, range) => {
      const text = project[path];
      return Promise.resolve(
        text === undefined
          ? { kind: "missing", message: `There is no file ${path}.` }
          : partOf(text, Buffer.byteLength(text), range),
      );
    },
    list: (folder) => {
      const below = folder === "." || folder === "" ? "" : `${folder}/`;
      const entries = new Map<string, "file" | "dir">();
      for (const path of Object.keys(project)) {
        if (!path.startsWith(below)) continue;
        const [name = "", ...more] = path.slice(below.length).split("/");
        entries.set(name, more.length > 0 ? "dir" : "file");
      }
      return Promise.resolve({
        kind: "dir",
        entries: [...entries].map(([name, type]) => ({ name, type })),
        truncated: false,
      });
    },
    search: (query, _path, _max, options) =>
      Promise.resolve({
        kind: "matches",
        matches: Object.entries({ ...project, ...Object.fromEntries(options?.instead ?? []) }).flatMap(
          ([path, text]) =>
            (text ?? "")
              .split("\n")
              .flatMap((line, index) =>
                line.includes(query) ? [{ path, line: index + 1, text: line }] : [],
              ),
        ),
        truncated: false,
      }),
  };
}

export interface Harness {
  readonly orchestrator: Orchestrator;
  readonly store: MemorySessionStore;
  readonly model: FakeModel;
  readonly clock: ManualClock;
  readonly ports: SessionPorts;
  readonly definition: Definition;
  /** Runs until the session ends, pauses, or has waited for the user for some time. */
  readonly run: () => Promise<SessionState>;
  /** A new orchestrator over what is on disk, as after a crash. */
  readonly reopen: (answer?: Answer) => Harness;
  readonly types: (step?: string) => string[];
  readonly eventsOf: <T extends SessionEvent["type"]>(type: T) => Extract<SessionEvent, { type: T }>[];
}

/** An in-memory orchestrator, ready to run. */
export function harness(
  definition: Definition,
  answer: Answer,
  from: {
    project?: Readonly<Record<string, string>>;
    files?: GuardedFiles;
    store?: MemorySessionStore;
    steer?: Steer;
    commands?: CommandRunner;
    external?: ExternalTools;
    features?: LanguageFeatures;
    /** Replaces the fake model. */
    provider?: ModelProvider;
    /** Roles whose backend keeps to a JSON Schema. */
    schemaRoles?: readonly string[];
  } = {},
): Harness {
  const clock = new ManualClock();
  const store = from.store ?? new MemorySessionStore(() => clock.nowMs());
  const model = new FakeModel(answer);
  const ports: SessionPorts = {
    store,
    provider: from.provider ?? model,
    files: from.files ?? filesOf(from.project ?? {}),
    external: from.external ?? noExternalTools,
    features: from.features ?? noLanguageFeatures,
    commands: from.commands ?? noCommands,
    clock,
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    utf8: {
      encode: (text) => Buffer.from(text),
      decode: (bytes) => Buffer.from(bytes).toString("utf8"),
    },
    ...defined({ steer: from.steer }),
  };
  let state = fold(initialState(definition), store.events);
  if (store.events.length === 0) {
    const digest = { sha256: "0".repeat(64), bytes: 0 };
    const facts = { engine: "test", session: "s", definition, digest, startedBy: "library" } as const;
    const drafts = [startEvent({ ...facts, ...defined({ schemaRoles: from.schemaRoles }) })];
    for (const event of store.append(drafts)) state = apply(state, event);
  }
  const orchestrator = new Orchestrator(ports, state);
  return {
    orchestrator,
    store,
    model,
    clock,
    ports,
    definition,
    run: () => orchestrator.run(),
    reopen: (next = answer) =>
      harness(definition, next, {
        ...from,
        store: new MemorySessionStore(() => clock.nowMs(), { events: store.durable, blobs: store.blobs }),
      }),
    types: (key) =>
      store.events.filter((event) => key === undefined || event.step === key).map(({ type }) => type),
    eventsOf: <T extends SessionEvent["type"]>(type: T) =>
      store.events.filter((event): event is Extract<SessionEvent, { type: T }> => event.type === type),
  };
}

/** Waits until the session has asked the user, then returns the question. */
export async function question(of: Harness): Promise<{ id: string; sha256: string; kind: string }> {
  for (let turn = 0; turn < 1000; turn += 1) {
    const asked = of.eventsOf("approval_requested").at(-1);
    const answered = of.eventsOf("approval_resolved").some(({ data }) => data.id === asked?.data.id);
    if (asked !== undefined && !answered && of.store.durable.includes(asked)) return asked.data;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("the session asked nothing");
}
