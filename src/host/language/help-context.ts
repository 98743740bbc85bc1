import * as vscode from "vscode";
import { checkHealth } from "../../adapters/provider/health";
import { wantsModels } from "../../language";
import type { HelpContext } from "../../language";
import type { Secrets } from "../session/secrets";
import type { LiveRequest } from "./documents";
import { defined } from "../../engine/model/defined";
import { factsOf, isServer, providerNames } from "../../engine/model/providers";
import { OrketError } from "../../engine/error/orket-error";

/** How long a backend may take to list its models; typing continues meanwhile. */
const answerMs = 1000;
/** How long an answer is valid. */
const keepMs = 30_000;
const maxFolders = 500;
const maxDepth = 4;

interface Kept<T> {
  readonly at: number;
  readonly value: Promise<T>;
}

/** What completion needs besides the files: folders, models, tools of other extensions, names of secrets. */
export class HelpContexts {
  readonly #models = new Map<string, Kept<readonly string[]>>();
  readonly #folders = new Map<string, Kept<readonly string[]>>();
  readonly #texts = new Map<string, Kept<readonly string[]>>();
  readonly #secrets: Secrets;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  async of(request: LiveRequest): Promise<HelpContext> {
    const { kind } = request.source;
    const wanted = wantsModels(request);
    const [files, models, secrets] = await Promise.all([
      this.#filesFor(kind, request.folder),
      wanted === undefined ? [] : this.models(wanted.provider, wanted.endpoint),
      kind === "venue" ? this.#secrets.names() : [],
    ]);
    const editorTools = kind === "band" ? vscode.lm.tools.map(({ name }) => name) : [];
    return { files, models, secrets, editorTools };
  }

  /**
   * The models of a backend, if it answers in time. No key is sent, because the address may be half typed. In an
   * untrusted folder no request is made at all.
   */
  models(provider: string | undefined, endpoint: string | undefined): Promise<readonly string[]> {
    if (!vscode.workspace.isTrusted) return Promise.resolve([]);
    return kept(this.#models, `${provider ?? ""} ${endpoint ?? ""}`, () => askModels(provider, endpoint));
  }

  /** A Flow names folders; a Band names texts and skills. */
  #filesFor(
    kind: LiveRequest["source"]["kind"],
    folder: vscode.WorkspaceFolder | undefined,
  ): Promise<readonly string[]> {
    if (folder === undefined || (kind !== "flow" && kind !== "band")) return Promise.resolve([]);
    const key = folder.uri.toString();
    return kind === "flow"
      ? kept(this.#folders, key, () => listFolders(folder.uri))
      : kept(this.#texts, key, () => listTexts(folder.uri));
  }
}

function kept<T>(store: Map<string, Kept<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const now = Date.now();
  const known = store.get(key);
  if (known !== undefined && now - known.at < keepMs) return known.value;
  const value = make();
  store.set(key, { at: now, value });
  return value;
}

async function askModels(
  provider: string | undefined,
  endpoint: string | undefined,
): Promise<readonly string[]> {
  const name = providerNames.find((one) => one === provider);
  if (name === undefined || !factsOf(name).listsModels) return [];
  if (!isServer(name)) return (await vscode.lm.selectChatModels()).map(({ id }) => id);
  const venue = {
    provider: name,
    ...defined({ endpoint }),
    timeouts: { connect_seconds: 1, first_token_seconds: 1, idle_seconds: 1, total_seconds: 1 },
  } as const;
  const noKey = (): Promise<string> =>
    Promise.reject(new OrketError("secret_missing", "Completion sends no key."));
  try {
    const { models } = await checkHealth(venue, { resolveSecret: noKey }, answerMs);
    return models.map((model) => model.name);
  } catch {
    return [];
  }
}

/** Files that a Band could name as instructions, and those that make a folder a skill. */
async function listTexts(root: vscode.Uri): Promise<readonly string[]> {
  const texts = new vscode.RelativePattern(root, "**/{*.md,*.mdc,.cursorrules,.windsurfrules,.clinerules}");
  const found = await vscode.workspace.findFiles(texts, "**/{node_modules,.git,.orket}/**", maxFolders);
  return found.map((uri) => uri.path.slice(root.path.length).replace(/^\//, "")).sort();
}

/** Folders that a Flow could refer to, each with a trailing slash. */
async function listFolders(root: vscode.Uri): Promise<readonly string[]> {
  const found: string[] = [];
  let level = [""];
  for (let depth = 0; depth < maxDepth && level.length > 0 && found.length < maxFolders; depth += 1) {
    const listed = await Promise.allSettled(
      level.map((place) => vscode.workspace.fs.readDirectory(vscode.Uri.joinPath(root, place))),
    );
    level = listed.flatMap((result, at) => {
      if (result.status === "rejected") return [];
      const inside = result.value.filter(
        ([name, type]) =>
          type === vscode.FileType.Directory && !/^(\.|node_modules$|__pycache__$)/.test(name),
      );
      return inside.map(([name]) => `${level[at] ?? ""}${name}/`);
    });
    found.push(...level);
  }
  return found.slice(0, maxFolders).sort();
}
