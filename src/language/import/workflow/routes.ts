import type { Value } from "../read";
import type { Item } from "./builder";
import { written } from "./condition";
import type { Condition } from "./condition";

/** A successor of a node: the first route whose condition holds. */
export interface Route {
  readonly to: string;
  readonly when: string | undefined;
  readonly value: Value;
}

export interface Routed {
  readonly raw: string;
  /** The step's id in Orket. */
  readonly id: string;
  readonly routes: readonly Route[];
}

export interface Arranger {
  /** The entries of the Score for a node. */
  readonly item: (node: Routed, when: readonly Condition[]) => Item[];
  /** When a route is taken: [] for always, undefined where a Score cannot express it. */
  readonly condition: (node: Routed, route: Route) => Condition[] | undefined;
  readonly opposite: (conditions: readonly Condition[]) => Condition[] | undefined;
  readonly rounds: (node: Routed, route: Route) => number;
  readonly lost: (node: Routed, what: string) => void;
}

interface Edge {
  readonly from: Routed;
  readonly to: Routed;
  readonly route: Route;
}

interface Loop {
  readonly start: number;
  end: number;
  readonly edge: Edge;
}

/** The nodes in an order in which each comes after those that lead to it, and the routes that lead back. */
function inOrder(
  nodes: readonly Routed[],
  entry: string,
): { order: Routed[]; back: Edge[]; forward: Edge[] } {
  const byName = new Map(nodes.map((node) => [node.raw, node]));
  const state = new Map<Routed, "open" | "done">();
  const back: Edge[] = [];
  const forward: Edge[] = [];
  const order: Routed[] = [];
  const visit = (node: Routed): void => {
    state.set(node, "open");
    // The last route is visited first, so that the first comes directly after its node.
    for (const route of [...node.routes].reverse()) {
      const to = byName.get(route.to);
      if (to === undefined) continue;
      const edge = { from: node, to, route };
      if (state.get(to) === "open") back.push(edge);
      else {
        forward.push(edge);
        if (!state.has(to)) visit(to);
      }
    }
    state.set(node, "done");
    order.unshift(node);
  };
  const start = byName.get(entry) ?? nodes[0];
  if (start !== undefined) visit(start);
  return { order, back, forward };
}

/** Ends a loop: when none of its ways back is taken. */
function untilOf(node: Routed, edge: Edge, arranger: Arranger): Condition[] | undefined {
  const taken = arranger.condition(node, edge.route);
  if (taken !== undefined && taken.length > 0) {
    const opposite = arranger.opposite(taken);
    if (opposite !== undefined) return opposite;
  }
  // The way back is what remains when no other route is taken.
  const others = node.routes.filter(({ to }) => to !== edge.route.to);
  const conditions = others.map((route) => arranger.condition(node, route));
  const first = conditions.find((one) => one !== undefined && one.length > 0);
  return first;
}

/**
 * Converts a graph of nodes and routes to the order of a Score: ways back become loops, ways that are not always taken
 * become conditions. What cannot be expressed is reported.
 */
export function arrange(nodes: readonly Routed[], entry: string, arranger: Arranger): Item[] {
  const { order, back, forward } = inOrder(nodes, entry);
  for (const node of nodes)
    if (!order.includes(node)) arranger.lost(node, `nothing leads to the step ${node.id}; it is left out.`);
  const at = new Map(order.map((node, index) => [node, index]));
  const loops: Loop[] = [];
  for (const edge of back) {
    const start = at.get(edge.to) ?? 0;
    const end = at.get(edge.from) ?? 0;
    const same = loops.find(
      (loop) =>
        loop.start === start ||
        (loop.start < start && start <= loop.end && end > loop.end) ||
        (start < loop.start && loop.start <= end && loop.end > end),
    );
    if (same === undefined) loops.push({ start, end, edge });
    else {
      same.end = Math.max(same.end, end);
      arranger.lost(
        edge.from,
        `a second way back, from ${edge.from.id} to ${edge.to.id}; the loop ends by one of them.`,
      );
    }
  }
  const whens = conditionsOf(order, forward, arranger);
  return build(
    order,
    0,
    order.length,
    [...loops].sort((a, b) => a.start - b.start || b.end - a.end),
    whens,
    arranger,
  );
}

/** The condition that must hold for each node to be reached. */
function conditionsOf(
  order: readonly Routed[],
  forward: readonly Edge[],
  arranger: Arranger,
): Map<Routed, Condition[]> {
  const whens = new Map<Routed, Condition[]>();
  for (const node of order) {
    const incoming = forward.filter(({ to }) => to === node);
    const [edge, ...more] = incoming;
    if (edge === undefined || more.length > 0) {
      whens.set(node, []);
      continue;
    }
    const own = routeWhen(edge, forward, arranger);
    const inherited = whens.get(edge.from) ?? [];
    if (own === undefined)
      arranger.lost(node, `the condition under which ${node.id} follows ${edge.from.id}.`);
    whens.set(node, own === undefined || own.length === 0 ? inherited : own);
  }
  return whens;
}

function routeWhen(edge: Edge, forward: readonly Edge[], arranger: Arranger): Condition[] | undefined {
  const { from, route } = edge;
  const own = arranger.condition(from, route);
  // Ways back belong to the loop: a node after it has left it.
  const before = from.routes.slice(0, from.routes.indexOf(route)).filter((other) => other.when !== undefined);
  const leads = (other: Route): boolean =>
    other.to === "$end" ||
    forward.some(({ from: source, route: taken }) => source === from && taken === other);
  const real = from.routes.filter((other) => other !== route && leads(other));
  if (real.length === 0) return [];
  if (own === undefined || own.length > 0) return own;
  const opposites = before.filter(leads).map((other) => {
    const taken = arranger.condition(from, other);
    return taken === undefined ? undefined : arranger.opposite(taken);
  });
  return opposites.includes(undefined) ? undefined : opposites.flatMap((one) => one ?? []);
}

function build(
  order: readonly Routed[],
  start: number,
  end: number,
  loops: readonly Loop[],
  whens: ReadonlyMap<Routed, Condition[]>,
  arranger: Arranger,
): Item[] {
  const items: Item[] = [];
  for (let index = start; index < end;) {
    const loop = loops.find((one) => one.start === index && one.end < end);
    const node = order[index];
    if (node === undefined) break;
    if (loop === undefined) {
      items.push(...arranger.item(node, whens.get(node) ?? []));
      index++;
      continue;
    }
    const rest = loops.filter((one) => one !== loop);
    const inner = new Map(whens);
    const when = inner.get(node) ?? [];
    inner.set(node, []);
    const steps = build(order, index, loop.end + 1, rest, inner, arranger);
    const until = untilOf(loop.edge.from, loop.edge, arranger);
    if (until === undefined)
      arranger.lost(loop.edge.from, `what ends the loop from ${loop.edge.to.id} to ${loop.edge.from.id}.`);
    if (steps.length > 0) {
      items.push({
        loop: {
          max: arranger.rounds(loop.edge.from, loop.edge.route),
          ...(until === undefined ? {} : { until: written(until) }),
          ...(when.length === 0 ? {} : { when: written(when) }),
          steps,
        },
      });
    }
    index = loop.end + 1;
  }
  return items;
}
