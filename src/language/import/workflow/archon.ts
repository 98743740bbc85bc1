import { quoted } from "../../text/diagnostic";
import type { ProjectFile } from "../../project/project";
import { stemOf } from "../names";
import { foreignText, readForeign } from "../read";
import type { Value } from "../read";
import type { Target } from "../target";
import { oneLine, paragraphs, translateTemplate } from "../text";
import { WorkflowBuilder } from "./builder";
import type { Item } from "./builder";
import { readCondition, written } from "./condition";
import type { Subject } from "./condition";

const known = new Set([
  "id",
  "depends_on",
  "context",
  "command",
  "bash",
  "prompt",
  "when",
  "timeout",
  "model",
  "trigger_rule",
  "allowed_tools",
  "idle_timeout",
  "output_format",
  "loop",
  "approval",
  "denied_tools",
  "script",
  "runtime",
  "retry",
  "workflow",
  "description",
  "provider",
  "output_type",
]);
const ofVenue = new Set([
  "provider",
  "effort",
  "idle_timeout",
  "output_type",
  "context",
  "thinking",
  "maxBudgetUsd",
  "sandbox",
  "betas",
  "fallbackModel",
]);

const advice: Readonly<Record<string, string>> = {
  cancel: "A run ends with its last step: put 'must' on the step before whose verdict is to end it.",
  workflow: "Import that workflow too and write 'use: NAME' in its place.",
  include: "Import that file too and write 'use: NAME' in its place.",
  fan_out: "Write 'each: { in: { step: …, field: … }, max: … }' around it.",
  loop_group: "Write a 'loop' around the steps.",
  mcp: "Tools of MCP servers are not carried over: in VS Code a role can have 'vscode:NAME'.",
  hooks: "Let a command of the Flow do it, in a step of its own.",
  skills: "List the skill's folder under the role's 'skills'.",
  agents: "Give each of them a role and a step.",
  always_run: "Every step runs unless its 'when' does not hold.",
};

/** Archon's names for its assistant's tools. */
const tools: Readonly<Record<string, readonly string[]>> = {
  read: ["read_file"],
  glob: ["list_dir", "search_files"],
  grep: ["search_files"],
  ls: ["list_dir"],
  write: ["write_file"],
  edit: ["edit_file"],
  multiedit: ["edit_file"],
};

class ArchonImport {
  readonly #builder: WorkflowBuilder;
  readonly #nodes: Value[];
  readonly #byId = new Map<string, Value>();
  readonly #prompts: ReadonlyMap<string, ProjectFile>;

  constructor(file: ProjectFile, root: Value, files: readonly ProjectFile[], target: Target) {
    this.#builder = new WorkflowBuilder(
      target,
      root.text("name", target.report) ?? stemOf(file.path),
      `${file.path} of Archon`,
      root.place,
    );
    this.#nodes = root.at("nodes")?.items() ?? [];
    this.#prompts = new Map(
      files.filter(({ path }) => /\.md$/i.test(path)).map((one) => [stemOf(one.path), one]),
    );
    for (const node of this.#nodes) {
      const id = node.text("id", target.report);
      if (id !== undefined) this.#byId.set(id, node);
    }
    for (const [key, value] of root.entries())
      if (!["name", "description", "nodes", "provider", "model", "interactive"].includes(key)) {
        if (ofVenue.has(key))
          target.report.info(`${quoted(key)} is a matter of the Venue here; it is left out.`, value.place);
        else
          this.#builder.lost(
            `${quoted(key)} of the workflow.`,
            advice[key] ?? "It has no counterpart.",
            value.place,
          );
      }
  }

  run(root: Value): void {
    const builder = this.#builder;
    if (this.#nodes.length === 0) return builder.report.error("There are no nodes.", root.place);
    const order = this.#order();
    const steps: Item[] = [];
    for (let at = 0; at < order.length;) {
      const group = this.#sideBySide(order, at);
      const items = group.map((node) => this.#node(node));
      at += group.length;
      const branches = items.filter((one) => one.length > 0);
      if (branches.length > 1)
        steps.push({
          parallel: {
            steps: branches.map((one) => (one.length === 1 ? (one[0] ?? {}) : { sequence: { steps: one } })),
          },
        });
      else steps.push(...items.flat());
    }
    const description = root.text("description", builder.report);
    builder.finish(steps, { description, model: root.at("model")?.asText() });
    builder.report.info("$ARGUMENTS is the task, which is asked for when a run starts.", root.place);
  }

  #depends(node: Value): string[] {
    return node.texts("depends_on", this.#builder.report).map(({ text }) => text);
  }

  /** The nodes, each after those that it depends on, otherwise in the order of the file. */
  #order(): Value[] {
    const done = new Set<string>();
    const order: Value[] = [];
    let rest = this.#nodes.filter((node) => node.at("id") !== undefined);
    while (rest.length > 0) {
      const next =
        rest.find((node) => this.#depends(node).every((id) => done.has(id) || !this.#byId.has(id))) ??
        rest[0];
      if (next === undefined) break;
      done.add(next.at("id")?.asText() ?? "");
      order.push(next);
      rest = rest.filter((node) => node !== next);
    }
    return order;
  }

  /** Adjacent nodes that wait for the same nodes run in parallel. A question to a person never runs in parallel. */
  #sideBySide(order: readonly Value[], from: number): Value[] {
    const first = order[from];
    if (first === undefined) return [];
    const wanted = this.#depends(first).sort().join();
    const alone = (node: Value): boolean =>
      node.at("approval") !== undefined || node.at("loop")?.at("interactive")?.raw === true;
    const group = [first];
    if (alone(first) || wanted === "") return group;
    for (const node of order.slice(from + 1)) {
      if (this.#depends(node).sort().join() !== wanted || alone(node)) break;
      group.push(node);
    }
    return group;
  }

  #idOf(node: Value): string {
    return this.#builder.stepId(node.at("id")?.asText() ?? "step", node);
  }

  #fields(raw: string): readonly string[] {
    return this.#byId.get(raw)?.at("output_format")?.at("properties")?.keys ?? [];
  }

  #template(text: string, node: Value): string {
    return translateTemplate(
      text,
      /\$([A-Za-z][\w-]*)(?:\.output(?:\.([A-Za-z_]\w*))?)?|\$\{([A-Z_]+)\}/g,
      ([, name = "", field]) => {
        if (name === "ARGUMENTS" || name === "USER_MESSAGE") return { template: "{{task}}" };
        const target = this.#byId.get(name);
        if (target === undefined || target === node) return undefined;
        const id = this.#idOf(target);
        return {
          template:
            field !== undefined && this.#fields(name).includes(field)
              ? `{{steps.${id}.result.${field}}}`
              : `{{steps.${id}.summary}}`,
        };
      },
    );
  }

  #subject(name: string): Subject | undefined {
    const found = /^\$([\w-]+)\.output\.([A-Za-z_]\w*)$/.exec(name);
    const target = this.#byId.get(found?.[1] ?? "");
    if (found === null || target === undefined || !this.#fields(found[1] ?? "").includes(found[2] ?? ""))
      return undefined;
    return { step: this.#idOf(target), field: found[2] ?? "" };
  }

  #when(node: Value, id: string): Item {
    const value = node.at("when");
    const text = value?.asText();
    if (value === undefined || text === undefined) return {};
    const read = readCondition(text, (name) => this.#subject(name));
    if (read === undefined) {
      this.#builder.lost(
        `the condition ${quoted(oneLine(text))} of ${id}.`,
        "A condition compares fields of results for equality, all of which must hold: give the step before it a field or a verdict that says whether to go on.",
        value.place,
      );
      return {};
    }
    // Archon compares booleans as words.
    const typed = read.map((one) => {
      if (!("field" in one)) return one;
      const type = this.#byId
        .get([...this.#byId].find(([, target]) => this.#idOf(target) === one.step)?.[0] ?? "")
        ?.at("output_format")
        ?.at("properties")
        ?.at(one.field)
        ?.at("type")?.raw;
      const real = (of: unknown): unknown => (type === "boolean" ? String(of) === "true" : of);
      return "is" in one ? { ...one, is: real(one.is) } : { ...one, is_not: real(one.is_not) };
    });
    return { when: written(typed as typeof read) };
  }

  #role(node: Value, id: string): string {
    const allowed = node.at("allowed_tools");
    const model = node.at("model")?.asText();
    const raw = allowed === undefined && model === undefined ? "agent" : id;
    const role = this.#builder.role(raw, {});
    this.#builder.model(role, model);
    if (allowed === undefined) this.#builder.allFileTools(role);
    else
      for (const { text, value } of node.texts("allowed_tools", this.#builder.report))
        this.#builder
          .tools(role)
          .match(
            text,
            tools[text.toLowerCase()] ?? { none: "a command of the Flow can take its place" },
            value.place,
          );
    return role;
  }

  #node(node: Value): Item[] {
    const builder = this.#builder;
    const id = this.#idOf(node);
    const when = this.#when(node, id);
    const rule = node.text("trigger_rule", builder.report);
    if (rule !== undefined && rule !== "all_success")
      builder.report.info(
        `The rule ${quoted(rule)} of ${id}: here a step runs when those before it have ended, and a failed one ends the run.`,
        node.at("trigger_rule")?.place,
      );
    for (const [key, value] of node.entries()) {
      if (ofVenue.has(key)) continue;
      if (!known.has(key))
        builder.lost(`${quoted(key)} of ${id}.`, advice[key] ?? "It has no counterpart.", value.place);
    }
    if (node.at("bash") !== undefined || node.at("script") !== undefined)
      return this.#command(node, id, when);
    if (node.at("approval") !== undefined) return [this.#ask(node, id, when)];
    if (node.at("loop") !== undefined) return this.#loop(node, id, when);
    const prompt = this.#prompt(node, id);
    if (prompt === undefined) {
      const kind = ["workflow", "cancel", "include"].find((key) => node.at(key) !== undefined);
      builder.lost(
        `the step ${id}${kind === undefined ? ", which has no prompt" : ` (${kind})`}.`,
        advice[kind ?? ""] ?? "Write an instruction.",
        node.place,
      );
      return [];
    }
    const format = node.at("output_format")?.at("properties");
    const retry = node.at("retry")?.number("max_attempts", builder.report, { min: 1, max: 10, whole: true });
    const role = this.#role(node, id);
    if (format !== undefined) builder.tools(role).add("set_result");
    return [
      {
        id,
        role,
        ...when,
        instruction: prompt,
        ...(format === undefined ? {} : { result: builder.fields(format) }),
        ...(retry === undefined ? {} : { retry: { attempts: retry } }),
      },
    ];
  }

  #prompt(node: Value, id: string): string | undefined {
    const own = node.at("prompt")?.asText();
    if (own !== undefined) return paragraphs(this.#template(own, node));
    const command = node.at("command")?.asText();
    if (command === undefined) return undefined;
    const file = this.#prompts.get(command);
    const text = file === undefined ? undefined : foreignText(file);
    if (text !== undefined)
      return paragraphs(this.#template(text.replace(/^---\n[\s\S]*?\n---\n/, ""), node));
    this.#builder.lost(
      `the text of the command ${quoted(command)} of ${id}.`,
      "Import the workflow together with its folder of commands, or write the instruction.",
      node.at("command")?.place,
    );
    return `Do what the command '${command}' of Archon does. The task: {{task}}`;
  }

  #command(node: Value, id: string, when: Item): Item[] {
    const builder = this.#builder;
    const bash = node.at("bash");
    const text = (bash ?? node.at("script"))?.asText() ?? "";
    const env: Record<string, string> = {};
    // What was inserted into the text of a script is passed as variables here: text of a session is never part of a command.
    const script = text.replace(
      /\$([A-Za-z][\w-]*)\.output(?:\.([A-Za-z_]\w*))?|\$ARGUMENTS\b/g,
      (whole, name: string | undefined, field: string | undefined) => {
        if (name === undefined) {
          env.ARGUMENTS = "{{task}}";
          return whole;
        }
        const variable = `${name}${field === undefined ? "" : `_${field}`}`
          .toUpperCase()
          .replace(/[^A-Z0-9]+/g, "_");
        env[variable] = this.#template(whole, node);
        return `$${variable}`;
      },
    );
    const isShell = node.at("runtime") === undefined;
    if (Object.keys(env).length > 0 && !isShell) {
      builder.lost(
        `the script of ${id} holds text of the session.`,
        "A command takes none: let it read 'stdin' or variables of 'env'.",
        (bash ?? node).place,
      );
      return [];
    }
    if (Object.keys(env).length > 0)
      builder.report.info(
        `The script of ${id} has text of the session as variables (${Object.keys(env).join(", ")}): look at its quotes.`,
        (bash ?? node).place,
      );
    const runtime = node.text("runtime", builder.report) ?? "bash";
    const argv =
      runtime === "bash"
        ? ["bash", "-c", script]
        : runtime === "uv" || runtime === "python"
          ? ["python3", "-c", script]
          : [runtime, "-e", script];
    const timeout = node.number("timeout", builder.report, { min: 1 });
    const name = builder.command(id, {
      argv,
      ...(Object.keys(env).length === 0 ? {} : { env }),
      ...(timeout === undefined ? {} : { timeout_seconds: Math.max(1, Math.round(timeout / 1000)) }),
    });
    return [{ id, run: name, ...when }];
  }

  #ask(node: Value, id: string, when: Item): Item {
    const approval = node.at("approval");
    const message = approval?.text("message", this.#builder.report) ?? `Go on after ${id}?`;
    const captures = approval?.at("capture_response")?.raw === true;
    return {
      id,
      ask: paragraphs(this.#template(message, node)),
      verdict: ["go_on", "stop"],
      ...(captures ? { fields: { answer: { multiline: true, optional: true } } } : {}),
      must: "go_on",
      ...when,
    };
  }

  #loop(node: Value, id: string, when: Item): Item[] {
    const builder = this.#builder;
    const loop = node.at("loop");
    const signal = loop?.text("until", builder.report) ?? "COMPLETE";
    const rounds = loop?.number("max_iterations", builder.report, { min: 1, max: 100, whole: true }) ?? 5;
    const text = loop?.at("prompt")?.asText() ?? "";
    const role = this.#role(node, id);
    builder.tools(role).add("set_verdict");
    const isInteractive = loop?.at("interactive")?.raw === true;
    const answer = isInteractive ? `{{steps.${id}-gate.summary}}` : "";
    const prompt = translateTemplate(text, /\$LOOP_USER_INPUT/g, () => ({ template: answer }));
    const instruction = paragraphs(
      isInteractive
        ? this.#template(
            text.replaceAll("$LOOP_USER_INPUT", "(what the person said last stands above)"),
            node,
          )
        : this.#template(prompt, node),
      `End by giving the verdict 'done' instead of writing ${signal}, else 'again'.`,
    );
    const steps: Item[] = [{ id, role, instruction, verdict: ["done", "again"] }];
    if (isInteractive) {
      const message = loop.text("gate_message", builder.report) ?? "What should the next round look at?";
      steps.push({
        id: `${id}-gate`,
        ask: paragraphs(this.#template(message, node)),
        when: { step: id, verdict: "again" },
        verdict: ["go_on"],
        fields: { answer: { multiline: true, optional: true } },
      });
    }
    builder.report.info(
      `The loop ${id} ends by the verdict 'done' instead of the text ${quoted(signal)}.`,
      loop?.place,
    );
    return [{ loop: { max: rounds, until: { step: id, verdict: "done" }, ...when, steps } }];
  }
}

/** A workflow of Archon (`nodes` with `depends_on`): a Flow with a Band, a Score and a Venue. */
export function importArchon(file: ProjectFile, files: readonly ProjectFile[], target: Target): void {
  const root = readForeign(file, target.report);
  if (root === undefined) return;
  new ArchonImport(file, root, files, target).run(root);
}
