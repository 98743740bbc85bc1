import { ProviderError } from "../../../engine/error/provider-error";
import type { MeshNode } from "../../../engine/model/venue";
import type { Cancellation } from "../../../engine/port/cancellation";
import type { AnsweringModel, ModelFingerprint } from "../../../engine/port/model-provider";
import { publicAddress } from "../http/redact";
import { fingerprintOf } from "./fingerprint";
import type { ListedModel } from "./fingerprint";
import type { MeshCall } from "./placing";
import { Scheduler } from "./scheduler";
import type { Action, CheckResult, NodeFailure, Outcome, Rejection } from "./scheduler";
import { defined } from "../../../engine/model/defined";
import { entryOf } from "../../../engine/model/entry-of";

/** A call's place on a node. */
export interface Placement {
  readonly node: string;
  readonly model: AnsweringModel;
  readonly fingerprint: ModelFingerprint;
  /** Other models answered the session's calls so far: the last of them, when that is new. */
  readonly changedFrom?: AnsweringModel;
}

/** There is no node for a call. */
export class NoPlacement extends Error {
  constructor(readonly rejection: Rejection) {
    super("No node of the mesh can take the call.");
  }
}

/** A call in progress in the mesh. */
export interface MeshTicket {
  /**
   * Waits for a node. `waits` takes the sessions whose calls the nodes are processing meanwhile.
   * @throws {NoPlacement} when there is none; {ProviderError} cancelled.
   */
  placement(cancellation: Cancellation, waits?: (behind: readonly string[]) => void): Promise<Placement>;
  /** Releases the node. After a failure with `again` the call waits for another one: ask for `placement` again. */
  release(outcome: Outcome): void;
}

/** One call that a node is processing. */
export interface RunningCall {
  readonly session: string;
  readonly step: string;
  readonly model: string;
  /** Epoch milliseconds. */
  readonly sinceMs: number;
}

/** A node, for display. Times are epoch milliseconds. */
export interface MeshNodeView {
  readonly name: string;
  readonly provider: string;
  readonly endpoint: string;
  readonly slots: number;
  /** unknown: it has not been checked yet. */
  readonly state: "up" | "down" | "draining" | "unknown";
  readonly busy: readonly RunningCall[];
  /** What the node lists; `loaded` where it reports it. */
  readonly models: readonly ListedModel[];
  readonly runtime?: string;
  readonly latencyMs?: number;
  /** The last failures, oldest first. */
  readonly failures: readonly NodeFailure[];
  /** down: when it is checked next, while there is work or a screen shows it. */
  readonly nextCheckMs?: number;
}

/** A mesh, for display. */
export interface MeshView {
  readonly nodes: readonly MeshNodeView[];
  /** Calls that wait for a node, the next one first. */
  readonly queued: readonly RunningCall[];
}

/** What a mesh needs from outside. */
export interface MeshDeps {
  check(node: MeshNode): Promise<CheckResult>;
  /** Epoch milliseconds that never decrease. */
  nowMs(): number;
}

/** The longest delay a Node timer accepts. */
const longestTimerMs = 2 ** 31 - 1;

interface Entry {
  readonly call: MeshCall;
  placement?: Placement | NoPlacement;
  waiter?: {
    resolve(placement: Placement): void;
    reject(error: Error): void;
    waits(behind: readonly string[]): void;
  };
}

/** Nodes shared by all sessions of the process: performs what the scheduler decides. */
export class Mesh {
  readonly #specs: ReadonlyMap<string, MeshNode>;
  readonly #deps: MeshDeps;
  readonly #scheduler: Scheduler;
  readonly #calls = new Map<number, Entry>();
  readonly #listeners = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires. */
  #timerMs = 0;
  #watchers = 0;
  #lastId = 0;
  #closed = false;

  constructor(nodes: readonly MeshNode[], deps: MeshDeps) {
    this.#specs = new Map(nodes.map((node) => [node.name, node]));
    this.#deps = deps;
    this.#scheduler = new Scheduler(nodes);
  }

  /** Admits a call. `answeredBy`: the journal's record of the session's earlier calls. */
  enter(asked: Omit<MeshCall, "id" | "tried" | "bound">, answeredBy: readonly AnsweringModel[]): MeshTicket {
    const id = (this.#lastId += 1);
    const entry: Entry = { call: { ...asked, id, tried: new Map() } };
    this.#calls.set(id, entry);
    this.#do((nowMs) => this.#scheduler.submit(entry.call, answeredBy, nowMs));
    return {
      placement: (cancellation, waits = () => undefined) => this.#placement(id, entry, cancellation, waits),
      release: (outcome) => {
        delete entry.placement;
        if (outcome.kind === "answered" || !outcome.again) this.#calls.delete(id);
        this.#do((nowMs) => this.#scheduler.released(id, outcome, nowMs));
      },
    };
  }

  /** A drained node accepts no new calls; running ones finish. */
  drain(node: string): void {
    this.#do((nowMs) => this.#scheduler.drain(node, true, nowMs));
  }

  /** Ends the draining of a node. */
  restore(node: string): void {
    this.#do((nowMs) => this.#scheduler.drain(node, false, nowMs));
  }

  /** Checks the nodes from time to time and reports every change, until the function returned is called. */
  watch(changed: () => void): () => void {
    this.#listeners.add(changed);
    this.#watchers += 1;
    this.#do((nowMs) => this.#scheduler.watch(true, nowMs));
    return () => {
      if (!this.#listeners.delete(changed)) return;
      this.#watchers -= 1;
      if (this.#watchers === 0) this.#do((nowMs) => this.#scheduler.watch(false, nowMs));
    };
  }

  /** No screen shows it, no call is in progress, and no node is drained: checks would find again what it knows. */
  get isIdle(): boolean {
    return (
      this.#watchers === 0 &&
      this.#calls.size === 0 &&
      !this.#scheduler.nodes().some(({ draining }) => draining)
    );
  }

  snapshot(): MeshView {
    return {
      nodes: this.#scheduler.nodes().map((node) => this.#view(node)),
      queued: this.#scheduler.queue().map(({ call, sinceMs }) => runningCall(call, call.asked, sinceMs)),
    };
  }

  /** Stops checking. Calls that wait are not ended: their sessions cancel them. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #view(node: ReturnType<Scheduler["nodes"]>[number]): MeshNodeView {
    const spec = this.#specs.get(node.name);
    const { facts, circuit } = node;
    const isOpen = circuit.state === "open";
    return {
      name: node.name,
      provider: spec?.provider ?? "",
      endpoint: publicAddress(spec?.endpoint ?? ""),
      slots: node.slots,
      state: node.draining ? "draining" : isOpen ? "down" : facts === undefined ? "unknown" : "up",
      busy: [...node.running.values()].map(({ call, sinceMs }) =>
        runningCall(call, entryOf(call.models, node.name) ?? call.asked, sinceMs),
      ),
      models: facts?.models ?? [],
      ...(facts?.runtime === undefined ? {} : { runtime: facts.runtime }),
      ...(facts?.latencyMs === undefined ? {} : { latencyMs: facts.latencyMs }),
      failures: node.failures,
      ...(isOpen ? { nextCheckMs: circuit.untilMs } : {}),
    };
  }

  #placement(
    id: number,
    entry: Entry,
    cancellation: Cancellation,
    waits: (behind: readonly string[]) => void,
  ): Promise<Placement> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void): void => {
        delete entry.waiter;
        cancellation.removeEventListener("abort", cancel);
        then();
      };
      const cancel = (): void =>
        settle(() => {
          const placed = entry.placement !== undefined && !(entry.placement instanceof NoPlacement);
          this.#calls.delete(id);
          this.#do((nowMs) =>
            placed ? this.#scheduler.released(id, cancelled, nowMs) : this.#scheduler.withdraw(id, nowMs),
          );
          reject(new ProviderError("cancelled", cancelled.message));
        });
      if (cancellation.aborted) return cancel();
      const given = entry.placement;
      if (given instanceof NoPlacement) return reject(given);
      if (given !== undefined) return resolve(given);
      entry.waiter = {
        resolve: (placement) => settle(() => resolve(placement)),
        reject: (error) => settle(() => reject(error)),
        waits,
      };
      this.#tellWaiting();
      cancellation.addEventListener("abort", cancel, { once: true });
    });
  }

  #do(decide: (nowMs: number) => readonly Action[]): void {
    for (const action of decide(this.#deps.nowMs())) this.#act(action);
    this.#arm();
    this.#tellWaiting();
    for (const listener of this.#listeners) listener();
  }

  /** Tells the waiting calls for whom they wait; while the nodes are only being checked, for nobody. */
  #tellWaiting(): void {
    if (!this.#scheduler.hasWaiting) return;
    const running = this.#scheduler.nodes().flatMap((node) => [...node.running.values()]);
    const behind = [...new Set(running.map(({ call }) => call.session))];
    if (behind.length === 0) return;
    for (const { waiter } of this.#calls.values()) waiter?.waits(behind);
  }

  #act(action: Action): void {
    if (action.kind === "check") return this.#check(action.node);
    const entry = this.#calls.get(action.call);
    if (entry === undefined) return;
    if (action.kind === "reject") {
      this.#calls.delete(action.call);
      entry.placement = new NoPlacement(action.rejection);
      entry.waiter?.reject(entry.placement);
      return;
    }
    const { node, model, changedFrom } = action;
    const facts = this.#scheduler.nodes().find(({ name }) => name === node)?.facts;
    const asked = entryOf(entry.call.models, node) ?? entry.call.asked;
    entry.placement = {
      node,
      model,
      fingerprint: (facts === undefined ? undefined : fingerprintOf(facts, asked)) ?? {},
      ...defined({ changedFrom }),
    };
    entry.waiter?.resolve(entry.placement);
  }

  #check(name: string): void {
    const spec = this.#specs.get(name);
    if (spec === undefined) return;
    const done = (result: CheckResult): void =>
      this.#do((nowMs) => this.#scheduler.checked(name, result, nowMs));
    this.#deps
      .check(spec)
      .then(done, (error: unknown) => done({ ok: false, slow: false, problem: String(error) }));
  }

  /**
   * One timer for whatever is due next. It keeps the process alive only while calls wait. One that fires too early finds
   * nothing to do; that costs less than a new timer for each call.
   */
  #arm(): void {
    const nowMs = this.#deps.nowMs();
    const atMs = this.#closed ? undefined : this.#scheduler.wakeMs(nowMs);
    if (atMs !== undefined && (this.#timer === undefined || atMs < this.#timerMs)) {
      clearTimeout(this.#timer);
      this.#timerMs = atMs;
      this.#timer = setTimeout(
        () => {
          this.#timer = undefined;
          this.#do((now) => this.#scheduler.tick(now));
        },
        Math.min(Math.ceil(atMs - nowMs), longestTimerMs),
      );
    }
    if (this.#scheduler.hasWaiting) this.#timer?.ref();
    else this.#timer?.unref();
  }
}

const cancelled = {
  kind: "failed",
  code: "cancelled",
  message: "The call was cancelled.",
  again: false,
} as const;

function runningCall({ session, step }: MeshCall, model: string, sinceMs: number): RunningCall {
  return { session, step, model, sinceMs };
}
