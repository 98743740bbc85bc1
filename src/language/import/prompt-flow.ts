import { quoted } from "../text/diagnostic";
import { folderOf, joinPath } from "../project/paths";
import type { ProjectFile } from "../project/project";
import type { Draft } from "./draft";
import { readGraph } from "./prompt-graph";
import type { Graph, GraphNode } from "./prompt-graph";
import { Ids } from "./names";
import { foreignText, readForeign } from "./read";
import type { Value } from "./read";
import type { Target } from "./target";
import { escapeTemplate, oneLine, paragraphs, takeOut, translateTemplate } from "./text";
import type { Translation } from "./text";
import { defined } from "../../engine/model/defined";

/** `{{ name }}`. */
const expression = /\{\{([^{}\n]{0,200})\}\}/g;
/** Most characters of other prompts in a prompt, so that a few lines cannot expand to a gigabyte. */
const maxPrompt = 200_000;

const flowKeys = ["name", "display_name", "description", "inputs", "outputs", "nodes", "node_variants"];
/** Keys that do not affect what the flow does. */
const silentKeys = ["$schema", "id", "language", "type", "tags"];
const settings = [
  "model",
  "deployment_name",
  "temperature",
  "max_tokens",
  "top_p",
  "stop",
  "presence_penalty",
  "frequency_penalty",
  "seed",
  "response_format",
];

class PromptFlowImport {
  readonly #inputIds = new Ids("input");
  readonly #stepIds = new Ids("step");
  readonly #inputs: Record<string, Record<string, unknown>> = {};
  readonly #roles: Record<string, unknown> = {};
  readonly #overrides: Record<string, unknown> = {};
  /** Translated templates by their node: one that is used a thousand times is read once. */
  readonly #done = new Map<string, string>();
  readonly #drafts: { flow: Draft; band: Draft; score: Draft };
  readonly #path: string;
  readonly #value: Value;
  readonly #graph: Graph;
  readonly #files: ReadonlyMap<string, ProjectFile>;
  readonly #target: Target;

  constructor(
    path: string,
    value: Value,
    graph: Graph,
    files: ReadonlyMap<string, ProjectFile>,
    target: Target,
  ) {
    this.#path = path;
    this.#value = value;
    this.#graph = graph;
    this.#files = files;
    this.#target = target;
    const name = value.text("display_name", target.report) ?? value.text("name", target.report);
    const folder = folderOf(path);
    const wanted = name ?? (folder === "" ? "prompt-flow" : folder.slice(folder.lastIndexOf("/") + 1));
    this.#drafts = {
      flow: target.draft("flow", wanted, value.place),
      band: target.draft("band", wanted, value.place),
      score: target.draft("score", wanted, value.place),
    };
    for (const draft of Object.values(this.#drafts)) draft.say(`Imported from ${path} of Prompt flow.`);
  }

  get #report() {
    return this.#target.report;
  }

  run(): void {
    const { flow, band, score } = this.#drafts;
    for (const [key, item] of this.#value.entries()) {
      if (flowKeys.includes(key)) continue;
      if (silentKeys.includes(key)) this.#report.info(`${quoted(key)} is left out.`, item.place);
      else flow.lost(`${quoted(key)} has no counterpart.`, item.place);
    }
    this.#readInputs();
    band.value.roles = this.#roles;
    score.value.steps = this.#steps();
    this.#listOthers();
    const description = this.#value.text("description", this.#report);
    if (description !== undefined) flow.value.description = oneLine(description);
    Object.assign(flow.value, { band: band.name, venue: this.#venue().name, score: score.name });
    flow.value.task = "Answer as the steps of this flow describe it.";
    this.#readOutputs();
    if (Object.keys(this.#inputs).length > 0) flow.value.inputs = this.#inputs;
  }

  #readInputs(): void {
    for (const [raw, input] of this.#value.at("inputs")?.entries() ?? []) {
      const id = this.#inputIds.of(raw);
      const path = ["inputs", id];
      const { flow } = this.#drafts;
      if (id !== raw) this.#report.info(`The input ${quoted(raw)} is named ${quoted(id)} here.`, input.place);
      const given = input.text("type", this.#report) ?? "string";
      const type = /^(int|double|number|float)$/.test(given)
        ? "number"
        : /^bool/.test(given)
          ? "boolean"
          : "string";
      if (!/^(string|int|double|number|float|bool|boolean)$/.test(given)) {
        flow.lost(`the type ${quoted(given)} of ${id}: it is text here.`, input.place, path);
      }
      const description = input.text("description", this.#report);
      const fallback = input.at("default");
      this.#inputs[id] = {
        type,
        ...(description === undefined ? {} : { description: oneLine(description) }),
        ...this.#fallback(fallback, type, path),
      };
    }
  }

  #fallback(value: Value | undefined, type: string, path: readonly string[]): { default?: unknown } {
    if (value === undefined) return {};
    const { raw } = value;
    if (type === "string")
      return {
        default: value.asText() ?? (value.items().length === 0 && value.isList ? "" : JSON.stringify(raw)),
      };
    if (typeof raw === type) return { default: raw };
    const number = Number(raw);
    if (type === "number" && typeof raw === "string" && raw.trim() !== "" && Number.isFinite(number))
      return { default: number };
    if (type === "boolean" && (raw === "true" || raw === "false")) return { default: raw === "true" };
    this.#drafts.flow.lost(`the default of ${path[1] ?? ""} is no ${type}.`, value.place, path);
    return {};
  }

  #readOutputs(): void {
    for (const [name, output] of this.#value.at("outputs")?.entries() ?? []) {
      const reference = output.asText() ?? output.text("reference", this.#report) ?? "";
      const node = /^\$\{([^.}]+)/.exec(reference)?.[1] ?? "";
      const said = this.#graph.steps.some((step) => step.name === node)
        ? `The output ${quoted(name)} is what the step ${this.#stepIds.of(node)} reports.`
        : `the output ${quoted(name)} (${quoted(reference)}): no step gives it.`;
      if (said.startsWith("The")) {
        this.#drafts.flow.say(said);
        this.#report.info(said, output.place);
      } else this.#drafts.flow.lost(said, output.place);
    }
  }

  /** Nodes that are not model calls, with what was done about them. */
  #listOthers(): void {
    for (const node of this.#graph.others) {
      if (node.type === "prompt") {
        this.#report.info(
          `The prompt ${quoted(node.name)} is written out where it is used.`,
          node.value.place,
        );
        continue;
      }
      const message = `the node ${quoted(node.name)} of type ${quoted(node.type)}: Orket performs model calls only.`;
      this.#drafts.score.lost(message, node.value.place);
    }
    const [first] = this.#graph.cycle;
    if (first === undefined) return;
    const names = this.#graph.cycle.map(({ name }) => oneLine(name)).join(", ");
    const message = `These nodes need each other's output, or that of one that does: ${names}. They run in the order of the file.`;
    this.#drafts.score.remark(message, first.value.place);
  }

  #steps(): unknown[] {
    const items: unknown[] = [];
    for (const level of this.#graph.levels) {
      const path = ["steps", items.length];
      if (level.length === 1 && level[0] !== undefined) items.push(this.#step(level[0], path));
      else {
        const steps = level.map((node, index) => this.#step(node, [...path, "parallel", "steps", index]));
        items.push({ parallel: { steps } });
      }
    }
    if (items.length === 0) this.#report.error("The flow has no node that calls a model.", this.#value.place);
    return items;
  }

  #step(node: GraphNode, path: readonly (string | number)[]): Record<string, unknown> {
    const { score } = this.#drafts;
    const id = this.#stepIds.of(node.name);
    if (id !== node.name)
      this.#report.info(`The node ${quoted(node.name)} is named ${quoted(id)} here.`, node.value.place);
    for (const key of ["activate", "aggregation", "skip"]) {
      const value = node.value.at(key);
      if (value !== undefined && value.raw !== false) {
        score.lost(`${quoted(key)} of ${id}; the step always runs.`, value.place, path);
      }
    }
    if (node.lostVariants.length > 0) {
      score.lost(
        `the variants ${node.lostVariants.join(", ")} of ${id}; the default one is taken.`,
        node.value.place,
        path,
      );
    }
    const { system, rest } = this.#prompt(node, path);
    this.#roles[id] = { prompt: system === "" ? "You answer just what you are asked for.\n" : system };
    this.#settings(node, id);
    return { id, role: id, ...(rest === "" ? {} : { instruction: rest }) };
  }

  #settings(node: GraphNode, id: string): void {
    const inputs = node.value.at("inputs");
    if (inputs === undefined) return;
    const model = inputs.text("model", this.#report) ?? inputs.text("deployment_name", this.#report);
    const temperature = inputs.number("temperature", this.#report, { min: 0, max: 2 });
    const most = inputs.number("max_tokens", this.#report, { min: 1, whole: true });
    const seed = inputs.number("seed", this.#report, { whole: true });
    const params = Object.fromEntries(
      settings.slice(4).flatMap((key) => {
        const raw = inputs.at(key)?.raw;
        const isReference = typeof raw === "string" && raw.startsWith("${");
        return raw === undefined || raw === "" || isReference || key === "seed" ? [] : [[key, raw]];
      }),
    );
    const override = {
      ...(model === undefined || model.startsWith("${") ? {} : { model: oneLine(model) }),
      ...defined({ temperature, seed, max_output_tokens: most }),
      ...(Object.keys(params).length === 0 ? {} : { params }),
    };
    if (Object.keys(override).length > 0) this.#overrides[id] = override;
  }

  #venue(): Draft {
    const models = Object.values(this.#overrides).flatMap((one) => (one as { model?: string }).model ?? []);
    const { name } = this.#drafts.flow;
    if (models.length === 0) return this.#target.madeUpVenue(name, this.#overrides, this.#value.place);
    const venue = this.#target.draft("venue", name, this.#value.place);
    venue.say("The models and settings are those of the nodes.");
    Object.assign(venue.value, {
      provider: "openai",
      api_key: "env:OPENAI_API_KEY",
      model: models[0],
      roles: this.#overrides,
    });
    venue.comment(["api_key"], "Set this variable, or name a stored secret as secret:NAME.");
    const seen = new Set<string>();
    for (const node of this.#graph.steps) {
      const connection = node.value.at("connection");
      const text = connection?.asText() ?? "";
      if (text === "" || seen.has(text)) continue;
      seen.add(text);
      venue.lost(
        `the connection ${quoted(text)}: set endpoint and api_key, for Azure too.`,
        connection?.place,
      );
    }
    return venue;
  }

  /** A node's template as the role's prompt (its system part) and the step's instruction (the rest). */
  #prompt(node: GraphNode, path: readonly (string | number)[]): { system: string; rest: string } {
    const text = this.#rendered(node, path, 0);
    if (text === undefined) return { system: "", rest: "" };
    const parts = text.split(/^[ \t]*(?:#+[ \t]*)?(system|user|assistant|function|tool)[ \t]*:[ \t]*$/im);
    if (parts.length === 1) return { system: "", rest: paragraphs(text) };
    const system: string[] = [];
    const rest: string[] = [parts[0] ?? ""];
    for (let at = 1; at < parts.length; at += 2) {
      const role = (parts[at] ?? "").toLowerCase();
      const part = parts[at + 1] ?? "";
      if (role === "system") system.push(part);
      else rest.push(role === "user" || part.trim() === "" ? part : `${role}:\n${part.trim()}`);
    }
    return { system: paragraphs(...system), rest: paragraphs(...rest) };
  }

  #template(node: GraphNode): string | undefined {
    const source = node.value.at("source");
    const place = source?.place ?? node.value.place;
    const own = source?.text("path", this.#report);
    if (own === undefined) {
      this.#drafts.score.lost(`the prompt of ${quoted(node.name)}: no file is named.`, place);
      return undefined;
    }
    const path = joinPath(folderOf(this.#path), own.replaceAll("\\", "/"));
    const file = path === undefined ? undefined : this.#files.get(path);
    const text = file === undefined ? undefined : foreignText(file);
    if (text === undefined) {
      this.#drafts.score.lost(
        `the prompt of ${quoted(node.name)}: ${quoted(own)} was not given or cannot be read.`,
        place,
      );
    }
    return text;
  }

  /** The node's template with its variables translated; prompts of other nodes are inserted. */
  #rendered(node: GraphNode, path: readonly (string | number)[], depth: number): string | undefined {
    const known = this.#done.get(node.name);
    if (known !== undefined) return known;
    const template = this.#template(node);
    if (template === undefined) return undefined;
    const { text } = takeOut(template.replace(/\r\n?/g, "\n"), "{#", "#}");
    this.#listStatements(node, text, path);
    const unknown = new Set<string>();
    let room = maxPrompt;
    const made = translateTemplate(text, expression, ([, inner = ""]) => {
      // Jinja's whitespace-control marks.
      const name = inner.replace(/^[-+]|[-+]$/g, "").trim();
      const found = unknown.has(name) ? undefined : this.#variable(node, name, path, depth);
      room -= found !== undefined && "template" in found ? found.template.length : 0;
      if (found !== undefined && room >= 0) return found;
      if (!unknown.has(name)) {
        const what = `{{ ${oneLine(name)} }} of ${quoted(node.name)} stands in the prompt as text; nothing is known for it.`;
        this.#drafts.score.remark(what, node.value.place, path);
      }
      unknown.add(name);
      return undefined;
    });
    this.#done.set(node.name, made);
    return made;
  }

  #listStatements(node: GraphNode, text: string, path: readonly (string | number)[]): void {
    const [first, ...more] = takeOut(text, "{%", "%}").taken;
    if (first === undefined) return;
    const others = more.length === 0 ? "" : ` and ${more.length} more`;
    this.#drafts.score.lost(
      `Jinja's ${quoted(oneLine(first))}${others} of ${quoted(node.name)}: it stands in the prompt as text, so rewrite it.`,
      node.value.place,
      path,
    );
  }

  #variable(
    node: GraphNode,
    name: string,
    path: readonly (string | number)[],
    depth: number,
  ): Translation | undefined {
    if (!/^[A-Za-z_]\w*$/.test(name)) return undefined;
    const value = node.value.at("inputs")?.at(name);
    if (value === undefined) return undefined;
    const text = value.asText();
    const reference = /^\$\{([^}]*)\}$/.exec(text?.trim() ?? "")?.[1];
    if (text === undefined) return { template: escapeTemplate(JSON.stringify(value.raw)) };
    if (reference === undefined) return { template: escapeTemplate(text) };
    const [from = "", ...fields] = reference.split(".");
    if (from === "inputs") {
      const input = fields.join(".");
      if (this.#inputIds.has(input))
        return { placeholder: { kind: "input", name: this.#inputIds.of(input) } };
      return undefined;
    }
    if (fields.length > 1) {
      this.#drafts.score.lost(
        `the field ${quoted(fields.slice(1).join("."))} of ${quoted(from)}: its whole report is taken.`,
        value.place,
        path,
      );
    }
    return this.#output(from, value, path, depth);
  }

  /** The replacement for the output of a node. */
  #output(
    name: string,
    value: Value,
    path: readonly (string | number)[],
    depth: number,
  ): Translation | undefined {
    const node = this.#graph.nodes.get(name);
    if (node === undefined) return undefined;
    if (this.#graph.steps.includes(node)) {
      return this.#graph.cycle.length > 0
        ? undefined
        : { placeholder: { kind: "summary", step: this.#stepIds.of(name) } };
    }
    if (node.type === "prompt") {
      const text = depth < 8 ? this.#rendered(node, path, depth + 1) : undefined;
      return text === undefined ? undefined : { template: text.trimEnd() };
    }
    if (this.#graph.afterSteps.has(node)) {
      const key = this.#stepIds.of(name);
      this.#drafts.score.lost(
        `the output of ${quoted(name)}: it is the note ${key} here, which nobody writes yet.`,
        value.place,
        path,
      );
      return { placeholder: { kind: "note", key } };
    }
    const known = this.#inputIds.has(`node ${name}`);
    const id = this.#inputIds.of(`node ${name}`);
    this.#inputs[id] ??= { type: "string", description: `What the node ${oneLine(name)} gave.` };
    if (!known)
      this.#report.warning(
        `What the node ${quoted(name)} gave is asked for as the input ${quoted(id)}.`,
        value.place,
      );
    return { placeholder: { kind: "input", name: id } };
  }
}

/** The files from which a `flow.dag.yaml` takes its prompts, relative to the project. */
export function promptFiles(file: ProjectFile, value: Value): string[] {
  const folder = folderOf(file.path);
  const nodes = [...(value.at("nodes")?.items() ?? [])];
  for (const [, variants] of value.at("node_variants")?.entries() ?? []) {
    for (const [, variant] of variants.at("variants")?.entries() ?? [])
      nodes.push(variant.at("node") ?? variant);
  }
  const paths = nodes.flatMap((node) => {
    const path = node.at("source")?.at("path")?.asText();
    return path === undefined || /\.py$/i.test(path)
      ? []
      : (joinPath(folder, path.replaceAll("\\", "/")) ?? []);
  });
  return [...new Set(paths)];
}

/** Prompt flow's `flow.dag.yaml`: a Band with a role for each model call, a Score, a Flow and a Venue. */
export function importPromptFlow(
  file: ProjectFile,
  files: ReadonlyMap<string, ProjectFile>,
  target: Target,
): void {
  const value = readForeign(file, target.report);
  if (value === undefined) return;
  const nodes = value.at("nodes");
  if (nodes?.isList !== true) {
    target.report.error("'nodes' must be a list.", nodes?.place ?? value.place);
    return;
  }
  const graph = readGraph(value, target.report);
  if (graph.steps.length === 0) {
    for (const { name, type, value: node } of graph.others) {
      target.report.warning(
        `The node ${quoted(name)} of type ${quoted(type)} is not carried over.`,
        node.place,
      );
    }
    target.report.error("The flow has no node that calls a model; nothing is imported.", nodes.place);
    return;
  }
  new PromptFlowImport(file.path, value, graph, files, target).run();
}
