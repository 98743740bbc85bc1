import { quoted } from "../../text/diagnostic";
import type { ProjectFile } from "../../project/project";
import { stemOf } from "../names";
import { readForeign } from "../read";
import type { Value } from "../read";
import type { Target } from "../target";
import { oneLine, paragraphs } from "../text";
import { WorkflowBuilder } from "./builder";
import type { Item } from "./builder";
import { opposite, readCondition, written } from "./condition";
import type { Condition, Subject } from "./condition";
import { arrange } from "./routes";
import type { Route, Routed } from "./routes";
import { translateJinja } from "./templates";
import { advice, agentKeys, argumentsOf, settingKeys, settingsOf } from "./conductor-keys";
import { defined } from "../../../engine/model/defined";

/** A node of the workflow, with its possible successors. */
interface Node extends Routed {
  readonly raw: string;
  readonly value: Value;
  readonly kind: string;
}

function kindOf(value: Value, group: string | undefined): string {
  return group ?? (typeof value.at("type")?.raw === "string" ? String(value.at("type")?.raw) : "agent");
}

class ConductorImport {
  readonly #builder: WorkflowBuilder;
  readonly #root: Value;
  readonly #nodes = new Map<string, Node>();
  /** Agents that only run in a group. */
  readonly #members = new Set<string>();
  readonly #verdicts = new Map<string, string[]>();
  readonly #item: string[] = [];

  constructor(file: ProjectFile, root: Value, target: Target) {
    const workflow = root.at("workflow");
    const name = workflow?.text("name", target.report) ?? stemOf(file.path);
    this.#builder = new WorkflowBuilder(target, name, `${file.path} of Conductor`, workflow?.place);
    this.#root = root;
  }

  run(): void {
    const workflow = this.#root.at("workflow");
    const builder = this.#builder;
    for (const [name, field] of workflow?.at("input")?.entries() ?? []) this.#input(name, field);
    for (const value of this.#root.at("agents")?.items() ?? []) this.#add(value);
    for (const value of this.#root.at("parallel")?.items() ?? []) this.#add(value, "parallel");
    for (const value of this.#root.at("for_each")?.items() ?? []) this.#add(value, "for_each");
    for (const node of this.#nodes.values())
      if (node.kind === "parallel")
        for (const { text } of node.value.texts("agents", builder.report)) this.#members.add(text);
    settingsOf(this.#root, workflow, builder);
    const nodes = [...this.#nodes.values()].filter(({ raw }) => !this.#members.has(raw));
    if (nodes.length === 0) {
      builder.report.error("There are no agents.", this.#root.place);
      return;
    }
    const entry = workflow?.text("entry_point", builder.report) ?? nodes[0]?.raw ?? "";
    for (const node of nodes) this.#chooseVerdicts(node);
    const steps = arrange(nodes, entry, {
      item: (node, when) => this.#item1(node as Node, when),
      condition: (node, route) => this.#routeCondition(node as Node, route),
      opposite: (conditions) => opposite(conditions, (step) => this.#verdicts.get(step) ?? []),
      rounds: (node, route) => this.#rounds(node as Node, route),
      lost: (node, what) =>
        builder.lost(what, "Look at the steps around it and at their 'when'.", (node as Node).value.place),
    });
    this.#result();
    builder.finish(steps, {
      description: workflow?.text("description", builder.report),
      task: workflow?.text("description", builder.report) ?? `Perform ${builder.name}.`,
    });
  }

  #input(name: string, field: Value): void {
    const made = this.#builder.field(field);
    const preset = field.at("default");
    if (preset !== undefined && typeof preset.raw !== "object") made.default = preset.raw;
    // A Flow's input is a single value.
    if (made.type === "list" || made.type === "object") {
      delete made.type;
      delete made.of;
      this.#builder.report.info(
        `The input ${quoted(name)} is text here: write the list or object as JSON.`,
        field.place,
      );
    }
    if (
      made.optional === true &&
      made.default === undefined &&
      made.enum === undefined &&
      made.type === undefined
    )
      made.default = "";
    delete made.optional;
    this.#builder.input(name, made);
  }

  #add(value: Value, group?: string): void {
    const raw = value.text("name", this.#builder.report);
    if (raw === undefined) {
      this.#builder.lost("an agent has no name.", "Give it one.", value.place);
      return;
    }
    const kind = kindOf(value, group);
    const options = value.at("options")?.items() ?? [];
    const routes = (value.at("routes")?.items() ?? options).flatMap((route): Route[] => {
      const to = route.text("to", this.#builder.report) ?? route.text("route", this.#builder.report);
      if (to === undefined) return [];
      const when =
        route.at("when")?.asText() ??
        (route.at("value")?.asText() === undefined
          ? undefined
          : `option:${route.at("value")?.asText() ?? ""}`);
      return [{ to, when, value: route }];
    });
    if (this.#nodes.has(raw))
      this.#builder.lost(`a second agent has the name ${quoted(raw)}.`, "Rename one.", value.place);
    else this.#nodes.set(raw, { raw, value, kind, routes, id: this.#builder.stepId(raw, value) });
  }

  /** Steps whose routes compare what a Score cannot: their verdict selects the route. */
  #chooseVerdicts(node: Node): void {
    const report = this.#builder.report;
    if (node.kind === "human_gate") {
      this.#verdicts.set(
        node.id,
        node.routes.map(({ when, to }) => this.#word(when?.replace(/^option:/, "") ?? to)),
      );
      return;
    }
    if (node.kind === "script" || node.kind === "parallel" || node.kind === "for_each") return;
    const open = node.routes.filter(
      (route) =>
        route.when !== undefined &&
        this.#read(node, route.when) === undefined &&
        !/context\.iteration/.test(route.when),
    );
    if (open.length === 0 || node.kind !== "agent") {
      for (const route of open)
        this.#builder.lost(
          `the condition ${quoted(route.when ?? "")} of ${node.id}.`,
          "A condition compares one value for equality: let the step give a verdict, or a command with 'output: json' compute a word.",
          route.value.place,
        );
      return;
    }
    this.#verdicts.set(node.id, [...new Set(node.routes.map(({ to }) => this.#word(to)))]);
    for (const route of open)
      report.info(
        `The condition ${quoted(route.when ?? "")} is no comparison for equality: ${node.id} says by a verdict where to go.`,
        route.value.place,
      );
  }

  #word(to: string): string {
    return to === "$end" ? "done" : to.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^[^A-Za-z]+/, "") || "other";
  }

  #outputs(raw: string): readonly string[] {
    return this.#nodes.get(raw)?.value.at("output")?.keys ?? [];
  }

  #subject(node: Node): (name: string) => Subject | undefined {
    return (name) => {
      const parts = name.split(".");
      if (name === "exit_code" || name === "output.exit_code") return { exit: node.id };
      if (parts[0] === "workflow" && parts[1] === "input" && parts[2] !== undefined)
        return { input: this.#builder.inputs.of(parts[2]) };
      const own = parts[0] === "output" || (parts.length === 1 && this.#outputs(node.raw).includes(name));
      const raw = own ? node.raw : (parts[0] ?? "");
      const field = own ? parts.at(-1) : parts[1] === "output" ? parts[2] : undefined;
      const target = this.#nodes.get(raw);
      if (target === undefined || field === undefined) return undefined;
      if (field === "exit_code") return { exit: target.id };
      return this.#outputs(raw).includes(field) ? { step: target.id, field } : undefined;
    };
  }

  #read(node: Node, when: string): Condition[] | undefined {
    return readCondition(when, this.#subject(node));
  }

  #routeCondition(node: Node, route: Route): Condition[] | undefined {
    const words = this.#verdicts.get(node.id);
    if (words !== undefined)
      return [
        {
          step: node.id,
          verdict: this.#word(
            node.kind === "human_gate" ? (route.when?.replace(/^option:/, "") ?? route.to) : route.to,
          ),
        },
      ];
    return route.when === undefined ? [] : this.#read(node, route.when);
  }

  #rounds(node: Node, route: Route): number {
    const said = /context\.iteration\s*<=?\s*(\d+)/.exec(route.when ?? "")?.[1];
    const rounds = said === undefined ? 5 : Math.max(1, Math.min(100, Number(said)));
    if (said === undefined)
      this.#builder.report.info(
        `Nothing says how often ${quoted(route.to)} is repeated after ${node.id}; the loop has max: 5.`,
        route.value.place,
      );
    return rounds;
  }

  #lookup(node: Node): (name: string) => string | undefined {
    return (name) => {
      const parts = name.split(".");
      if (parts[0] === "workflow" && parts[1] === "input" && parts[2] !== undefined)
        return `{{inputs.${this.#builder.inputs.of(parts[2])}}}`;
      if (this.#item.includes(parts[0] ?? ""))
        return parts[1] === undefined ? "{{item}}" : `{{item.${parts[1]}}}`;
      const target = this.#nodes.get(parts[0] ?? "");
      if (target === undefined || target === node || this.#members.has(target.raw)) return undefined;
      if (parts[1] === "outputs" || (parts[1] === "output" && parts[2] === undefined))
        return `{{steps.${target.id}.summary}}`;
      if (parts[1] !== "output") return undefined;
      if (["stdout", "response", "transcript", "answers"].includes(parts[2] ?? ""))
        return `{{steps.${target.id}.summary}}`;
      return this.#outputs(target.raw).includes(parts[2] ?? "") && parts.length === 3
        ? `{{steps.${target.id}.result.${parts[2] ?? ""}}}`
        : undefined;
    };
  }

  #text(node: Node, value: Value | undefined): string | undefined {
    const text = value?.asText();
    if (text === undefined || value === undefined) return undefined;
    const made = translateJinja(text, this.#lookup(node));
    for (const { line, what } of made.lost) {
      const { file, range } = value.place;
      const start = {
        line: range.start.line + line + (text.includes("\n") ? 1 : 0),
        character: range.start.character,
      };
      this.#builder.lost(
        `In ${node.id}: ${what}.`,
        "Say in the instruction when it counts, or split the step and give the parts a 'when'.",
        { file, range: { start, end: start } },
      );
    }
    return paragraphs(made.text);
  }

  #item1(node: Node, when: readonly Condition[]): Item[] {
    const builder = this.#builder;
    for (const [key, value] of node.value.entries()) {
      if (settingKeys.includes(key))
        builder.report.info(`${quoted(key)} is a matter of the Venue here; it is left out.`, value.place);
      else if (!agentKeys.has(key))
        builder.lost(`${quoted(key)} of ${node.id}.`, advice[key] ?? "It has no counterpart.", value.place);
    }
    const common = { ...(when.length === 0 ? {} : { when: written(when) }) };
    switch (node.kind) {
      case "agent":
        return [{ ...this.#agent(node), ...common }];
      case "script":
        return this.#script(node, common);
      case "human_gate":
        return [
          {
            id: node.id,
            ask: this.#text(node, node.value.at("prompt")) ?? `Go on after ${node.id}?`,
            verdict: this.#verdicts.get(node.id) ?? ["go_on"],
            ...common,
          },
        ];
      case "questions":
        return this.#questions(node, common);
      case "parallel":
        return this.#parallel(node, common);
      case "for_each":
        return this.#each(node, common);
      case "workflow":
        return this.#use(node, common);
      default:
        builder.lost(
          `the step ${node.id} of the type ${quoted(node.kind)}.`,
          advice[node.kind] ?? "Write it by hand.",
          node.value.place,
        );
        return [];
    }
  }

  #agent(node: Node): Item {
    const { value, id } = node;
    const builder = this.#builder;
    const role = builder.role(node.raw, {
      description: value.text("description", builder.report),
      prompt: this.#text(node, value.at("system_prompt")),
    });
    const tools = value.at("tools");
    if (tools === undefined) builder.allFileTools(role);
    else
      for (const { text, value: tool } of value.texts("tools", builder.report))
        builder.tools(role).match(text, { none: "tools of Conductor have no counterpart" }, tool.place);
    builder.model(role, value.at("model")?.asText());
    const output = value.at("output");
    const fields = output === undefined ? undefined : builder.fields(output);
    const words = this.#verdicts.get(id);
    const why = node.routes.flatMap(({ to, when }) =>
      when === undefined
        ? [`'${this.#word(to)}' otherwise`]
        : [`'${this.#word(to)}' when ${oneLine(when.replace(/^\{\{|\}\}$/g, ""))}`],
    );
    const instruction = paragraphs(
      this.#text(node, value.at("prompt")),
      words === undefined ? undefined : `End by giving a verdict: ${why.join("; ")}.`,
    );
    if (words !== undefined) builder.tools(role).add("set_verdict");
    const hasResult = fields !== undefined && Object.keys(fields).length > 0;
    if (hasResult) builder.tools(role).add("set_result");
    return {
      id,
      role,
      ...(instruction === "" ? {} : { instruction }),
      ...defined({ verdict: words }),
      ...(hasResult ? { result: fields } : {}),
    };
  }

  #script(node: Node, common: Item): Item[] {
    const builder = this.#builder;
    const { value, id } = node;
    const program = value.text("command", builder.report);
    if (program === undefined) {
      builder.lost(`the script ${id} has no command.`, "Write a command of the Flow.", value.place);
      return [];
    }
    const argv = [program, ...value.texts("args", builder.report).map(({ text }) => text)];
    const { safe, env } = argumentsOf(argv, this.#lookup(node));
    if (safe.some((part) => /\{\{|\{%/.test(part))) {
      builder.lost(
        `the arguments of ${id} hold text of the session.`,
        "Let the command read it from 'stdin' or from variables of 'env', or pass an input with a 'pattern' as one whole argument.",
        value.place,
      );
      return [];
    }
    const seconds =
      value.number("timeout", builder.report, { min: 1 }) ??
      value.number("timeout_seconds", builder.report, { min: 1 });
    const stdin = this.#text(node, value.at("stdin"));
    const output = value.at("output");
    const description = value.text("description", builder.report);
    const name = builder.command(node.raw, {
      argv: safe,
      ...(Object.keys(env).length === 0 ? {} : { env }),
      ...(description === undefined ? {} : { description: oneLine(description) }),
      ...defined({ timeout_seconds: seconds, stdin }),
      ...(output === undefined ? {} : { output: "json" }),
    });
    return [
      { id, run: name, ...(output === undefined ? {} : { result: builder.fields(output) }), ...common },
    ];
  }

  #questions(node: Node, common: Item): Item[] {
    const [raw = "", , field = ""] = (node.value.text("source", this.#builder.report) ?? "").split(".");
    const target = this.#nodes.get(raw);
    if (target === undefined || !this.#outputs(raw).includes(field)) {
      this.#builder.lost(
        `the questions of ${node.id}.`,
        "Name the step and the field of its result that hold them: 'ask: { from: { step: …, field: … } }'.",
        node.value.place,
      );
      return [];
    }
    return [{ id: node.id, ask: { from: { step: target.id, field } }, ...common }];
  }

  #parallel(node: Node, common: Item): Item[] {
    const builder = this.#builder;
    const steps = node.value.texts("agents", builder.report).flatMap(({ text, value }) => {
      const member = this.#nodes.get(text);
      if (member !== undefined) return this.#item1(member, []);
      builder.lost(`${quoted(text)} of ${node.id} is no agent.`, "Name one that there is.", value.place);
      return [];
    });
    if (steps.length === 0) return [];
    return [{ parallel: { id: node.id, ...this.#failure(node), ...common, steps } }];
  }

  #failure(node: Node): Item {
    const mode = node.value.text("failure_mode", this.#builder.report);
    return mode === undefined || mode === "fail_fast" || mode === "all_or_nothing"
      ? {}
      : { on_failure: "continue" };
  }

  #each(node: Node, common: Item): Item[] {
    const builder = this.#builder;
    const source = node.value.text("source", builder.report) ?? "";
    const parts = source.split(".");
    const target = this.#nodes.get(parts[0] ?? "");
    const from = source.startsWith("workflow.input.")
      ? { input: builder.inputs.of(parts[2] ?? "") }
      : target !== undefined && this.#outputs(target.raw).includes(parts[2] ?? "")
        ? { step: target.id, field: parts[2] ?? "" }
        : undefined;
    const agent = node.value.at("agent");
    if (from === undefined || "input" in from || agent === undefined) {
      builder.lost(
        `the items of ${node.id} (${quoted(source)}).`,
        "Name a step whose result has a list: 'each: { in: { step: …, field: … } }'.",
        node.value.place,
      );
      return [];
    }
    const name = agent.text("name", builder.report) ?? `${node.raw}-item`;
    const inner: Node = {
      raw: name,
      value: agent,
      kind: kindOf(agent, undefined),
      routes: [],
      id: builder.stepId(name, agent),
    };
    this.#item.push(node.value.text("as", builder.report) ?? "item");
    const steps = this.#item1(inner, []);
    this.#item.pop();
    const atOnce = node.value.number("max_concurrent", builder.report, { min: 1, max: 64, whole: true });
    builder.report.info(
      `${node.id} takes 50 items at most: change 'max' to what you expect.`,
      node.value.place,
    );
    if (steps.length === 0) return [];
    return [
      {
        each: {
          id: node.id,
          in: from,
          max: 50,
          ...(atOnce === undefined || atOnce === 1 ? {} : { at_once: atOnce }),
          ...this.#failure(node),
          ...common,
          steps,
        },
      },
    ];
  }

  #use(node: Node, common: Item): Item[] {
    const builder = this.#builder;
    const file = node.value.text("workflow", builder.report) ?? "";
    builder.lost(
      `the workflow ${quoted(file)} of ${node.id}.`,
      `Import it too, then write '- { id: ${node.id}, use: ${stemOf(file)}, with: { … } }' in its place.`,
      node.value.place,
    );
    void common;
    return [];
  }

  /** The output of the workflow, where it is the output of one step. */
  #result(): void {
    const output = this.#root.at("output");
    if (output === undefined) return;
    const named = new Set<string>();
    for (const [, value] of output.entries())
      for (const found of (value.asText() ?? "").matchAll(/([A-Za-z_]\w*)\.output/g))
        named.add(found[1] ?? "");
    const [only, ...more] = [...named].flatMap((raw) => this.#nodes.get(raw) ?? []);
    if (
      only !== undefined &&
      more.length === 0 &&
      only.value.at("output") !== undefined &&
      only.kind === "agent"
    )
      this.#builder.score.value.result = { step: only.id };
    else
      this.#builder.lost(
        "the output of the workflow, which puts several steps together.",
        "Let a last step give it as its 'result'.",
        output.place,
      );
  }
}

/** A workflow of microsoft/conductor: a Flow with a Band, a Score and a Venue. */
export function importConductor(file: ProjectFile, target: Target): void {
  const root = readForeign(file, target.report);
  if (root === undefined) return;
  new ConductorImport(file, root, target).run();
}
