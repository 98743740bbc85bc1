import { quoted } from "../../text/diagnostic";
import type { Draft } from "../draft";
import { Ids } from "../names";
import type { Value } from "../read";
import type { ImportPlace } from "../report";
import type { Target } from "../target";
import { oneLine, paragraphs } from "../text";
import { ToolList } from "../tools";

/** One entry of a Score under construction. */
export type Item = Record<string, unknown>;
type Path = readonly (string | number)[];

/** A field of a result or an input, as written in the files. */
export type FieldDraft = Record<string, unknown>;

/** Other tools' types by their name in Orket. */
const types: Readonly<Record<string, string>> = {
  string: "string",
  str: "string",
  text: "string",
  number: "number",
  integer: "number",
  int: "number",
  float: "number",
  boolean: "boolean",
  bool: "boolean",
  array: "list",
  list: "list",
  object: "object",
  dict: "object",
};

/** The ids of all entries, including those within groups. */
function idsOf(items: readonly Item[]): string[] {
  return items.flatMap((item) => {
    const group = (item.loop ?? item.each ?? item.parallel ?? item.sequence) as Item | undefined;
    if (group === undefined) return typeof item.id === "string" ? [item.id] : [];
    return [...(typeof group.id === "string" ? [group.id] : []), ...idsOf(group.steps as Item[])];
  });
}

/** Steps, roles and commands of another tool's workflow, assembled into a Flow with its files. */
export class WorkflowBuilder {
  readonly steps = new Ids("step");
  readonly inputs = new Ids("input");
  readonly #roleIds = new Ids("role");
  readonly #commandIds = new Ids("command");
  readonly #roles: Record<string, Record<string, unknown>> = {};
  readonly #tools = new Map<string, ToolList>();
  readonly #models = new Map<string, string>();
  readonly #inputs: Record<string, FieldDraft> = {};
  readonly #commands: Record<string, Record<string, unknown>> = {};
  readonly band: Draft;
  readonly score: Draft;
  readonly flow: Draft;

  constructor(
    readonly target: Target,
    readonly name: string,
    readonly origin: string,
    place: ImportPlace | undefined,
  ) {
    this.band = target.draft("band", name);
    this.score = target.draft("score", name, place);
    this.flow = target.draft("flow", name);
    for (const draft of [this.band, this.score]) draft.say(`Imported from ${origin}.`);
    this.flow.say(`Imported from ${origin}.`);
    this.band.value.roles = this.#roles;
  }

  get report() {
    return this.target.report;
  }

  /** Something without a counterpart, with what to do about it. */
  lost(what: string, advice: string, place: ImportPlace | undefined, path: Path = []): void {
    this.score.lost(`${what} ${advice}`, place, path);
  }

  /** A step's id for its raw name; a changed one is reported. */
  stepId(raw: string, value: Value): string {
    const isNew = !this.steps.has(raw);
    const id = this.steps.of(raw);
    if (isNew && id !== raw)
      this.report.info(`The step ${quoted(raw)} is named ${quoted(id)} here.`, value.place);
    return id;
  }

  /** A role of its own for a step, or one that several share. */
  role(
    raw: string,
    init: { readonly description?: string | undefined; readonly prompt?: string | undefined },
  ): string {
    const isNew = !this.#roleIds.has(raw);
    const id = this.#roleIds.of(raw);
    if (!isNew) return id;
    this.#roles[id] = {
      ...(init.description === undefined ? {} : { description: oneLine(init.description) }),
      prompt:
        init.prompt ??
        paragraphs(`You are ${quoted(id)}, one of a team. Do what the instruction says, and no more.`),
    };
    const list = new ToolList(this.band, id);
    this.#tools.set(id, list);
    return id;
  }

  tools(role: string): ToolList {
    const known = this.#tools.get(role);
    if (known !== undefined) return known;
    const made = new ToolList(this.band, role);
    this.#tools.set(role, made);
    return made;
  }

  /** The tools that a role needs for files, where the other tool did not restrict it. */
  allFileTools(role: string): void {
    this.tools(role).add("read_file", "list_dir", "search_files", "write_file", "edit_file");
  }

  model(role: string, model: string | undefined): void {
    if (model !== undefined) this.#models.set(role, oneLine(model));
  }

  input(raw: string, field: FieldDraft): string {
    const id = this.inputs.of(raw);
    this.#inputs[id] ??= field;
    return id;
  }

  command(raw: string, command: Record<string, unknown>): string {
    const id = this.#commandIds.of(raw);
    this.#commands[id] ??= command;
    return id;
  }

  /** A field's type in the notation of results and inputs; what it cannot express is omitted and reported. */
  field(value: Value): FieldDraft {
    if (!value.isMap) return {};
    const type = types[(value.text("type", this.report) ?? "string").toLowerCase()];
    const description = value.text("description", this.report) ?? value.text("prompt", this.report);
    const choices = value.texts("enum", this.report);
    const made: FieldDraft = {};
    if (choices.length > 0) made.enum = choices.map(({ value: choice }) => choice.raw);
    else if (type !== undefined && type !== "string") made.type = type;
    if (type === "list") {
      const items = value.at("items");
      const inner = items === undefined ? undefined : this.field(items);
      if (inner?.of !== undefined) made.of = inner.of;
      else if (typeof inner?.type === "string") made.of = inner.type;
    }
    const fields = value.at("properties");
    if (type === "object" && fields !== undefined) made.of = this.fields(fields);
    if (description !== undefined) made.description = oneLine(description);
    if (value.at("required")?.raw === false || value.at("optional")?.raw === true) made.optional = true;
    return made;
  }

  fields(value: Value): Record<string, FieldDraft> {
    return Object.fromEntries(
      value.entries().map(([name, one]) => [name.replace(/[^A-Za-z0-9_-]/g, "_"), this.field(one)]),
    );
  }

  /** Without references to steps that were not carried over, and with every input that is named. */
  #withoutMissing(value: unknown, ids: ReadonlySet<string>): unknown {
    if (typeof value === "string") {
      for (const [, name = ""] of value.matchAll(/(?<!\\)\{\{inputs\.([\w-]+)\}\}/g))
        this.#inputs[name] ??= {};
      return value.replace(/(?<!\\)\{\{steps\.([\w-]+)\.[\w.-]+\}\}/g, (whole, id: string) => {
        if (ids.has(id)) return whole;
        this.lost(`what ${id} came to, in a text.`, `Write the step ${id}, then name it there.`, undefined);
        return `(what ${id} came to)`;
      });
    }
    if (Array.isArray(value)) return value.map((one) => this.#withoutMissing(one, ids));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, one]: [string, unknown]) => {
        if (key !== "when" && key !== "until") return [[key, this.#withoutMissing(one, ids)]];
        const conditions = [one].flat() as { step?: string; input?: string }[];
        for (const { input } of conditions) if (input !== undefined) this.#inputs[input] ??= {};
        const kept = conditions.filter(({ step }) => step === undefined || ids.has(step));
        for (const { step } of conditions)
          if (step !== undefined && !ids.has(step))
            this.lost(`a condition about ${step}.`, `Write the step ${step}, then the condition.`, undefined);
        return kept.length === 0 ? [] : [[key, kept.length === 1 ? kept[0] : kept]];
      }),
    );
  }

  /** Writes what was collected to the files. */
  finish(
    steps: readonly Item[],
    init: {
      readonly description?: string | undefined;
      readonly task?: string;
      readonly model?: string | undefined;
      readonly limits?: Record<string, unknown>;
    },
  ): void {
    if (steps.length === 0) {
      this.report.error("No step can be carried over: nothing is written.");
      for (const draft of [this.band, this.score, this.flow]) draft.discard();
      return;
    }
    // A Band has at least one role, even where commands do all the work.
    if (Object.keys(this.#roles).length === 0) this.role("helper", { description: "No step needs it." });
    const ids = new Set(idsOf(steps));
    this.score.value.steps = steps.map((one) => this.#withoutMissing(one, ids) as Item);
    for (const name of Object.keys(this.#commands))
      this.#commands[name] = this.#withoutMissing(this.#commands[name], ids) as Record<string, unknown>;
    for (const [id, list] of this.#tools) {
      const role = this.#roles[id];
      if (role !== undefined && list.list().length > 0) role.tools = list.list();
    }
    const overrides = Object.fromEntries(
      [...this.#models].filter(([, model]) => model !== init.model).map(([role, model]) => [role, { model }]),
    );
    if (Object.keys(overrides).length > 0) {
      this.report.info(
        `The models of roles (${[...new Set(this.#models.values())].join(", ")}) are overrides of the Venue, as comments: name models that your backend has.`,
      );
    }
    const venue = this.target.madeUpVenue(this.name);
    for (const [role, model] of this.#models) venue.say(`${this.origin} gave ${role} the model ${model}.`);
    const { flow } = this;
    if (init.description !== undefined) flow.value.description = oneLine(init.description);
    Object.assign(flow.value, { band: this.band.name, venue: venue.name, score: this.score.name });
    if (init.task !== undefined) flow.value.task = init.task;
    if (Object.keys(this.#inputs).length > 0) flow.value.inputs = this.#inputs;
    if (init.limits !== undefined) flow.value.limits = init.limits;
    if (Object.keys(this.#commands).length > 0) {
      flow.value.commands = this.#commands;
      this.report.info(
        "Commands run apart from the project and without the network: give those that need it 'network: allowed', those whose files are wanted 'writes', and those that change something elsewhere 'effects: outside' behind an 'accept'.",
      );
    }
    flow.value.approval = "none";
    this.report.info(
      "Steps ran without asking there; so they do here (approval: none). Files still reach the project only when a person accepts them.",
    );
  }
}
