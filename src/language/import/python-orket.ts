import { quoted } from "../text/diagnostic";
import type { NamedKind } from "../text/file-kind";
import type { ProjectFile } from "../project/project";
import type { Draft } from "./draft";
import { Ids, stemOf } from "./names";
import { readForeign } from "./read";
import type { Value } from "./read";
import type { Target } from "./target";
import { escapeTemplate, oneLine, paragraphs } from "./text";
import { orketTool, ToolList, unknownTool } from "./tools";
import { defined } from "../../engine/model/defined";
import { providerTable } from "../../engine/model/providers";

/** Which of the four files of the Python Orket a JSON file is, by its content. */
export function pythonKind(raw: unknown): NamedKind | undefined {
  if (typeof raw !== "object" || raw === null || Array.isArray(raw)) return undefined;
  const has = (key: string): boolean => Object.hasOwn(raw, key);
  const { roles } = raw as { roles?: unknown };
  // A JSON Schema has the same keys inside `properties`, and a file of this Orket has a version.
  if (has("$schema") || has("version")) return undefined;
  if (has("band") && has("score")) return "flow";
  if (has("steps")) return "score";
  if (typeof roles === "object" && roles !== null) {
    const settings = Object.values(roles).some(
      (role) => typeof role === "object" && role !== null && ("model" in role || "temperature" in role),
    );
    return settings || has("default") || has("model") ? "venue" : "band";
  }
  return has("model") ? "venue" : undefined;
}

interface Read {
  readonly value: Value;
  readonly raw: string;
  readonly draft: Draft;
}

/** The four JSON files of the Python Orket. */
class PythonImport {
  /** Roles are named in bands, scores and venues: one id per name. */
  readonly #roles = new Ids("role");
  readonly #read: Record<NamedKind, Read[]> = { flow: [], band: [], venue: [], score: [] };
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  get #report() {
    return this.#target.report;
  }

  take(files: readonly ProjectFile[]): void {
    for (const file of files) {
      const value = readForeign(file, this.#report);
      if (value === undefined) continue;
      const kind = pythonKind(value.raw);
      if (kind === undefined) {
        this.#report.error("This is none of the four files of the Python Orket.", value.place);
        continue;
      }
      const raw = value.text("name", this.#report) ?? stemOf(file.path);
      const draft = this.#target.draft(kind, raw, value.at("name")?.place ?? value.place);
      draft.say(`Imported from ${file.path} of the Python Orket.`);
      const description = value.text("description", this.#report);
      if (description !== undefined) draft.value.description = oneLine(description);
      this.#read[kind].push({ value, raw, draft });
    }
    for (const band of this.#read.band) this.#band(band);
    for (const venue of this.#read.venue) this.#venue(venue);
    for (const score of this.#read.score) this.#score(score);
    for (const flow of this.#read.flow) this.#flow(flow);
  }

  #unknown(
    value: Value,
    known: readonly string[],
    draft: Draft,
    path: readonly (string | number)[] = [],
  ): void {
    for (const [key, item] of value.entries()) {
      if (known.includes(key)) continue;
      draft.lost(`${quoted(key)} has no counterpart.`, item.place, path);
    }
  }

  #roleId(raw: string, value: Value): string {
    const known = this.#roles.has(raw);
    const id = this.#roles.of(raw);
    if (!known && id !== raw)
      this.#report.info(`The role ${quoted(raw)} is named ${quoted(id)} here.`, value.place);
    return id;
  }

  #band({ value, draft }: Read): void {
    this.#unknown(value, ["name", "description", "roles"], draft);
    const roles: Record<string, unknown> = {};
    draft.value.roles = roles;
    for (const [raw, item] of value.at("roles")?.entries() ?? []) {
      const id = this.#roleId(raw, item);
      const text =
        item.asText() ??
        paragraphs(item.text("prompt", this.#report), item.text("description", this.#report));
      if (text.trim() === "") {
        draft.remark(`The role ${quoted(raw)} had no prompt; this one is made up.`, item.place, [
          "roles",
          id,
        ]);
      }
      const tools = new ToolList(draft, id);
      for (const tool of item.isMap ? item.texts("tools", this.#report) : []) {
        tools.match(tool.text, orketTool(tool.text) ?? unknownTool(tool.text), tool.value.place);
      }
      if (/\bNOTES_UPDATE\b/.test(text)) {
        tools.add("update_notes");
        const message = `the prompt of ${id} speaks of NOTES_UPDATE; notes are written with the tool update_notes here, so change the prompt.`;
        draft.comment(["roles", id], `To do: ${message}`);
        this.#report.warning(`To do: ${message}`, item.place);
      }
      this.#unknown(item, ["description", "prompt", "tools"], draft, ["roles", id]);
      const prompt = text.trim() === "" ? `You are the ${id} of a team.` : escapeTemplate(paragraphs(text));
      roles[id] = { prompt, tools: tools.list() };
    }
    if (Object.keys(roles).length === 0) {
      this.#report.error("The band has no roles.", value.at("roles")?.place ?? value.place);
    }
  }

  #settings(value: Value, draft: Draft, path: readonly (string | number)[]): Record<string, unknown> {
    const known = ["model", "temperature", "seed", "params"];
    this.#unknown(
      value,
      path.length === 0 ? [...known, "name", "description", "roles", "default"] : known,
      draft,
      path,
    );
    const model = value.text("model", this.#report);
    const temperature = value.number("temperature", this.#report, { min: 0, max: 2 });
    const seed = value.number("seed", this.#report, { whole: true });
    const params = value.at("params");
    const kept = Object.fromEntries(
      (params?.entries() ?? []).flatMap(([key, item]) => {
        if (!/key|token|secret|password|authorization/i.test(key) || /token(s|izer)/i.test(key))
          return [[key, item.raw]];
        draft.lost(
          `${quoted(key)} of 'params' may be a secret: store it and name it in 'api_key'.`,
          item.place,
          path,
        );
        return [];
      }),
    );
    if (params !== undefined && !params.isMap)
      draft.lost("'params' must be keys and values.", params.place, path);
    return {
      ...(model === undefined ? {} : { model: oneLine(model) }),
      ...defined({ temperature, seed }),
      ...(Object.keys(kept).length > 0 ? { params: kept } : {}),
    };
  }

  #venue({ value, draft }: Read): void {
    const base = value.at("default");
    const made = {
      ...(base === undefined ? {} : this.#settings(base, draft, ["provider"])),
      ...this.#settings(value, draft, []),
    };
    Object.assign(draft.value, { provider: "ollama", endpoint: providerTable.ollama.defaultEndpoint }, made);
    if (draft.value.model === undefined) {
      const model = this.#target.options.model ?? providerTable.ollama.exampleModel;
      draft.value.model = model;
      draft.remark(`The venue names no model for every role; ${quoted(model)} is taken.`, value.place, [
        "model",
      ]);
    }
    const roles: Record<string, unknown> = {};
    for (const [raw, item] of value.at("roles")?.entries() ?? []) {
      const id = this.#roleId(raw, item);
      const model = item.asText();
      roles[id] = model === undefined ? this.#settings(item, draft, ["roles", id]) : { model };
    }
    if (Object.keys(roles).length > 0) draft.value.roles = roles;
  }

  #score({ value, draft }: Read): void {
    this.#unknown(value, ["name", "description", "steps"], draft);
    const steps: Record<string, unknown>[] = [];
    draft.value.steps = steps;
    for (const item of value.at("steps")?.items() ?? []) {
      const raw = item.asText() ?? item.text("role", this.#report);
      if (raw === undefined) {
        draft.lost(`${item.name} of 'steps' names no role.`, item.place);
        continue;
      }
      const path = ["steps", steps.length];
      const note = item.text("note", this.#report);
      steps.push({ role: this.#roleId(raw, item), ...(note === undefined ? {} : { note: oneLine(note) }) });
      this.#unknown(item, ["role", "note"], draft, path);
    }
    if (steps.length === 0)
      this.#report.error("The score has no steps.", value.at("steps")?.place ?? value.place);
  }

  /** The new name of what a flow names, by name or by the path of a JSON file. */
  #reference(kind: NamedKind, raw: string): string {
    const name = /[/\\]|\.json$/.test(raw) ? stemOf(raw.replaceAll("\\", "/")) : raw;
    const found = this.#read[kind].find((one) => one.raw === name || stemOf(one.value.place.file) === name);
    return found?.draft.name ?? name;
  }

  #flow({ value, draft }: Read): void {
    this.#unknown(value, ["name", "description", "band", "venue", "score", "task"], draft);
    for (const kind of ["band", "venue", "score"] as const) {
      const raw = value.text(kind, this.#report);
      if (raw !== undefined) draft.value[kind] = this.#reference(kind, raw);
      else if (kind === "venue") draft.value.venue = this.#missingVenue(value, draft);
    }
    const task = this.#task(value, draft);
    if (task !== undefined) draft.value.task = task;
  }

  #missingVenue(flow: Value, draft: Draft): string {
    const found = this.#read.venue.find(({ raw }) => raw === "standard") ?? this.#read.venue[0];
    const name = found?.draft.name ?? this.#target.madeUpVenue(draft.name, {}, flow.place).name;
    const message = `The flow names no venue; ${quoted(name)} is taken.`;
    draft.comment(["venue"], message);
    this.#report.info(message, flow.place);
    return name;
  }

  #task(flow: Value, draft: Draft): string | undefined {
    const task = flow.at("task");
    if (task?.isMap !== true) {
      const text = flow.text("task", this.#report);
      return text === undefined ? undefined : paragraphs(text);
    }
    this.#unknown(task, ["description", "name", "title"], draft, ["task"]);
    const title = task.text("title", this.#report) ?? task.text("name", this.#report);
    const text = paragraphs(title, task.text("description", this.#report));
    return text === "" ? undefined : text;
  }
}

export function importPythonOrket(files: readonly ProjectFile[], target: Target): void {
  new PythonImport(target).take(files);
}
