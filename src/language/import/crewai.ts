import { quoted } from "../text/diagnostic";
import { artifactPathProblem } from "../project/paths";
import type { ProjectFile } from "../project/project";
import type { Draft } from "./draft";
import { Ids } from "./names";
import { readForeign } from "./read";
import type { Value } from "./read";
import type { Target } from "./target";
import { oneLine, paragraphs, translateTemplate } from "./text";
import { ToolList } from "./tools";
import type { ToolMatch } from "./tools";
import { defined } from "../../engine/model/defined";
import { providerTable } from "../../engine/model/providers";

/** CrewAI's tools that have a counterpart. */
const tools: Readonly<Record<string, ToolMatch>> = {
  filereadtool: ["read_file"],
  directoryreadtool: ["list_dir"],
  directorysearchtool: ["search_files"],
  filewritertool: ["write_file"],
  filewritetool: ["write_file"],
};

function matchTool(name: string): ToolMatch {
  const known = name
    .toLowerCase()
    .replace(/[^a-z]/g, "")
    .replace(/(?<!tool)$/, "tool");
  return (Object.hasOwn(tools, known) ? tools[known] : undefined) ?? { none: "Orket has none like it" };
}

/** CrewAI's syntax for a variable: one brace on each side. */
const variable = /(?<!\{)\{([A-Za-z_][A-Za-z0-9_-]*)\}(?!\})/g;

const agentKeys = ["role", "goal", "backstory", "tools", "llm", "max_iter"];
const taskKeys = [
  "description",
  "expected_output",
  "agent",
  "context",
  "output_file",
  "tools",
  "async_execution",
  "human_input",
  "markdown",
  "name",
];

interface Task {
  readonly raw: string;
  readonly value: Value;
  readonly id: string;
  readonly context: readonly string[];
  readonly async: boolean;
}

class CrewImport {
  readonly #roleIds = new Ids("agent");
  readonly #taskIds = new Ids("task");
  readonly #inputIds = new Ids("input");
  readonly #inputs = new Set<string>();
  readonly #roles: Record<string, Record<string, unknown>> = {};
  readonly #roleTools = new Map<string, ToolList>();
  readonly #turns = new Map<string, number>();
  readonly #models = new Map<string, { model: string; value: Value }>();
  readonly #band: Draft;
  readonly #name: string;
  readonly #target: Target;

  constructor(name: string, target: Target) {
    this.#name = name;
    this.#target = target;
    this.#band = target.draft("band", name);
    this.#band.value.roles = this.#roles;
  }

  get #report() {
    return this.#target.report;
  }

  #template(text: string): string {
    return translateTemplate(text, variable, ([, name = ""]) => {
      const id = this.#inputIds.of(name);
      this.#inputs.add(id);
      return { placeholder: { kind: "input", name: id } };
    });
  }

  #rename(what: string, raw: string, id: string, value: Value): void {
    if (raw !== id) this.#report.info(`The ${what} ${quoted(raw)} is named ${quoted(id)} here.`, value.place);
  }

  #unknown(value: Value, known: readonly string[], draft: Draft, path: readonly (string | number)[]): void {
    for (const [key, item] of value.entries()) {
      if (known.includes(key)) continue;
      // A setting that only disables something matches what Orket does anyway.
      if (item.raw === false || item.raw === null) {
        this.#report.info(`${quoted(key)} is left out; it was ${String(item.raw)}.`, item.place);
      } else draft.lost(`${quoted(key)} has no counterpart.`, item.place, path);
    }
  }

  #addRole(id: string, role: Record<string, unknown>): ToolList {
    const list = new ToolList(this.#band, id);
    this.#roles[id] = role;
    this.#roleTools.set(id, list);
    return list;
  }

  agents(file: ProjectFile, value: Value): void {
    this.#band.say(`Imported from ${file.path} of CrewAI.`);
    for (const [raw, agent] of value.entries()) {
      const id = this.#roleIds.of(raw);
      this.#rename("agent", raw, id, agent);
      const path = ["roles", id];
      if (!agent.isMap) {
        this.#band.lost(`the agent ${quoted(raw)} has no role, goal and backstory.`, agent.place, path);
        this.#addRole(id, { prompt: `You are the ${id} of a team.` });
        continue;
      }
      const role = agent.text("role", this.#report);
      const goal = agent.text("goal", this.#report);
      const who = oneLine(role ?? raw.replace(/[_-]+/g, " "));
      const prompt = paragraphs(
        `You are ${/^(an?|the|you)\s/i.test(who) ? who : `the ${who}`}.`,
        agent.text("backstory", this.#report),
        goal === undefined ? undefined : `Your goal:\n${goal}`,
      );
      const list = this.#addRole(id, {
        ...(role === undefined ? {} : { description: oneLine(role) }),
        prompt: this.#template(prompt),
      });
      for (const tool of agent.texts("tools", this.#report))
        list.match(tool.text, matchTool(tool.text), tool.value.place);
      const turns = agent.number("max_iter", this.#report, { min: 1, max: 200, whole: true });
      if (turns !== undefined) this.#turns.set(id, turns);
      const llm = agent.at("llm");
      const model = llm?.asText();
      if (llm !== undefined && model === undefined) this.#band.lost("'llm' names no model.", llm.place, path);
      else if (llm !== undefined && model !== undefined)
        this.#models.set(id, { model: oneLine(model), value: llm });
      this.#unknown(agent, agentKeys, this.#band, path);
    }
  }

  tasks(file: ProjectFile, value: Value): void {
    const score = this.#target.draft("score", this.#name, value.place);
    score.say(`Imported from ${file.path} of CrewAI.`);
    const tasks: Task[] = [];
    for (const [raw, task] of value.entries()) {
      if (!task.isMap) {
        score.lost(`the task ${quoted(raw)} has no description.`, task.place);
        continue;
      }
      const id = this.#taskIds.of(raw);
      this.#rename("task", raw, id, task);
      const context = task.texts("context", this.#report).flatMap(({ text, value: item }) => {
        const known = tasks.find((other) => other.raw === text);
        if (known !== undefined) return [known.id];
        score.lost(`the context ${quoted(text)} of ${id} is no task before it.`, item.place);
        return [];
      });
      tasks.push({ raw, value: task, id, context, async: task.at("async_execution")?.raw === true });
    }
    score.value.steps = this.#steps(tasks, score);
    if (tasks.length === 0) this.#report.error("There are no tasks.", value.place);
    this.#flow(score, value);
  }

  /** Tasks in order; adjacent tasks that run asynchronously and do not build on each other, in parallel. */
  #steps(tasks: readonly Task[], score: Draft): unknown[] {
    const items: unknown[] = [];
    for (let at = 0; at < tasks.length;) {
      const group: Task[] = [];
      for (let task = tasks[at]; task?.async === true; task = tasks[at + group.length]) {
        const { context } = task;
        if (group.some(({ id }) => context.includes(id))) break;
        group.push(task);
      }
      if (group.length > 1) {
        const path = ["steps", items.length, "parallel", "steps"];
        items.push({
          parallel: { steps: group.map((task, index) => this.#step(task, score, [...path, index])) },
        });
        at += group.length;
        continue;
      }
      const task = tasks[at];
      at += 1;
      if (task === undefined) break;
      if (task.async)
        this.#report.info(`The task ${quoted(task.raw)} runs in the order of the file.`, task.value.place);
      items.push(this.#step(task, score, ["steps", items.length]));
    }
    return items;
  }

  #roleOf(task: Task, score: Draft, path: readonly (string | number)[]): string {
    const raw = task.value.text("agent", this.#report);
    if (raw !== undefined && this.#roleIds.has(raw)) return this.#roleIds.of(raw);
    if (raw !== undefined) {
      const id = this.#roleIds.of(raw);
      const message = `There is no agent ${quoted(raw)}; its prompt is made up.`;
      this.#report.warning(message, task.value.at("agent")?.place);
      this.#band.comment(["roles", id], message);
      this.#addRole(id, { prompt: `You are the ${id} of a team.` });
      return id;
    }
    const first = Object.keys(this.#roles)[0] ?? this.#roleOfNobody();
    const message = `The task ${quoted(task.raw)} names no agent; ${first} performs it.`;
    if (Object.keys(this.#roles).length > 1) score.remark(message, task.value.place, path);
    else this.#report.info(message, task.value.place);
    return first;
  }

  #roleOfNobody(): string {
    const id = this.#roleIds.of("worker");
    this.#addRole(id, { prompt: "You do one task of a team at a time, and do it completely." });
    return id;
  }

  #step(task: Task, score: Draft, path: readonly (string | number)[]): Record<string, unknown> {
    const { value, id, context } = task;
    const role = this.#roleOf(task, score, path);
    const list = this.#roleTools.get(role);
    for (const tool of value.texts("tools", this.#report))
      list?.match(tool.text, matchTool(tool.text), tool.value.place);
    const expected = value.text("expected_output", this.#report);
    const produces: string[] = [];
    const output = this.#output(task, score, path, produces);
    if (output !== undefined) list?.add("write_file");
    const description = value.text("description", this.#report);
    if (description === undefined)
      score.remark(`The task ${quoted(task.raw)} has no description.`, value.place, path);
    const text = paragraphs(
      description ?? task.raw.replace(/[_-]+/g, " "),
      expected === undefined ? undefined : `Expected output:\n${expected}`,
      value.at("markdown")?.raw === true ? "Write the output as Markdown." : undefined,
      output === undefined ? undefined : `Write the output to the file ${output}.`,
    );
    const before = context.map((other) => `What ${other} gave:\n{{steps.${other}.summary}}`);
    const turns = this.#turns.get(role);
    this.#unknown(value, taskKeys, score, path);
    return {
      id,
      role,
      instruction: paragraphs(this.#template(text), ...before),
      ...(produces.length === 0 ? {} : { produces }),
      ...(value.at("human_input")?.raw === true ? { approval: "after_step" } : {}),
      ...defined({ max_turns: turns }),
    };
  }

  #output(
    task: Task,
    score: Draft,
    path: readonly (string | number)[],
    produces: string[],
  ): string | undefined {
    const text = task.value
      .text("output_file", this.#report)
      ?.trim()
      .replace(/^(\.?\/)+/, "");
    if (text === undefined) return undefined;
    const place = task.value.at("output_file")?.place;
    const problem = artifactPathProblem(text);
    if (problem !== undefined) {
      score.lost(`the output file ${quoted(text)}: ${problem}.`, place, path);
      return undefined;
    }
    if (new RegExp(variable.source).test(text)) {
      this.#report.warning(
        `Whether ${quoted(text)} is written is not checked: its name holds a variable.`,
        place,
      );
    } else produces.push(text);
    return text;
  }

  #venue(): Draft {
    const models = [...this.#models.values()].map(({ model }) => model);
    const isOllama = (model: string): boolean =>
      model.startsWith("ollama/") || model.startsWith("ollama_chat/");
    const roles = Object.fromEntries(
      [...this.#models].map(([id, { model }]) => [id, { model: model.replace(/^[a-z_]+\//, "") }]),
    );
    if (models.length === 0) return this.#target.madeUpVenue(this.#name);
    const venue = this.#target.draft("venue", this.#name);
    venue.say("The models are those that the agents named.");
    const local = models.every(isOllama);
    const model = models[0]?.replace(/^[a-z_]+\//, "");
    Object.assign(
      venue.value,
      local
        ? { provider: "ollama", endpoint: providerTable.ollama.defaultEndpoint }
        : { provider: "openai", api_key: "env:OPENAI_API_KEY" },
      { model, roles },
    );
    for (const { model: one, value } of this.#models.values()) {
      const foreign = /^([a-z_]+)\//.exec(one)?.[1];
      if (local || foreign === undefined || foreign === "openai") continue;
      venue.lost(`the backend ${quoted(foreign)} of ${quoted(one)}: set endpoint and api_key.`, value.place);
    }
    if (!local) {
      venue.comment(["api_key"], "Set this variable, or name a stored secret as secret:NAME.");
    }
    return venue;
  }

  #flow(score: Draft, tasks: Value): void {
    const venue = this.#venue();
    const flow = this.#target.draft("flow", this.#name, tasks.place);
    flow.say("Made up by the import from the agents and tasks of a CrewAI crew.");
    Object.assign(flow.value, {
      band: this.#band.name,
      venue: venue.name,
      score: score.name,
      task: "Do the work of this team as its steps describe it.",
    });
    if (this.#inputs.size === 0) return;
    flow.value.inputs = Object.fromEntries([...this.#inputs].map((id) => [id, { type: "string" }]));
  }

  finish(): void {
    for (const [id, list] of this.#roleTools) {
      const role = this.#roles[id];
      if (role !== undefined) role.tools = list.list();
    }
    if (Object.keys(this.#roles).length === 0) this.#report.error("There are no agents.");
  }

  /** Agents only: a Band whose prompts may need inputs that no Flow has yet. */
  noTasks(): void {
    this.#report.info("There is no tasks.yaml: the import is a Band, without a Score and a Flow.");
    for (const id of this.#inputs)
      this.#report.warning(`A Flow with this Band needs the input ${quoted(id)}.`);
  }
}

/** CrewAI's `agents.yaml` and `tasks.yaml`; one of them may be missing. */
export function importCrew(
  name: string,
  agentsFile: ProjectFile | undefined,
  tasksFile: ProjectFile | undefined,
  target: Target,
): void {
  const agents = agentsFile === undefined ? undefined : mapOf(agentsFile, target);
  const tasks = tasksFile === undefined ? undefined : mapOf(tasksFile, target);
  if (agents === undefined && tasks === undefined) return;
  const crew = new CrewImport(name, target);
  if (agents !== undefined && agentsFile !== undefined) crew.agents(agentsFile, agents);
  if (tasks !== undefined && tasksFile !== undefined) crew.tasks(tasksFile, tasks);
  else crew.noTasks();
  crew.finish();
}

function mapOf(file: ProjectFile, target: Target): Value | undefined {
  const value = readForeign(file, target.report);
  if (value === undefined || value.isMap) return value;
  target.report.error("The file must hold names with their settings.", value.place);
  return undefined;
}
