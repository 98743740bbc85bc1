import { editorToolPattern } from "../../engine/model/band";
import { quoted } from "../text/diagnostic";
import { splitFrontMatter } from "../text/front-matter";
import type { ProjectFile } from "../project/project";
import type { Draft } from "./draft";
import { Ids } from "./names";
import { foreignText, readForeign } from "./read";
import type { Value } from "./read";
import type { Target } from "./target";
import { escapeTemplate, oneLine, paragraphs } from "./text";
import { orketTool, ToolList } from "./tools";
import type { ToolMatch } from "./tools";

const read = ["read_file"];
const list = ["list_dir"];
const search = ["search_files"];
const write = ["write_file"];
const edit = ["write_file", "edit_file"];
const noCommands = { none: "Orket runs no commands" };
const noWeb = { none: "Orket has no access to the web" };
const noAgents = { none: "which role works next is the Score's business" };

/** VS Code's tools and tool sets, in lower case. */
const tools: Readonly<Record<string, ToolMatch>> = {
  read: ["read_file", "list_dir"],
  readfile: read,
  search: ["read_file", "list_dir", "search_files"],
  codebase: ["read_file", "list_dir", "search_files"],
  textsearch: search,
  filesearch: [...list, ...search],
  usages: search,
  listdirectory: list,
  edit,
  editfiles: edit,
  createfile: write,
  createdirectory: write,
  new: write,
  execute: noCommands,
  shell: noCommands,
  runcommands: noCommands,
  runinterminal: noCommands,
  runtasks: noCommands,
  runtests: noCommands,
  terminallastcommand: noCommands,
  terminalselection: noCommands,
  testfailure: noCommands,
  runnotebooks: noCommands,
  web: noWeb,
  fetch: noWeb,
  githubrepo: noWeb,
  opensimplebrowser: noWeb,
  agent: noAgents,
  runsubagent: noAgents,
  todo: { none: "the steps of the Score are the plan" },
  todos: { none: "the steps of the Score are the plan" },
  changes: { none: "there is no such tool here" },
  problems: { none: "there is no such tool here" },
  vscode: { none: "name the tools you need as vscode:NAME" },
  vscodeapi: { none: "there is no such tool here" },
  extensions: { none: "there is no such tool here" },
};

function matchTool(raw: string): ToolMatch {
  const [owner, ...rest] = raw.split("/");
  const name = rest.length === 0 ? (owner ?? "") : rest.join("/");
  if (name === "*") return { none: "name the tools of an MCP server one by one as vscode:NAME" };
  const own = orketTool(raw);
  if (own !== undefined) return own;
  const ofEditor = rest.length === 0 || /^(read|search|edit|execute|web|agent|vscode)$/.test(owner ?? "");
  const key = name.toLowerCase();
  if (ofEditor && Object.hasOwn(tools, key)) return tools[key] ?? { none: "" };
  const asked = `vscode:${name}`;
  return editorToolPattern.test(asked) ? [asked] : { none: "its name cannot be that of a tool" };
}

const keys = ["name", "description", "tools", "model", "handoffs"];
/** Keys that control how the editor offers the agent, not what it does. */
const silent = [
  "argument-hint",
  "user-invocable",
  "user-invokable",
  "disable-model-invocation",
  "target",
  "infer",
];

interface Agent {
  readonly id: string;
  readonly file: ProjectFile;
  readonly front: Value | undefined;
  readonly handoffs: readonly { to: string; prompt: string | undefined; value: Value }[];
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/(\.(agent|chatmode))?\.md$/i, "");
}

class AgentImport {
  readonly #ids = new Ids("agent");
  readonly #names = new Map<string, string>();
  readonly #agents: Agent[] = [];
  readonly #roles: Record<string, unknown> = {};
  readonly #band: Draft;
  readonly #target: Target;

  constructor(name: string, target: Target) {
    this.#target = target;
    this.#band = target.draft("band", name);
    this.#band.value.roles = this.#roles;
  }

  get #report() {
    return this.#target.report;
  }

  agent(file: ProjectFile): void {
    const text = foreignText(file);
    if (text === undefined) {
      this.#report.error(`${file.path} cannot be read: it is too large or not UTF-8 text.`);
      return;
    }
    const { front: head, body } = splitFrontMatter(text);
    let front: Value | undefined;
    if (head !== undefined && head.trim() !== "") {
      front = readForeign({ path: file.path, text: head }, this.#report, "agent.yaml");
      if (front === undefined) return;
      if (!front.isMap) {
        this.#report.error("The front matter must be keys with their values.", front.place);
        return;
      }
    }
    if (head === undefined) this.#report.info(`${file.path} has no front matter; all of it is the prompt.`);
    const raw = front?.text("name", this.#report) ?? nameOf(file.path);
    const id = this.#ids.of(this.#ids.has(raw) ? `${raw}-${this.#agents.length + 1}` : raw);
    if (id !== raw)
      this.#report.info(`The agent ${quoted(raw)} is the role ${quoted(id)} here.`, front?.place);
    this.#names.set(raw.toLowerCase(), id).set(nameOf(file.path).toLowerCase(), id);
    this.#role(id, file, front, body);
    const handoffs = (front?.at("handoffs")?.items() ?? []).flatMap((value) => {
      const to = value.text("agent", this.#report);
      if (to !== undefined) return [{ to, prompt: value.text("prompt", this.#report), value }];
      this.#band.lost("a handoff names no agent.", value.place, ["roles", id]);
      return [];
    });
    this.#agents.push({ id, file, front, handoffs });
  }

  #role(id: string, file: ProjectFile, front: Value | undefined, body: string): void {
    const path = ["roles", id];
    this.#band.comment(path, `Imported from ${file.path}.`);
    const description = front?.text("description", this.#report);
    const prompt = paragraphs(body);
    if (prompt === "")
      this.#band.remark(`${file.path} has no prompt; this one is made up.`, front?.place, path);
    const made = new ToolList(this.#band, id);
    if (front?.at("tools") === undefined) {
      made.add("read_file", "list_dir", "search_files", "write_file", "edit_file");
      this.#report.info(
        `The agent ${id} does not limit its tools; here it gets those for files.`,
        front?.place,
      );
    } else {
      for (const { text, value } of front.texts("tools", this.#report)) {
        // Older files write them comma-separated in one text.
        for (const tool of text.split(",").map((part) => part.trim())) {
          const match = matchTool(tool);
          if (tool === "") continue;
          made.match(tool, match, value.place);
          const external = "none" in match ? undefined : match.find((name) => name.startsWith("vscode:"));
          if (external !== undefined) {
            this.#report.info(
              `${quoted(tool)} is ${external} here; it works in VS Code, while its extension is there.`,
              value.place,
            );
          }
        }
      }
    }
    for (const { text, value } of front?.texts("model", this.#report) ?? []) {
      this.#band.lost(`the model ${quoted(text)}: models are named in a Venue.`, value.place, path);
    }
    for (const [key, value] of front?.entries() ?? []) {
      if (silent.includes(key)) this.#report.info(`${quoted(key)} is left out.`, value.place);
      else if (!keys.includes(key)) this.#band.lost(`${quoted(key)} has no counterpart.`, value.place, path);
    }
    this.#roles[id] = {
      ...(description === undefined ? {} : { description: oneLine(description) }),
      prompt: prompt === "" ? `You are ${id}.` : escapeTemplate(prompt),
      tools: made.list(),
    };
  }

  /** The agents in the order of their handoffs, when these form one chain; otherwise undefined. */
  #chain(): { agent: Agent; prompt: string | undefined }[] | undefined {
    const byId = new Map(this.#agents.map((agent) => [agent.id, agent]));
    const next = new Map<string, { agent: Agent; prompt: string | undefined }>();
    const targets = new Set<string>();
    for (const agent of this.#agents) {
      const known = agent.handoffs.flatMap(({ to, prompt }) => {
        const found = byId.get(this.#names.get(to.toLowerCase()) ?? "");
        return found === undefined ? [] : [{ agent: found, prompt }];
      });
      const [first, second] = known;
      if (first === undefined) continue;
      if (second !== undefined || targets.has(first.agent.id)) return undefined;
      targets.add(first.agent.id);
      next.set(agent.id, first);
    }
    const starts = this.#agents.filter(({ id }) => next.has(id) && !targets.has(id));
    if (starts.length !== 1) return undefined;
    const chain: { agent: Agent; prompt: string | undefined }[] = [];
    for (
      let at = starts.map((agent) => ({ agent, prompt: undefined as string | undefined }))[0];
      at !== undefined;
      at = next.get(at.agent.id)
    ) {
      chain.push(at);
    }
    // A cycle beside the chain has no start.
    return chain.length === next.size + 1 ? chain : undefined;
  }

  handoffs(name: string): void {
    if (this.#agents.length === 0) return;
    const chain = this.#chain();
    const inChain = new Set(chain?.map(({ agent }) => agent.id));
    for (const agent of this.#agents) {
      for (const { to, value } of agent.handoffs) {
        if (inChain.has(agent.id) && inChain.has(this.#names.get(to.toLowerCase()) ?? "")) continue;
        this.#band.lost(
          `the handoff to ${quoted(to)}: write a Score that says which role works when.`,
          value.place,
          ["roles", agent.id],
        );
      }
    }
    if (chain === undefined) {
      this.#report.info("Agents have no order: write a Score that says which role works when.");
      return;
    }
    const score = this.#target.draft("score", name);
    score.say("Made by the import from the handoffs of VS Code agents.");
    score.value.steps = chain.map(({ agent, prompt }) => ({
      role: agent.id,
      ...(prompt === undefined ? {} : { instruction: escapeTemplate(paragraphs(prompt)) }),
    }));
    const venue = this.#target.madeUpVenue(name);
    const flow = this.#target.draft("flow", name);
    flow.say("Made by the import; the task is asked for when a run starts.");
    Object.assign(flow.value, { band: this.#band.name, venue: venue.name, score: score.name });
    this.#report.info(
      `The handoffs are the order of the Score ${quoted(score.name)}: ${chain.map(({ agent }) => agent.id).join(", ")}.`,
    );
  }
}

/** VS Code's `.agent.md` files (formerly `.chatmode.md`) of one folder: a Band. */
export function importAgents(name: string, files: readonly ProjectFile[], target: Target): void {
  const made = new AgentImport(name, target);
  for (const file of files) made.agent(file);
  made.handoffs(name);
}
