import { quoted } from "../text/diagnostic";
import type { ProjectFile } from "../project/project";
import { Ids } from "./names";
import { foreignText, readForeign } from "./read";
import type { Value } from "./read";
import type { Target } from "./target";
import { escapeTemplate, oneLine, paragraphs } from "./text";
import { ToolList } from "./tools";
import type { ToolMatch } from "./tools";

/** Roo Code's tool groups as Orket's tools. */
const groups: Readonly<Record<string, ToolMatch>> = {
  read: ["read_file", "list_dir", "search_files"],
  edit: ["write_file", "edit_file"],
  command: { none: "Orket runs no commands" },
  browser: { none: "Orket has no browser" },
  mcp: { none: "name the tools you need as vscode:NAME in the Band" },
  modes: { none: "which role works next is the Score's business" },
};

const known = [
  "slug",
  "name",
  "description",
  "roleDefinition",
  "whenToUse",
  "customInstructions",
  "groups",
  "rulesFiles",
  "source",
];

class RooImport {
  readonly #ids = new Ids("mode");
  readonly #roles: Record<string, unknown> = {};
  readonly #draft;
  readonly #target: Target;

  constructor(target: Target, path: string) {
    this.#target = target;
    this.#draft = target.draft("band", "roo-modes");
    this.#draft.say(`Imported from ${path} of Roo Code.`);
    this.#draft.value.roles = this.#roles;
  }

  get isEmpty(): boolean {
    return Object.keys(this.#roles).length === 0;
  }

  get #report() {
    return this.#target.report;
  }

  mode(mode: Value): void {
    if (!mode.isMap) {
      this.#draft.lost(`${mode.name} of 'customModes' is no mode.`, mode.place);
      return;
    }
    const name = mode.text("name", this.#report);
    const slug = mode.text("slug", this.#report) ?? name ?? "mode";
    // A duplicate slug is a different mode anyway.
    const id = this.#ids.of(this.#ids.has(slug) ? `${slug}-${Object.keys(this.#roles).length + 1}` : slug);
    if (id !== slug)
      this.#report.info(`The mode ${quoted(slug)} is the role ${quoted(id)} here.`, mode.place);
    const path = ["roles", id];
    const description = mode.text("description", this.#report) ?? name;
    const when = mode.text("whenToUse", this.#report);
    if (when !== undefined) this.#draft.comment(path, `When to use: ${oneLine(when)}`);
    const definition = mode.text("roleDefinition", this.#report);
    if (definition === undefined) {
      this.#draft.remark(
        `The mode ${quoted(slug)} had no roleDefinition; its prompt is made up.`,
        mode.place,
        path,
      );
    }
    const tools = new ToolList(this.#draft, id);
    const limits = this.#groups(mode, id, tools);
    const prompt = paragraphs(
      definition ?? `You are ${name ?? id}.`,
      mode.text("customInstructions", this.#report),
      ...this.#rules(mode, id),
      ...limits,
    );
    this.#roles[id] = {
      ...(description === undefined ? {} : { description: oneLine(description) }),
      prompt: escapeTemplate(prompt),
      tools: tools.list(),
    };
    for (const [key, value] of mode.entries()) {
      if (!known.includes(key)) this.#draft.lost(`${quoted(key)} has no counterpart.`, value.place, path);
    }
    const source = mode.at("source");
    if (source !== undefined)
      this.#report.info("'source' is left out: a Band belongs to its project.", source.place);
  }

  /** Adds the tools of the groups; restrictions on what a group may edit are returned as sentences for the prompt. */
  #groups(mode: Value, id: string, tools: ToolList): string[] {
    const sentences: string[] = [];
    const listed = mode.at("groups");
    if (listed !== undefined && !listed.isList) {
      this.#draft.lost("'groups' must be a list.", listed.place, ["roles", id]);
    }
    for (const item of listed?.items() ?? []) {
      const [first, options] = item.isList ? item.items() : [item];
      const group = first?.asText()?.trim();
      if (group === undefined) {
        this.#draft.lost(`${item.name} of 'groups' is no group.`, item.place, ["roles", id]);
        continue;
      }
      const match = Object.hasOwn(groups, group) ? groups[group] : undefined;
      tools.match(group, match ?? { none: "Roo Code has no such group that is known here" }, item.place);
      const pattern = options?.text("fileRegex", this.#report);
      if (pattern === undefined) continue;
      const what = options?.text("description", this.#report);
      sentences.push(
        `Only change files whose path matches the regular expression ${oneLine(pattern)}${what === undefined ? "" : ` (${oneLine(what)})`}.`,
      );
      this.#draft.lost(
        `the limit of ${quoted(group)} to ${quoted(pattern)} is only asked for in the prompt, not enforced.`,
        options?.place,
        ["roles", id],
      );
    }
    return sentences;
  }

  /** Rule files that an exported mode includes. */
  #rules(mode: Value, id: string): string[] {
    return (mode.at("rulesFiles")?.items() ?? []).flatMap((file) => {
      const content = file.text("content", this.#report);
      if (content !== undefined) return [content];
      this.#draft.lost("an entry of 'rulesFiles' has no content.", file.place, ["roles", id]);
      return [];
    });
  }
}

/** Roo Code's `.roomodes`, YAML or JSON: a Band. Modes have no order, so there is no Score. */
export function importRooModes(file: ProjectFile, target: Target): void {
  const { report } = target;
  const isJson = foreignText(file)?.trimStart().startsWith("{") === true;
  const value = readForeign(file, report, isJson ? "roomodes.json" : "roomodes.yaml");
  if (value === undefined) return;
  const modes = value.at("customModes");
  if (modes?.isList !== true || modes.items().length === 0) {
    report.error("'customModes' must be a list of modes.", modes?.place ?? value.place);
    return;
  }
  const made = new RooImport(target, file.path);
  for (const mode of modes.items()) made.mode(mode);
  if (made.isEmpty) {
    report.error("'customModes' has no mode in it; nothing is imported.", modes.place);
    return;
  }
  for (const [key, item] of value.entries()) {
    if (key !== "customModes")
      report.warning(`${quoted(key)} has no counterpart and is left out.`, item.place);
  }
  report.info("Modes have no order: write a Score that says which role works when.", modes.place);
}
