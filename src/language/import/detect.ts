import { fileKindOf } from "../text/file-kind";
import { folderOf, joinPath } from "../project/paths";
import type { ProjectFile } from "../project/project";
import { parseSource } from "../text/source";
import { stemOf } from "./names";
import { promptFiles } from "./prompt-flow";
import { pythonKind } from "./python-orket";
import { foreignText, readForeign } from "./read";
import { ImportReport } from "./report";

export const importKinds = {
  "python-orket": "Python Orket",
  "roo-modes": "Roo Code modes",
  crewai: "CrewAI",
  "prompt-flow": "Prompt flow",
  "agent-md": "VS Code agents",
  conductor: "Conductor",
  archon: "Archon",
  "spec-kit": "Spec Kit",
} as const;
export type ImportKind = keyof typeof importKinds;

/** Files that are imported together. */
export interface ImportSet {
  readonly kind: ImportKind;
  /** The name for the definitions where the files do not give one. */
  readonly name: string;
  /** In the order of their paths. */
  readonly files: readonly ProjectFile[];
}

export interface Detection {
  readonly sets: readonly ImportSet[];
  /** Files that no importer recognizes and that do not belong to an import. */
  readonly unknown: readonly string[];
}

const pythonFolder = /(^|\/)(flow|band|score|venue)s?\/[^/]+\.json$/i;
const agentFile = /\.(agent|chatmode)\.md$/i;
const crewFile = /(^|[/_.-])(agents|tasks)\.ya?ml$/i;
const promptFlowFile = /(^|\/)flow\.dag\.ya?ml$/i;
const rooFile = /(^|\/)(\.roomodes|custom_modes\.ya?ml|[^/]*\.roomodes(\.ya?ml|\.json)?)$/i;
/** Workflows have arbitrary names: their folders identify them. */
const workflowFile =
  /(^|\/)(?:workflows?|examples|\.archon|\.specify)\/(?:[^/]+\/)*[^/]+\.ya?ml$|(^|\/)workflow\.ya?ml$/i;
const archonCommand = /(^|\/)\.archon\/commands\/(?:[^/]+\/)*[^/]+\.md$/i;
const templateFile = /\.(jinja2?|j2|prompty)$/i;

/** Whether a file in a searched folder is worth reading for an import. */
export function mayImport(path: string): boolean {
  if (fileKindOf(path) !== undefined || /\.schema\.json$/i.test(path)) return false;
  return [
    pythonFolder,
    agentFile,
    crewFile,
    promptFlowFile,
    rooFile,
    templateFile,
    workflowFile,
    archonCommand,
  ].some((form) => form.test(path));
}

/** Files next to a given one that belong to its import, whether they exist or not, relative to the project. */
export function neighboursOf(file: ProjectFile): string[] {
  const folder = folderOf(file.path);
  if (promptFlowFile.test(file.path)) {
    const value = readForeign(file, new ImportReport());
    return value === undefined ? [] : promptFiles(file, value);
  }
  const crew = /^(.*)(agents|tasks)(\.ya?ml)$/i.exec(file.path);
  if (crew !== null && crewFile.test(file.path)) {
    return [`${crew[1] ?? ""}${crew[2]?.toLowerCase() === "agents" ? "tasks" : "agents"}${crew[3] ?? ""}`];
  }
  const { value } = parseSource("look.json", foreignText(file) ?? "");
  if (/\.json$/i.test(file.path) && pythonKind(value) === "flow") {
    const flow = value as Record<string, unknown>;
    return (["band", "venue", "score"] as const).flatMap((kind) => {
      const name = flow[kind] ?? (kind === "venue" ? "standard" : undefined);
      if (typeof name !== "string") return [];
      return joinPath(folder, `../${kind}/${stemOf(name.replaceAll("\\", "/"))}.json`) ?? [];
    });
  }
  return [];
}

function kindOf(file: ProjectFile): ImportKind | undefined {
  const { path } = file;
  if (fileKindOf(path) !== undefined) return undefined;
  if (agentFile.test(path)) return "agent-md";
  if (promptFlowFile.test(path)) return "prompt-flow";
  if (rooFile.test(path)) return "roo-modes";
  // A workflow may be named so, too.
  if (crewFile.test(path)) return workflowIn(file) ?? "crewai";
  if (pythonFolder.test(path) && !/\.schema\.json$/i.test(path)) return "python-orket";
  return kindByContent(file);
}

function isMapOf(value: unknown, keys: readonly string[]): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const entries: unknown[] = Object.values(value);
  return (
    entries.length > 0 &&
    entries.every((entry) => typeof entry === "object" && entry !== null && keys.some((key) => key in entry))
  );
}

/** Which workflow tool a file belongs to, by the keys that only that tool uses. */
function workflowKind(value: object): ImportKind | undefined {
  const has = (key: string): boolean =>
    key in value && typeof value[key as never] === "object" && value[key as never] !== null;
  if (has("workflow") && has("steps")) return "spec-kit";
  if (has("workflow") && (has("agents") || has("for_each") || has("parallel"))) return "conductor";
  if (!has("nodes") || !Array.isArray((value as { nodes: unknown }).nodes)) return undefined;
  const nodes = (value as { nodes: unknown[] }).nodes;
  const kinds = ["prompt", "bash", "command", "loop", "script", "approval", "workflow"];
  const isNode = (node: unknown): boolean =>
    typeof node === "object" && node !== null && "id" in node && kinds.some((key) => key in node);
  return "name" in value && nodes.length > 0 && nodes.some(isNode) && !("inputs" in value)
    ? "archon"
    : undefined;
}

function workflowIn(file: ProjectFile): ImportKind | undefined {
  const { value } = parseSource("look.yaml", foreignText(file) ?? "");
  return typeof value === "object" && value !== null ? workflowKind(value) : undefined;
}

function kindByContent(file: ProjectFile): ImportKind | undefined {
  if (!/\.(ya?ml|json|md)$/i.test(file.path)) return undefined;
  const text = foreignText(file) ?? "";
  if (/\.md$/i.test(file.path)) {
    // An agent may have any name that ends in .md where its folder identifies it.
    return /(^|\/)agents\/[^/]+\.md$/i.test(file.path) && text.startsWith("---") ? "agent-md" : undefined;
  }
  const isJson = /\.json$/i.test(file.path);
  const { value } = parseSource(isJson ? "look.json" : "look.yaml", text);
  if (typeof value !== "object" || value === null) return undefined;
  if ("customModes" in value) return "roo-modes";
  if (isJson) return pythonKind(value) === undefined ? undefined : "python-orket";
  const workflow = workflowKind(value);
  if (workflow !== undefined) return workflow;
  if ("nodes" in value && "inputs" in value) return "prompt-flow";
  if (isMapOf(value, ["backstory"]) || isMapOf(value, ["expected_output"])) return "crewai";
  return undefined;
}

/** A name from a path: its folder, without folders that only group files. */
function nameFrom(path: string, fallback: string): string {
  const parts = folderOf(path)
    .split("/")
    .filter(
      (part) => !/^(config|configs|src|model|models|agents|chatmodes|\.github|\.claude|\.|)$/i.test(part),
    );
  return parts.at(-1) ?? fallback;
}

/** What the files are, and which of them belong together. Checks names first, then contents. */
export function detectImport(files: readonly ProjectFile[]): Detection {
  const sorted = [...new Map(files.map((file) => [file.path, file])).values()].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  );
  const groups = new Map<string, { kind: ImportKind; name: string; files: ProjectFile[] }>();
  const rest: ProjectFile[] = [];
  for (const file of sorted) {
    const kind = kindOf(file);
    if (kind === undefined) {
      rest.push(file);
      continue;
    }
    // One set per kind, or one for each folder or file.
    const folder = folderOf(file.path);
    const crew = file.path.slice(folder.length).replace(/(agents|tasks)\.ya?ml$/i, "");
    const key = {
      "python-orket": "",
      crewai: `${folder}${crew}`,
      "agent-md": folder,
      "roo-modes": file.path,
      "prompt-flow": file.path,
      conductor: file.path,
      archon: file.path,
      "spec-kit": file.path,
    }[kind];
    const name = nameFrom(file.path, kind === "agent-md" ? "agents" : kind === "crewai" ? "crew" : kind);
    const id = `${kind} ${key}`;
    const group = groups.get(id) ?? { kind, name, files: [] };
    group.files.push(file);
    groups.set(id, group);
  }
  const used = new Set<string>();
  const sets = [...groups.values()].map((group): ImportSet => {
    const [first] = group.files;
    if (group.kind === "archon") {
      // The texts of commands, which any of its workflows may name.
      const commands = sorted.filter(({ path }) => archonCommand.test(path));
      for (const { path } of commands) used.add(path);
      return { ...group, files: [...group.files, ...commands] };
    }
    if (group.kind !== "prompt-flow" || first === undefined) return group;
    const wanted = new Set(neighboursOf(first));
    const templates = sorted.filter(({ path }) => wanted.has(path));
    for (const { path } of templates) used.add(path);
    return { ...group, files: [first, ...templates] };
  });
  return { sets, unknown: rest.map(({ path }) => path).filter((path) => !used.has(path)) };
}
