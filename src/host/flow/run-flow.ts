import * as vscode from "vscode";
import { OrketError } from "../../engine/error/orket-error";
import { callSettings, venueOf } from "../../engine/model/definition";
import type { Definition, PlanNode, ResolvedVenue } from "../../engine/model/definition";
import type { InputValue } from "../../engine/model/flow";
import type { Approval } from "../../engine/model/names";
import { resolveFlow } from "../../language/index";
import type { Diagnostic, FlowSummary } from "../../language/index";
import { commandIds } from "../ids";
import { toRange } from "../language/lsp";
import { pickEditorModel } from "../provider/pick-model";
import { DefinitionItem } from "../trees/library-tree";
import { relativePath } from "../project/project-index";
import type { ProjectIndex } from "../project/project-index";
import type { VenueChoice } from "../venues/venue-choice";
import { askInput } from "./ask-input";
import { agreeToCommands } from "../session/command-consent";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import type { Cancellation } from "../../engine/port/cancellation";
import { troubleOf } from "../../app/venue/venue-check";
import { readyDefinition } from "../venues/ready-venue";
import { isOnDisk } from "../session/on-disk";
import type { SessionController } from "../../app/session/controller";
import type { SessionRegistry } from "../session/session-registry";
import { defined } from "../../engine/model/defined";
import { factsOf } from "../../engine/model/providers";

interface ChosenFlow {
  readonly folder: vscode.WorkspaceFolder;
  readonly flow: FlowSummary;
}

/** Picks a Flow, asks for its inputs and starts it. */
export class FlowRunner {
  readonly #index: ProjectIndex;
  readonly #sessions: SessionRegistry;
  readonly #venue: VenueChoice;
  readonly #deps: ProviderDeps;
  constructor(index: ProjectIndex, sessions: SessionRegistry, venue: VenueChoice, deps: ProviderDeps) {
    this.#deps = deps;
    this.#index = index;
    this.#sessions = sessions;
    this.#venue = venue;
  }

  /** @returns the session; undefined when the user cancelled. */
  async run(
    target: unknown,
    options: { readonly stepByStep: boolean; readonly task?: string },
  ): Promise<SessionController | undefined> {
    if (!(await mayRun())) return undefined;
    await saveFiles(this.#index);
    this.#index.reread();
    const chosen = await this.pick(target, "Which Flow should run?");
    if (chosen === undefined) return undefined;
    const { folder, flow } = chosen;
    if (!isOnDisk(folder)) return tellVirtual(folder);
    const venue = this.#venue.name;
    const instead = venue === undefined ? {} : { venue };
    const { project } = await this.#index.of(folder);
    const before = resolveFlow(project, flow.path, { forRun: false, ...instead });
    if (before.definition === undefined) return showProblem(chosen, venue, before.diagnostics);
    const asked = await askFor(flow, options.task);
    if (asked === undefined) return undefined;
    // The files may have changed while the user answered.
    const now = await this.#index.of(folder);
    const { definition, diagnostics } = resolveFlow(now.project, flow.path, { ...asked, ...instead });
    if (definition === undefined) return showProblem(chosen, venue, diagnostics);
    const complete = await withModel(definition);
    if (complete === undefined) return undefined;
    if (!(await agreeToCommands(complete, folder.uri.fsPath))) return undefined;
    const ready = await readyDefinition(complete, this.#deps);
    if (ready === undefined) return undefined;
    return this.#sessions.start(options.stepByStep ? stepByStep(ready) : ready, folder);
  }

  /**
   * Starts exactly this definition, as an agent of the editor asked for it. The user still agrees to its commands and
   * keys; what the user would have to choose is refused instead.
   * @returns undefined when the user did not agree, or it was cancelled.
   * @throws {OrketError} definition_invalid, venue_unready and others.
   */
  async startAsAsked(
    definition: Definition,
    folder: vscode.WorkspaceFolder,
    cancellation: Cancellation,
  ): Promise<SessionController | undefined> {
    const open = openVenueOf(definition, Object.keys(definition.band.roles));
    if (open !== undefined) {
      throw new OrketError("definition_invalid", `The Venue ${open.name} names no model.`, {
        hint: "Name a `model` in its file, or ask the user to run the Flow with the command Orket: Run Flow.",
      });
    }
    if (!(await agreeToCommands(definition, folder.uri.fsPath))) return undefined;
    const trouble = await troubleOf(definition, this.#deps, cancellation, { listsHere: () => true });
    if (cancellation.aborted) return undefined;
    if (trouble !== undefined) throw new OrketError("venue_unready", trouble.message, { hint: trouble.hint });
    return this.#sessions.start(definition, folder);
  }

  /**
   * The Flow that a tree item or file refers to, or the one that the user picks. `onlyOne`: a single Flow is taken without a
   * question, where nothing is started.
   */
  async pick(target: unknown, question: string, { onlyOne = false } = {}): Promise<ChosenFlow | undefined> {
    const uri =
      target instanceof vscode.Uri ? target : target instanceof DefinitionItem ? target.uri : undefined;
    if (uri !== undefined) return this.#at(uri);
    const projects = await this.#index.all();
    const choices = projects.flatMap((project) =>
      project.flows(this.#venue.name).map((flow) => ({ folder: project.folder, flow })),
    );
    if (choices.length === 0) {
      throw new OrketError("usage", "This folder has no Flow.", {
        hint: "A Flow is a file NAME.flow.yaml. The commands Orket: New Flow and Orket: Write Sample Project write one.",
      });
    }
    const [first, ...others] = choices;
    if (onlyOne && first !== undefined && others.length === 0) return first;
    const active = vscode.window.activeTextEditor?.document.uri.toString();
    const items = choices.map(({ folder, flow }) => ({
      label: `$(symbol-event) ${flow.name}`,
      description: projects.length > 1 ? `${folder.name}/${flow.path}` : flow.path,
      detail: flow.runnable ? (flow.description ?? "") : `$(error) ${flow.errors} problems`,
      chosen: { folder, flow },
      active: vscode.Uri.joinPath(folder.uri, flow.path).toString() === active,
    }));
    items.sort((a, b) => Number(b.active) - Number(a.active));
    const picked = await vscode.window.showQuickPick(items, {
      title: "Orket",
      placeHolder: question,
      // A view can regain the focus late, after the palette that started this has closed.
      ignoreFocusOut: true,
      matchOnDescription: true,
      matchOnDetail: true,
    });
    return picked?.chosen;
  }

  async #at(uri: vscode.Uri): Promise<ChosenFlow> {
    const folder = vscode.workspace.getWorkspaceFolder(uri);
    if (folder === undefined) {
      throw new OrketError("usage", "The Flow is in no folder that is open.", {
        hint: "Open its folder first.",
      });
    }
    const place = relativePath(folder, uri);
    const flow = (await this.#index.of(folder)).flows(this.#venue.name).find(({ path }) => path === place);
    if (flow === undefined) throw new OrketError("usage", `${place} is not a Flow.`);
    return { folder, flow };
  }
}

/** Reports why a Flow cannot run and links to the place; includes the Venue that the user chose, if any. */
async function showProblem(
  { folder, flow }: ChosenFlow,
  venue: string | undefined,
  diagnostics: readonly Diagnostic[],
): Promise<undefined> {
  const [first, ...more] = diagnostics.filter(({ severity }) => severity === "error");
  const cannot = `The Flow ${flow.name} cannot run${venue === undefined ? "" : ` on the Venue ${venue}`}.`;
  if (first === undefined) throw new OrketError("definition_invalid", cannot);
  const others = more.length > 0 ? ` And ${more.length} more.` : "";
  const open = "Open File";
  const problems = "Show Problems";
  const select = "Select Venue";
  // What the user chose is in no file.
  const [said, ...ways] =
    first.origin === "options"
      ? [[first.message, first.hint ?? ""].join(" ").trim()]
      : [`${first.file}, line ${first.range.start.line + 1}: ${first.message}`, open, problems];
  const answer = await vscode.window.showErrorMessage(
    `${cannot} ${said}${others}`,
    ...ways,
    ...(venue === undefined ? [] : [select]),
  );
  if (answer === select) await vscode.commands.executeCommand(commandIds.selectVenue);
  if (answer === problems) await vscode.commands.executeCommand("workbench.actions.view.problems");
  if (answer === open) {
    await vscode.window.showTextDocument(vscode.Uri.joinPath(folder.uri, first.file), {
      selection: toRange(first.range),
    });
  }
}

function tellVirtual({ name }: vscode.WorkspaceFolder): undefined {
  void vscode.window.showWarningMessage(
    `Orket runs in folders on a disk, and ${name} is a virtual one: its files can be edited and checked, and prompts can be tried.`,
  );
}

/** Whether anything may run here; reports why not. */
export async function mayRun(): Promise<boolean> {
  if (!(await mayCall())) return false;
  const folders = vscode.workspace.workspaceFolders ?? [];
  const [first] = folders;
  if (first === undefined || folders.some(isOnDisk)) return true;
  tellVirtual(first);
  return false;
}

/** Whether a model may be called here; reports why not. */
export async function mayCall(): Promise<boolean> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length === 0) {
    const open = "Open Folder";
    const message = "No folder is open.";
    if ((await vscode.window.showInformationMessage(message, open)) === open) {
      await vscode.commands.executeCommand("workbench.action.files.openFolder");
    }
    return false;
  }
  if (!vscode.workspace.isTrusted) {
    const trust = "Manage Trust";
    const message =
      "Nothing runs in a folder that is not trusted: a Flow decides which servers its files are sent to.";
    if ((await vscode.window.showWarningMessage(message, trust)) === trust) {
      await vscode.commands.executeCommand("workbench.trust.manage");
    }
    return false;
  }
  return true;
}

/** A run reads what the editors show; saving makes the disk match. */
export async function saveFiles(index: ProjectIndex): Promise<void> {
  for (const document of vscode.workspace.textDocuments) {
    if (document.isDirty && !document.isUntitled && index.isRead(document.uri)) await document.save();
  }
}

type Answers = { readonly task?: string; readonly inputs: Readonly<Record<string, InputValue>> };

/** @param given the task, where the user has given it already */
async function askFor(flow: FlowSummary, given: string | undefined): Promise<Answers | undefined> {
  const asksTask = flow.task === undefined && given === undefined;
  const count = flow.inputs.length + (asksTask ? 1 : 0);
  let step = 0;
  const title = (): string => `Run ${flow.name}${count > 1 ? ` (${(step += 1)}/${count})` : ""}`;
  let task = given;
  if (asksTask) {
    task = await vscode.window.showInputBox({
      title: title(),
      prompt: "What is the team to do?",
      ignoreFocusOut: true,
      validateInput: (text) => (text.trim() === "" ? "The team needs a task." : undefined),
    });
    if (task === undefined) return undefined;
  }
  const inputs: Record<string, InputValue> = {};
  for (const input of flow.inputs) {
    const value = await askInput(input, title());
    if (value === undefined) return undefined;
    inputs[input.name] = value;
  }
  return { ...defined({ task }), inputs };
}

/**
 * A Venue with the editor's own models may leave the model of these roles open: then the user picks one, which is put into
 * the definition. Undefined when the user cancelled.
 */
export async function withModel(
  definition: Definition,
  roles: readonly string[] = Object.keys(definition.band.roles),
): Promise<Definition | undefined> {
  const open = openVenueOf(definition, roles);
  if (open === undefined) return definition;
  const model = await pickEditorModel(`The Venue ${open.name} names no model: which one?`);
  return model === undefined ? undefined : withModel(modelOf(definition, open, model), roles);
}

/** The Venue with the editor's own models that leaves the model of one of these roles open. */
function openVenueOf(definition: Definition, roles: readonly string[]): ResolvedVenue | undefined {
  return roles
    .filter((role) => callSettings(definition, role).model === "")
    .map((role) => venueOf(definition, role))
    .find(({ provider }) => factsOf(provider).answeredBy === "editor");
}

/** The definition with this model in a Venue that had none. */
function modelOf(definition: Definition, open: ResolvedVenue, model: string): Definition {
  const { venue } = definition;
  if (open === venue) return { ...definition, venue: { ...venue, model } };
  const venues: Record<string, ResolvedVenue> = {};
  for (const [name, other] of Object.entries(venue.venues ?? {}))
    venues[name] = other === open ? { ...other, model } : other;
  return { ...definition, venue: { ...venue, venues } };
}

const withBefore: Readonly<Record<Approval, Approval>> = {
  none: "before_step",
  before_step: "before_step",
  after_step: "both",
  both: "both",
};

/** The same definition, but asking before every step. */
function stepByStep(definition: Definition): Definition {
  const ask = (nodes: readonly PlanNode[]): PlanNode[] =>
    nodes.map((node): PlanNode => {
      switch (node.kind) {
        case "step":
          return node.does === undefined ? { ...node, approval: withBefore[node.approval] } : node;
        case "parallel":
          return { ...node, branches: ask(node.branches) };
        default:
          return { ...node, body: ask(node.body) };
      }
    });
  return {
    ...definition,
    flow: { ...definition.flow, approval: withBefore[definition.flow.approval] },
    score: { ...definition.score, steps: ask(definition.score.steps) },
  };
}
