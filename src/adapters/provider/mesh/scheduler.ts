import type { ProviderErrorCode } from "../../../engine/error/provider-error";
import type { AnsweringModel } from "../../../engine/port/model-provider";
import { Bindings } from "./bindings";
import {
  afterFailedCheck,
  afterFailure,
  afterPassedCheck,
  afterReply,
  closedCircuit,
  failureKind,
  firstWaitMs,
} from "./circuit";
import type { Circuit } from "./circuit";
import { isSameModel } from "./fingerprint";
import type { NodeFacts } from "./fingerprint";
import { bestModel, choose, prospectOf } from "./placing";
import type { MeshCall, NodeState, Prospect } from "./placing";
import { defined } from "../../../engine/model/defined";
import { entryOf } from "../../../engine/model/entry-of";

export interface NodeFailure {
  readonly atMs: number;
  readonly code: ProviderErrorCode | "check";
  readonly message: string;
  readonly step?: string;
}

/** How a call on a node ended. */
export type Outcome =
  | { readonly kind: "answered" }
  | {
      readonly kind: "failed";
      readonly code: ProviderErrorCode;
      readonly message: string;
      readonly waitMs?: number;
      /** Returns to the front of its session's queue, with this node tried. Else the call is over. */
      readonly again: boolean;
    };

/** What a check of a node found. */
export type CheckResult =
  | { readonly ok: true; readonly facts: NodeFacts }
  | {
      readonly ok: false;
      readonly problem: string;
      /** Nothing arrived in time. */
      readonly slow?: boolean;
      /** It responds, and requires another key. */
      readonly refuses?: boolean;
    };

interface Seen {
  readonly name: string;
  readonly prospect: Prospect;
}

/** Why a call cannot be placed: each node with the reason. */
export interface Rejection {
  readonly nodes: readonly Seen[];
  readonly waitedMs: number;
}

/** What the scheduler requests. */
export type Action =
  | {
      readonly kind: "start";
      readonly call: number;
      readonly node: string;
      readonly model: AnsweringModel;
      /** Other models answered the session's calls so far: from which one, when that is new. */
      readonly changedFrom?: AnsweringModel;
    }
  | { readonly kind: "reject"; readonly call: number; readonly rejection: Rejection }
  | { readonly kind: "check"; readonly node: string };

/** How long a node's facts are valid without a new check, in milliseconds. */
export const freshMs = 30_000;
/** Between two checks of a node that works, while the mesh has work or is watched. */
export const checkEveryMs = 15_000;
/** How long the first call waits for the answers of nodes that were never checked, while others have answered. */
export const firstLookMs = 1000;
const keptFailures = 5;

interface Running {
  readonly call: MeshCall;
  readonly model: AnsweringModel;
  readonly sinceMs: number;
}

interface Node {
  readonly name: string;
  readonly slots: number;
  readonly running: Map<number, Running>;
  readonly used: Map<string, number>;
  draining: boolean;
  circuit: Circuit;
  epoch: number;
  facts: NodeFacts | undefined;
  checkedMs: number;
  checking: boolean;
  /** When it refused the key of a check; undefined: it did not, or there is reason to check again. */
  refusedMs: number | undefined;
  failures: readonly NodeFailure[];
}

interface Waiting {
  call: MeshCall;
  readonly sinceMs: number;
  /** Since when there is no node to wait for. */
  hopelessMs: number | undefined;
}

/**
 * Decides which node gets which call, and when a node is checked. It has no clock, no timer and no network: every method
 * takes the time and returns what is to be done, so that a test can play any history immediately.
 */
export class Scheduler {
  readonly #nodes: readonly Node[];
  /** Waiting calls by session, the least recently served session first. */
  readonly #queues = new Map<string, Waiting[]>();
  readonly #bindings = new Bindings();
  #watched = false;
  /** When the mesh got work after being idle. */
  #lookedMs = -Infinity;

  constructor(nodes: readonly { readonly name: string; readonly slots: number }[]) {
    this.#nodes = nodes.map(({ name, slots }) => ({
      name,
      slots,
      running: new Map(),
      used: new Map(),
      draining: false,
      circuit: closedCircuit,
      epoch: 0,
      facts: undefined,
      checkedMs: -Infinity,
      checking: false,
      refusedMs: undefined,
      failures: [],
    }));
  }

  /** A new call. `answeredBy`: the journal's record of the earlier calls. */
  submit(call: MeshCall, answeredBy: readonly AnsweringModel[], nowMs: number): Action[] {
    this.#bindings.remember(call.session, call.asked, answeredBy);
    if (!this.#isActive()) this.#lookedMs = nowMs;
    const queue = this.#queues.get(call.session) ?? [];
    queue.push({ call, sinceMs: nowMs, hopelessMs: undefined });
    this.#queues.set(call.session, queue);
    this.#askAgain(nowMs);
    return this.#pump(nowMs);
  }

  /** A refused key may have been corrected since: no new call is rejected because of an old refusal. */
  #askAgain(nowMs: number): void {
    for (const node of this.#nodes) {
      if (node.refusedMs === undefined || node.circuit.state !== "open") continue;
      node.circuit = { ...node.circuit, untilMs: Math.max(nowMs, node.refusedMs + firstWaitMs) };
      node.refusedMs = undefined;
    }
  }

  /** A waiting call was cancelled. */
  withdraw(id: number, nowMs: number): Action[] {
    for (const [session, queue] of this.#queues) {
      const rest = queue.filter(({ call }) => call.id !== id);
      if (rest.length === queue.length) continue;
      for (const { call } of queue) if (call.id === id) this.#unbind(call);
      if (rest.length === 0) this.#queues.delete(session);
      else this.#queues.set(session, rest);
    }
    return this.#pump(nowMs);
  }

  /** A call has left its node. */
  released(id: number, outcome: Outcome, nowMs: number): Action[] {
    const node = this.#nodes.find(({ running }) => running.has(id));
    const running = node?.running.get(id);
    if (node === undefined || running === undefined) return [];
    node.running.delete(id);
    const { call, model } = running;
    const answered = outcome.kind === "answered";
    // A call that continues elsewhere keeps its binding.
    if (answered || !outcome.again) this.#bindings.end(call.session, call.asked, model, answered);
    if (outcome.kind === "answered") node.circuit = afterReply(node.circuit);
    else this.#failed(node, running, outcome, nowMs);
    return this.#pump(nowMs);
  }

  /** A requested check has ended. */
  checked(name: string, result: CheckResult, nowMs: number): Action[] {
    const node = this.#node(name);
    node.checking = false;
    node.refusedMs = !result.ok && result.refuses === true ? nowMs : undefined;
    if (result.ok) {
      const before = node.circuit;
      node.circuit = afterPassedCheck(before, nowMs);
      if (before.state === "open" && node.circuit.state === "half_open") node.epoch += 1;
      node.facts = result.facts;
      node.checkedMs = nowMs;
    } else if (result.slow === true && node.running.size > 0) {
      // It is busy with our calls, and their connections show whether it is alive.
      node.checkedMs = nowMs;
    } else {
      node.circuit = afterFailedCheck(node.circuit, nowMs);
      this.#note(node, { atMs: nowMs, code: "check", message: result.problem });
    }
    return this.#pump(nowMs);
  }

  /** A drained node accepts no new calls; running ones finish. */
  drain(name: string, draining: boolean, nowMs: number): Action[] {
    this.#node(name).draining = draining;
    return this.#pump(nowMs);
  }

  /** While a screen shows the mesh, its nodes are checked without work too. */
  watch(watched: boolean, nowMs: number): Action[] {
    this.#watched = watched;
    return this.#pump(nowMs);
  }

  /** The time that `wakeMs` named has come. */
  tick(nowMs: number): Action[] {
    return this.#pump(nowMs);
  }

  /** Whether calls wait. Only then may a timer keep the process alive: running calls have their sockets. */
  get hasWaiting(): boolean {
    return this.#queues.size > 0;
  }

  /** When to call `tick` next, in the clock's milliseconds; undefined: nothing will change by itself. */
  wakeMs(nowMs: number): number | undefined {
    if (!this.#isActive()) return undefined;
    let next = Infinity;
    for (const node of this.#nodes) if (!node.checking) next = Math.min(next, this.#checkDueMs(node));
    for (const queue of this.#queues.values()) {
      for (const { hopelessMs, call } of queue) {
        if (hopelessMs !== undefined) next = Math.min(next, hopelessMs + call.patienceMs);
      }
    }
    const looked = this.#lookedMs + firstLookMs;
    if (this.hasWaiting && looked > nowMs) next = Math.min(next, looked);
    return next === Infinity ? undefined : Math.max(next, nowMs);
  }

  /** The state of the nodes, in the file's order. */
  nodes(): readonly Readonly<Node>[] {
    return this.#nodes;
  }

  /** The waiting calls, those of the session whose turn it is first. */
  queue(): readonly Readonly<Waiting>[] {
    return this.#waiting();
  }

  #node(name: string): Node {
    const found = this.#nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`the mesh has no node ${name}`);
    return found;
  }

  #waiting(): Waiting[] {
    return [...this.#queues.values()].flat();
  }

  #isActive(): boolean {
    return this.#watched || this.hasWaiting || this.#nodes.some(({ running }) => running.size > 0);
  }

  #failed(node: Node, running: Running, outcome: Outcome & { kind: "failed" }, nowMs: number): void {
    const { call, model } = running;
    const kind = failureKind(outcome.code);
    const epoch = node.epoch;
    node.circuit = afterFailure(node.circuit, kind, nowMs, outcome.waitMs);
    if (kind !== "call" && kind !== "refused") {
      this.#note(node, { atMs: nowMs, code: outcome.code, message: outcome.message, step: call.step });
    }
    if (!outcome.again) return;
    const tried = new Map(call.tried).set(node.name, epoch);
    const queue = this.#queues.get(call.session) ?? [];
    queue.unshift({
      call: { ...call, tried, bound: model },
      sinceMs: nowMs,
      hopelessMs: undefined,
    });
    // The session's turn was used by the failed try: it comes first again.
    this.#queues.delete(call.session);
    const others = [...this.#queues];
    this.#queues.clear();
    this.#queues.set(call.session, queue);
    for (const [session, waiting] of others) this.#queues.set(session, waiting);
  }

  #note(node: Node, failure: NodeFailure): void {
    node.failures = [...node.failures, failure].slice(-keptFailures);
  }

  #pump(nowMs: number): Action[] {
    const actions: Action[] = [];
    if (this.hasWaiting && this.#hasLooked(nowMs)) {
      for (let started = this.#startNext(nowMs); started !== undefined;) {
        actions.push(started);
        started = this.hasWaiting ? this.#startNext(nowMs) : undefined;
      }
      if (this.hasWaiting) actions.push(...this.#rejections(nowMs));
    }
    if (!this.#isActive()) return actions;
    for (const node of this.#nodes) {
      if (node.checking || this.#checkDueMs(node) > nowMs) continue;
      node.checking = true;
      actions.push({ kind: "check", node: node.name });
    }
    return actions;
  }

  /** After an idle period every node has a moment to report its state, so that the choice does not depend on a race. */
  #hasLooked(nowMs: number): boolean {
    if (nowMs >= this.#lookedMs + firstLookMs) return true;
    return this.#nodes.every((node) => isFresh(node, nowMs) || node.circuit.state === "open");
  }

  #checkDueMs(node: Node): number {
    return node.circuit.state === "open" ? node.circuit.untilMs : node.checkedMs + checkEveryMs;
  }

  #nodeStates(nowMs: number): NodeState[] {
    return this.#nodes.map((node) => ({
      name: node.name,
      slots: node.slots,
      busy: node.running.size,
      draining: node.draining,
      circuit: node.circuit,
      epoch: node.epoch,
      facts: isFresh(node, nowMs) ? node.facts : undefined,
      refuses: node.refusedMs !== undefined,
      waiting: 0,
      used: node.used,
    }));
  }

  /** Starts one call, if a node is free for one: the next of the least recently served session. */
  #startNext(nowMs: number): Action | undefined {
    const nodes = this.#nodeStates(nowMs);
    if (!nodes.some((node) => isTaking(node))) return undefined;
    for (const [session, queue] of this.#queues) {
      const tried = new Set<string>();
      for (const [index, { call }] of queue.entries()) {
        const kind = kindOf(call);
        if (tried.has(kind)) continue;
        tried.add(kind);
        const bound = this.#boundOf(call, nodes);
        const free = nodes.filter((node) => prospectOf(call, node, bound).kind === "free");
        const chosen = choose(call, this.#withWaiting(free, call, nodes), this.#held(call));
        const prospect = chosen === undefined ? undefined : prospectOf(call, chosen, bound);
        if (chosen === undefined || prospect?.kind !== "free") continue;
        queue.splice(index, 1);
        this.#queues.delete(session);
        if (queue.length > 0) this.#queues.set(session, queue);
        return this.#start(call, this.#node(chosen.name), prospect.model, nowMs);
      }
    }
    return undefined;
  }

  #start(call: MeshCall, node: Node, model: AnsweringModel, nowMs: number): Action {
    const before = this.#held(call);
    const changed = before.length > 0 && !before.some((held) => isSameModel(held, model));
    const last = changed ? before.at(-1) : undefined;
    if (call.bound === undefined || !isSameModel(call.bound, model)) {
      this.#unbind(call);
      this.#bindings.begin(call.session, call.asked, model);
    }
    node.running.set(call.id, { call, model, sinceMs: nowMs });
    node.used.set(entryOf(call.models, node.name) ?? call.asked, nowMs);
    return {
      kind: "start",
      call: call.id,
      node: node.name,
      model,
      ...defined({ changedFrom: last }),
    };
  }

  /** The models that answered the session's calls, or are about to. */
  #held(call: MeshCall): readonly AnsweringModel[] {
    return this.#bindings.of(call.session, call.asked);
  }

  /** A call gives up the model that it began with. */
  #unbind({ session, asked, bound }: MeshCall): void {
    if (bound !== undefined) this.#bindings.end(session, asked, bound, false);
  }

  /** The models that the call may move to when the same is required; empty: any. */
  #boundOf(call: MeshCall, nodes: readonly NodeState[]): readonly AnsweringModel[] {
    if (call.sameModel === "allowed") return [];
    if (call.bound !== undefined) return [call.bound];
    const held = this.#held(call);
    if (held.length > 0) return held;
    const best = bestModel(call, nodes);
    return best === undefined ? [] : [best];
  }

  /** Counts, where it affects a decision, the waiting calls that only one node can take. */
  #withWaiting(
    free: readonly NodeState[],
    { id }: MeshCall,
    nodes: readonly NodeState[],
  ): readonly NodeState[] {
    if (free.length < 2) return free;
    const counts = new Map<string, number>();
    for (const [, queue] of this.#queues) {
      // One call represents all calls of its session: they are bound to the same model.
      const call = queue.find((waiting) => waiting.call.id !== id)?.call;
      if (call === undefined) continue;
      const bound = this.#boundOf(call, nodes);
      const able = nodes.filter((node) => ["free", "busy"].includes(prospectOf(call, node, bound).kind));
      const only = able.length === 1 ? able[0] : undefined;
      if (only !== undefined) counts.set(only.name, (counts.get(only.name) ?? 0) + queue.length);
    }
    return free.map((node) => ({ ...node, waiting: counts.get(node.name) ?? 0 }));
  }

  /** Calls for which no node is left, or none came back in time. */
  #rejections(nowMs: number): Action[] {
    const nodes = this.#nodeStates(nowMs);
    const actions: Action[] = [];
    for (const [session, queue] of [...this.#queues]) {
      const rest: Waiting[] = [];
      const seen = new Map<string, readonly Seen[]>();
      for (const waiting of queue) {
        const { call } = waiting;
        const kind = kindOf(call);
        const prospects = seen.get(kind) ?? this.#prospects(call, nodes);
        seen.set(kind, prospects);
        const waitedMs = this.#givenUpAfterMs(waiting, prospects, nowMs);
        if (waitedMs === undefined) rest.push(waiting);
        else {
          this.#unbind(call);
          actions.push({ kind: "reject", call: call.id, rejection: { nodes: prospects, waitedMs } });
        }
      }
      if (rest.length === queue.length) continue;
      if (rest.length === 0) this.#queues.delete(session);
      else this.#queues.set(session, rest);
    }
    return actions;
  }

  #prospects(call: MeshCall, nodes: readonly NodeState[]): readonly Seen[] {
    const bound = this.#boundOf(call, nodes);
    return nodes.map((node) => ({ name: node.name, prospect: prospectOf(call, node, bound) }));
  }

  /** How long the call has waited for a node, if it must stop waiting; undefined: it keeps waiting. */
  #givenUpAfterMs(waiting: Waiting, prospects: readonly Seen[], nowMs: number): number | undefined {
    if (prospects.some(({ prospect: { kind } }) => kind === "busy" || kind === "free")) {
      waiting.hopelessMs = undefined;
      return undefined;
    }
    waiting.hopelessMs ??= nowMs;
    const waitedMs = nowMs - waiting.hopelessMs;
    const mayComeBack = prospects.some(({ prospect: { kind } }) => kind === "away");
    return mayComeBack && waitedMs < waiting.call.patienceMs ? undefined : waitedMs;
  }
}

function isFresh({ facts, checkedMs }: Node, nowMs: number): boolean {
  return facts !== undefined && nowMs - checkedMs <= freshMs;
}

/** Equal for calls of one session that are the same to every node. */
function kindOf({ asked, routing, sameModel, bound, tried }: MeshCall): string {
  const fresh = bound === undefined && tried.size === 0;
  return fresh
    ? `${routing} ${sameModel} ${asked}`
    : JSON.stringify([asked, routing, sameModel, bound, [...tried]]);
}

function isTaking({ draining, circuit, busy, slots, facts }: NodeState): boolean {
  if (draining || facts === undefined || circuit.state === "open") return false;
  return busy < (circuit.state === "half_open" ? 1 : slots);
}
