import type { AnsweringModel } from "../../../engine/port/model-provider";
import type { Circuit } from "./circuit";
import { fingerprintOf, isOtherModel, isSameModel, listedModel } from "./fingerprint";
import type { NodeFacts } from "./fingerprint";
import { defined } from "../../../engine/model/defined";
import { entryOf } from "../../../engine/model/entry-of";

/** A call as the scheduler knows it. */
export interface MeshCall {
  readonly id: number;
  readonly session: string;
  readonly step: string;
  /** The model that the session requests. */
  readonly asked: string;
  /** Its name on each node. */
  readonly models: Readonly<Record<string, string>>;
  readonly routing: "least_busy" | "ordered";
  readonly sameModel: "required" | "allowed";
  /** How long it waits for a node to come back when there is no other node to wait for, in milliseconds. */
  readonly patienceMs: number;
  /** The model that this call began with; it never moves to another one unless that is allowed. */
  readonly bound?: AnsweringModel;
  /** Nodes on which it failed, with their epoch at the time. */
  readonly tried: ReadonlyMap<string, number>;
}

/** The part of a node that placing a call needs. */
export interface NodeState {
  readonly name: string;
  readonly slots: number;
  readonly busy: number;
  readonly draining: boolean;
  readonly circuit: Circuit;
  /** Raised each time the node comes back. */
  readonly epoch: number;
  /** The result of the last check; undefined when there was none, or it is too old to rely on. */
  readonly facts: NodeFacts | undefined;
  /** It was checked, and requires another key. */
  readonly refuses: boolean;
  /** Waiting calls that only this node can take. */
  readonly waiting: number;
  /** When the node was last given a call for a model, in milliseconds. */
  readonly used: ReadonlyMap<string, number>;
}

/**
 * What a node is for a call. free: it can take it now. busy: it can take it later. away: it may come back. never: it
 * cannot take it, and `why` gives the reason in words that follow the node's name.
 */
export type Prospect =
  | { readonly kind: "free"; readonly model: AnsweringModel }
  | { readonly kind: "busy" }
  | { readonly kind: "away"; readonly why: string }
  | { readonly kind: "never"; readonly because: NeverBecause; readonly why: string };

export type NeverBecause = "tried" | "refused" | "missing" | "other_model";

export function prospectOf(call: MeshCall, node: NodeState, bound: readonly AnsweringModel[]): Prospect {
  const isOpen = node.circuit.state === "open";
  if (!isOpen && call.tried.get(node.name) === node.epoch) {
    return { kind: "never", because: "tried", why: "failed with this call" };
  }
  if (node.draining) return { kind: "away", why: "is being drained" };
  if (isOpen && node.refuses) return { kind: "never", because: "refused", why: "has no valid key" };
  if (node.facts === undefined)
    return { kind: "away", why: isOpen ? "does not answer" : "was not asked yet" };
  const model = answering(call, node);
  if (model === undefined) {
    const name = entryOf(call.models, node.name) ?? call.asked;
    return { kind: "never", because: "missing", why: `does not have the model '${name}'` };
  }
  if (call.sameModel === "required" && bound.length > 0 && !bound.some((held) => isSameModel(held, model))) {
    return { kind: "never", because: "other_model", why: otherModel(model, bound) };
  }
  if (isOpen) return { kind: "away", why: "does not answer" };
  const slots = node.circuit.state === "half_open" ? 1 : node.slots;
  return node.busy < slots ? { kind: "free", model } : { kind: "busy" };
}

function otherModel(model: AnsweringModel, bound: readonly AnsweringModel[]): string {
  if (model.digest === undefined) return "does not say which model it has";
  return bound.some((held) => isOtherModel(held, model))
    ? "has another model under this name"
    : "has a model that cannot be compared";
}

/** The node's model for a call; undefined: it does not have it. */
function answering(call: MeshCall, node: NodeState): AnsweringModel | undefined {
  const fingerprint =
    node.facts === undefined
      ? undefined
      : fingerprintOf(node.facts, entryOf(call.models, node.name) ?? call.asked);
  if (fingerprint === undefined) return undefined;
  const { digest } = fingerprint;
  return { node: node.name, ...defined({ digest }) };
}

/**
 * What a session's first call binds it to when `same_model` is required: the model that has the most slots, so that one
 * odd node does not keep a session from all the others; with `ordered`, the first node's. Nodes that are away do not
 * count. undefined: no node is available.
 */
export function bestModel(call: MeshCall, nodes: readonly NodeState[]): AnsweringModel | undefined {
  let best: AnsweringModel | undefined;
  let most = 0;
  for (const node of nodes) {
    const model = node.circuit.state === "open" || node.draining ? undefined : answering(call, node);
    if (model === undefined) continue;
    if (call.routing === "ordered") return model;
    const slots = nodes
      .filter((other) => other.circuit.state !== "open" && !other.draining)
      .filter((other) => isSame(answering(call, other), model))
      .reduce((sum, other) => sum + other.slots, 0);
    if (slots > most) [best, most] = [model, slots];
  }
  return best;
}

function isSame(one: AnsweringModel | undefined, other: AnsweringModel): boolean {
  return one !== undefined && isSameModel(one, other);
}

/** A node that would have to load the model first counts as this much busier: a warm slot is preferred to a cold machine. */
const loadingShare = 0.5;
/** So does a node whose model is known to differ from the session's so far. */
const otherModelShare = 4;

/**
 * The free node for the call: by the file's order, or the least busy one. The share of busy slots counts
 * first, then waiting calls, then the file's order.
 */
export function choose(
  call: MeshCall,
  free: readonly NodeState[],
  bound: readonly AnsweringModel[],
): NodeState | undefined {
  if (call.routing === "ordered") return free[0];
  let best: NodeState | undefined;
  let bestLoad = Infinity;
  for (const node of free) {
    const load = loadOf(call, node, bound);
    const fewer = load === bestLoad && node.waiting < (best?.waiting ?? Infinity);
    if (load < bestLoad || fewer) [best, bestLoad] = [node, load];
  }
  return best;
}

function loadOf(call: MeshCall, node: NodeState, bound: readonly AnsweringModel[]): number {
  const model = answering(call, node);
  const moves =
    model !== undefined &&
    bound.some((held) => isOtherModel(held, model)) &&
    !bound.some((held) => isSameModel(held, model));
  return node.busy / node.slots + (isWarm(call, node) ? 0 : loadingShare) + (moves ? otherModelShare : 0);
}

/** Whether the node has the model in memory: as it reports, else whether it was the last one requested from it. */
function isWarm(call: MeshCall, node: NodeState): boolean {
  const name = entryOf(call.models, node.name) ?? call.asked;
  const loaded = node.facts === undefined ? undefined : listedModel(node.facts, name)?.loaded;
  if (loaded === true) return true;
  const last = [...node.used].sort(([, a], [, b]) => b - a)[0]?.[0];
  if (last === undefined) return loaded !== false;
  return last === name;
}
