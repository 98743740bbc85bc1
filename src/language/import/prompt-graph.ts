import { quoted } from "../text/diagnostic";
import type { Value } from "./read";
import type { ImportReport } from "./report";

export interface GraphNode {
  readonly name: string;
  readonly type: string;
  /** The node, or its default variant. */
  readonly value: Value;
  /** Variants that are not used. */
  readonly lostVariants: readonly string[];
  /** Names of the nodes whose output it uses. */
  readonly uses: readonly string[];
}

/** The nodes of a `flow.dag.yaml`, ordered. */
export interface Graph {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** Model calls, in the order of the file. */
  readonly steps: readonly GraphNode[];
  readonly others: readonly GraphNode[];
  /** The model calls in an order in which each comes after its inputs; those of one level are independent. */
  readonly levels: readonly (readonly GraphNode[])[];
  /** Nodes that depend on each other. */
  readonly cycle: readonly GraphNode[];
  /** Other nodes that need the output of a model call. */
  readonly afterSteps: ReadonlySet<GraphNode>;
}

function usesOf(value: Value): string[] {
  const texts: string[] = [];
  for (const [, input] of value.at("inputs")?.entries() ?? [])
    texts.push(input.asText() ?? JSON.stringify(input.raw));
  const when = value.at("activate")?.at("when")?.asText();
  if (when !== undefined) texts.push(when);
  const names = texts.flatMap((text) => [...text.matchAll(/\$\{([^.}]+)/g)].map(([, name = ""]) => name));
  return [...new Set(names)].filter((name) => name !== "inputs" && name !== "run");
}

/** The node itself, or its content in the default variant. */
function variantOf(node: Value, flow: Value, name: string): { value: Value; lost: string[] } {
  const all = flow.at("node_variants")?.at(name);
  const variants = all?.at("variants");
  if (variants === undefined) return { value: node, lost: [] };
  const wanted = all?.at("default_variant_id")?.asText() ?? variants.keys[0] ?? "";
  const lost = variants.keys.filter((key) => key !== wanted);
  const found = variants.at(wanted);
  return { value: found?.at("node") ?? node, lost };
}

function isModelCall(type: string, value: Value): boolean {
  if (type === "llm" || type === "custom_llm") return true;
  // Older flows give no type; a template is a prompt, and a model call has a connection.
  return type === "" && value.at("connection") !== undefined;
}

export function readGraph(flow: Value, report: ImportReport): Graph {
  const nodes = new Map<string, GraphNode>();
  for (const item of flow.at("nodes")?.items() ?? []) {
    const name = item.text("name", report);
    if (!item.isMap || name === undefined) {
      report.warning(`${item.name} of 'nodes' has no name and is left out.`, item.place);
      continue;
    }
    if (nodes.has(name)) {
      report.warning(`A second node is named ${quoted(name)}; it is left out.`, item.place);
      continue;
    }
    const { value, lost } = variantOf(item, flow, name);
    const type = value.text("type", report) ?? item.text("type", report) ?? "";
    nodes.set(name, { name, type, value, lostVariants: lost, uses: usesOf(value) });
  }
  const all = [...nodes.values()];
  const steps = all.filter(({ type, value }) => isModelCall(type, value));
  const isStep = new Set(steps);
  const { depth, cycle } = depths(nodes, isStep);
  const levels: GraphNode[][] = [];
  if (cycle.length > 0) levels.push(...steps.map((node) => [node]));
  else for (const node of steps) (levels[depth.get(node.name) ?? 0] ??= []).push(node);
  return {
    nodes,
    steps,
    others: all.filter((node) => !isStep.has(node)),
    levels: levels.filter((level) => level.length > 0),
    cycle,
    afterSteps: new Set(all.filter((node) => !isStep.has(node) && (depth.get(node.name) ?? 0) > 0)),
  };
}

/**
 * The length of the longest chain of model calls before each node; nodes without an order are
 * listed. Kahn's algorithm, so that the depth of the graph uses no stack.
 */
function depths(
  nodes: ReadonlyMap<string, GraphNode>,
  isStep: ReadonlySet<GraphNode>,
): { depth: ReadonlyMap<string, number>; cycle: GraphNode[] } {
  const depth = new Map<string, number>();
  const open = new Map<string, number>();
  const users = new Map<string, GraphNode[]>();
  for (const node of nodes.values()) {
    const uses = node.uses.filter((name) => nodes.has(name));
    open.set(node.name, uses.length);
    for (const name of uses) users.set(name, [...(users.get(name) ?? []), node]);
  }
  const ready = [...nodes.values()].filter(({ name }) => open.get(name) === 0);
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    const here = depth.get(node.name) ?? 0;
    depth.set(node.name, here);
    const next = here + (isStep.has(node) ? 1 : 0);
    for (const user of users.get(node.name) ?? []) {
      depth.set(user.name, Math.max(depth.get(user.name) ?? 0, next));
      const left = (open.get(user.name) ?? 1) - 1;
      open.set(user.name, left);
      if (left === 0) ready.push(user);
    }
  }
  return { depth, cycle: [...nodes.values()].filter(({ name }) => (open.get(name) ?? 0) > 0) };
}
