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
import { translateJinja } from "./templates";
import { defined } from "../../../engine/model/defined";

class SpecKitImport {
  readonly #builder: WorkflowBuilder;
  /** Each step's counterpart in Orket, by its id in Spec Kit. */
  readonly #kinds = new Map<string, "role" | "run" | "ask" | "each">();
  readonly #root: Value;

  constructor(file: ProjectFile, root: Value, target: Target) {
    const workflow = root.at("workflow");
    const name = workflow?.text("id", target.report) ?? stemOf(file.path);
    this.#builder = new WorkflowBuilder(target, name, `${file.path} of Spec Kit`, workflow?.place);
    this.#root = root;
  }

  run(): void {
    const builder = this.#builder;
    for (const [name, field] of this.#root.at("inputs")?.entries() ?? []) {
      const made = builder.field(field);
      const preset = field.at("default");
      if (preset !== undefined && typeof preset.raw !== "object") made.default = preset.raw;
      delete made.optional;
      builder.input(name, made);
    }
    for (const [key, value] of this.#root.entries())
      if (!["schema_version", "workflow", "inputs", "steps", "requires"].includes(key))
        builder.lost(`${quoted(key)} of the workflow.`, "It has no counterpart.", value.place);
    const requires = this.#root.at("requires");
    if (requires !== undefined)
      builder.report.info("'requires' is left out: Orket performs the steps itself.", requires.place);
    const steps = this.#steps(this.#root.at("steps"), []);
    if (steps.length === 0) return builder.report.error("There are no steps.", this.#root.place);
    const workflow = this.#root.at("workflow");
    const description = workflow?.text("description", builder.report);
    builder.finish(steps, {
      description,
      task: description ?? workflow?.text("name", builder.report) ?? builder.name,
    });
  }

  #steps(list: Value | undefined, when: readonly Condition[]): Item[] {
    return (list?.items() ?? []).flatMap((step) => this.#step(step, when));
  }

  #lookup = (name: string): string | undefined => {
    const parts = name.split(".");
    if (parts[0] === "inputs" && parts[1] !== undefined)
      return `{{inputs.${this.#builder.inputs.of(parts[1])}}}`;
    if (parts[0] === "item") return parts[1] === undefined ? "{{item}}" : `{{item.${parts[1]}}}`;
    const step = parts[0] === "steps" ? (parts[1] ?? "") : "";
    if (!this.#kinds.has(step)) return undefined;
    const id = this.#builder.steps.of(step);
    return parts[3] === "exit_code" || parts[3] === "choice"
      ? `{{steps.${id}.verdict}}`
      : `{{steps.${id}.summary}}`;
  };

  #text(value: Value | undefined, id: string): string {
    const text = value?.asText() ?? "";
    const made = translateJinja(text, this.#lookup);
    for (const { what } of made.lost)
      this.#builder.lost(`In ${id}: ${what}.`, "Write what is meant into the instruction.", value?.place);
    return paragraphs(made.text);
  }

  #subject = (name: string): Subject | undefined => {
    const parts = name.split(".");
    if (parts[0] === "inputs" && parts[1] !== undefined) return { input: this.#builder.inputs.of(parts[1]) };
    const kind = this.#kinds.get(parts[1] ?? "");
    if (parts[0] === "steps" && parts[3] === "exit_code" && kind === "run")
      return { exit: this.#builder.steps.of(parts[1] ?? "") };
    return undefined;
  };

  #condition(value: Value | undefined, id: string): Condition[] | undefined {
    const text = value?.asText() ?? "";
    const chosen = /^\{\{\s*steps\.([\w-]+)\.output\.choice\s*==\s*['"]([\w-]+)['"]\s*\}\}$/.exec(text);
    if (chosen !== null && this.#kinds.get(chosen[1] ?? "") === "ask")
      return [{ step: this.#builder.steps.of(chosen[1] ?? ""), verdict: chosen[2] ?? "" }];
    const read = readCondition(text, this.#subject);
    if (read === undefined)
      this.#builder.lost(
        `the condition ${quoted(oneLine(text))} of ${id}.`,
        "A condition compares an input, a verdict or a field of a result for equality; without it the steps always run.",
        value?.place,
      );
    return read;
  }

  #step(step: Value, when: readonly Condition[]): Item[] {
    const builder = this.#builder;
    const raw = step.text("id", builder.report) ?? "step";
    const id = builder.stepId(raw, step);
    const kind =
      step.text("type", builder.report) ??
      (step.at("run") !== undefined ? "shell" : step.at("prompt") !== undefined ? "prompt" : "command");
    const common = when.length === 0 ? {} : { when: written(when) };
    switch (kind) {
      case "command":
      case "prompt":
        return [this.#agent(step, raw, id, kind, common)];
      case "shell":
        return this.#shell(step, raw, id, common);
      case "gate":
        return [this.#gate(step, raw, id, common)];
      case "if":
        return this.#if(step, id, when);
      case "switch":
        return this.#switch(step, id, when);
      case "while":
      case "do-while":
        return this.#loop(step, id, common);
      default:
        builder.lost(
          `the step ${id} of the type ${quoted(kind)}.`,
          kind === "fan-out"
            ? "Write 'each: { in: { step: …, field: … }, max: … }' around its step."
            : kind === "fan-in"
              ? "A step behind an 'each' sees what it came to: name it in 'reads'."
              : "Write it by hand.",
          step.place,
        );
        return kind === "fan-out" && step.at("step") !== undefined
          ? this.#step(step.at("step") ?? step, when)
          : [];
    }
  }

  #agent(step: Value, raw: string, id: string, kind: string, common: Item): Item {
    const builder = this.#builder;
    this.#kinds.set(raw, "role");
    const role = builder.role("agent", { description: "Performs the steps of the workflow." });
    builder.allFileTools(role);
    const command = step.text("command", builder.report);
    const args = step.at("input")?.at("args");
    if (command !== undefined)
      builder.report.info(
        `${id} does what the command ${quoted(command)} says: its text is in the project's templates, and may be put into the instruction.`,
        step.at("command")?.place,
      );
    const instruction =
      kind === "prompt"
        ? this.#text(step.at("prompt"), id)
        : paragraphs(
            `Perform the command '${command ?? id}' of Spec Kit: read its template in the project and follow it.`,
            args === undefined ? undefined : `Its arguments:\n${this.#text(args, id)}`,
          );
    return { id, role, ...common, instruction };
  }

  #shell(step: Value, raw: string, id: string, common: Item): Item[] {
    const text = step.text("run", this.#builder.report) ?? "";
    if (/\{\{/.test(text) || text === "") {
      this.#builder.lost(
        `the command line of ${id}${text === "" ? " is empty" : " holds text of the session"}.`,
        "Write a command of the Flow with 'argv'; what it needs comes by 'stdin', or as one whole argument from an input with a 'pattern'.",
        step.place,
      );
      return [];
    }
    this.#kinds.set(raw, "run");
    const timeout = step.number("timeout", this.#builder.report, { min: 1 });
    const name = this.#builder.command(id, {
      argv: ["sh", "-c", text],
      ...defined({ timeout_seconds: timeout }),
    });
    return [{ id, run: name, ...common }];
  }

  #gate(step: Value, raw: string, id: string, common: Item): Item {
    this.#kinds.set(raw, "ask");
    const options = step
      .texts("options", this.#builder.report)
      .map(({ text }) => text.replace(/[^A-Za-z0-9_-]+/g, "-").replace(/^[^A-Za-z]+/, "") || "other");
    const words = options.length === 0 ? ["approve", "reject"] : [...new Set(options)];
    const isAbort = (step.text("on_reject", this.#builder.report) ?? "abort") === "abort";
    const refusing = words.filter((word) => /^(reject|abort|no|deny|cancel)/i.test(word));
    const going = words.filter((word) => !refusing.includes(word));
    const must =
      isAbort && refusing.length > 0 && going.length > 0
        ? { must: going.length === 1 ? going[0] : going }
        : {};
    return {
      id,
      ask: this.#text(step.at("message"), id) || `Go on after ${id}?`,
      verdict: words,
      ...must,
      ...common,
    };
  }

  #if(step: Value, id: string, when: readonly Condition[]): Item[] {
    const condition = this.#condition(step.at("condition"), id);
    const otherwise = step.at("else");
    const not = condition === undefined ? undefined : opposite(condition, () => []);
    if (otherwise !== undefined && condition !== undefined && not === undefined)
      this.#builder.lost(
        `the other case of ${id}.`,
        "Say with 'when' in which case its steps run.",
        otherwise.place,
      );
    return [
      ...this.#steps(step.at("then"), [...when, ...(condition ?? [])]),
      ...this.#steps(otherwise, [...when, ...(not ?? [])]),
    ];
  }

  #switch(step: Value, id: string, when: readonly Condition[]): Item[] {
    const on = (
      step.text("expression", this.#builder.report) ??
      step.text("value", this.#builder.report) ??
      ""
    ).replace(/^\{\{\s*|\s*\}\}$/g, "");
    const subject = this.#subject(on);
    if (subject === undefined || "exit" in subject) {
      this.#builder.lost(
        `the cases of ${id} by ${quoted(on)}.`,
        "A condition compares an input or a field of a result: give each step its own 'when'.",
        step.place,
      );
      return [];
    }
    const cases = step.at("cases")?.entries() ?? [];
    const made = cases.flatMap(([word, steps]) => this.#steps(steps, [...when, { ...subject, is: word }]));
    return [
      ...made,
      ...this.#steps(step.at("default"), [...when, { ...subject, is_not: cases.map(([word]) => word) }]),
    ];
  }

  #loop(step: Value, id: string, common: Item): Item[] {
    const builder = this.#builder;
    const rounds = step.number("max_iterations", builder.report, { min: 1, max: 100, whole: true });
    if (rounds === undefined)
      builder.report.info(`Nothing says how often ${id} is repeated; the loop has max: 5.`, step.place);
    const steps = this.#steps(step.at("steps"), []);
    const condition = this.#condition(step.at("condition"), id);
    const until = condition === undefined ? undefined : opposite(condition, () => []);
    if (condition !== undefined && until === undefined)
      builder.lost(`what ends the loop ${id}.`, "Write 'until'.", step.place);
    return steps.length === 0
      ? []
      : [
          {
            loop: {
              max: rounds ?? 5,
              ...(until === undefined ? {} : { until: written(until) }),
              ...common,
              steps,
            },
          },
        ];
  }
}

/** A workflow of Spec Kit: a Flow with a Band, a Score and a Venue. */
export function importSpecKit(file: ProjectFile, target: Target): void {
  const root = readForeign(file, target.report);
  if (root === undefined) return;
  new SpecKitImport(file, root, target).run();
}
