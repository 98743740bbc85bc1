import * as vscode from "vscode";
import type { StepView } from "../../engine/view/session-view";
import { codeLenses } from "../../language";
import type { LensAction, StepResult } from "../../language";
import { commandIds, internalIds } from "../ids";
import type { LiveSource, ProjectIndex } from "../project/project-index";
import type { SessionController } from "../../app/session/controller";
import type { SessionRegistry } from "../session/session-registry";
import { grouped } from "../../engine/model/grouped";

const icons: Readonly<Record<LensAction["do"], string>> = {
  run: "play",
  runStepByStep: "debug-step-over",
  showPlan: "list-ordered",
  checkCommand: "terminal",
  editPrompt: "edit",
  tryPrompt: "beaker",
  openResult: "history",
};

const commands: Readonly<Record<LensAction["do"], string>> = {
  run: commandIds.runFlow,
  runStepByStep: commandIds.runFlowStepByStep,
  showPlan: commandIds.showPlan,
  checkCommand: internalIds.checkCommand,
  editPrompt: commandIds.editPrompt,
  tryPrompt: commandIds.tryPrompt,
  openResult: internalIds.openResult,
};

/** The prompt that a lens belongs to: the argument of the commands. */
export interface PromptTarget {
  readonly uri: vscode.Uri;
  /** The role, or the step's id. */
  readonly name: string;
}

function argumentOf(action: LensAction, document: vscode.TextDocument): unknown {
  switch (action.do) {
    case "run":
    case "runStepByStep":
    case "showPlan":
      return document.uri;
    case "checkCommand":
      return { uri: document.uri, command: action.command };
    case "editPrompt":
      return { uri: document.uri, path: action.path };
    case "tryPrompt":
      return { uri: document.uri, name: action.role } satisfies PromptTarget;
    case "openResult":
      return action.session;
  }
}

/** The results of a Score's steps in the newest session of this window that performed it. */
function stepResults(
  controllers: readonly SessionController[],
  { folder, source }: LiveSource,
): ReadonlyMap<string, StepResult> {
  const own = controllers.filter(
    ({ workDomain, state }) =>
      workDomain === folder?.uri.fsPath && state.definition.score.source === source.path,
  );
  own.sort((a, b) => (a.state.startedAt < b.state.startedAt ? 1 : -1));
  const [newest] = own;
  const results = new Map<string, StepResult>();
  // For a step in a loop, the last round that began counts.
  for (const step of newest?.view.steps ?? []) {
    if (step.status === "planned" || newest === undefined) continue;
    results.set(step.id, { text: resultText(step), session: newest.id });
  }
  return results;
}

function resultText({ status, verdict, tokens }: StepView): string {
  const counts = [tokens.input, tokens.output].flatMap((count) => count ?? []);
  const sum = counts.reduce((total, { count }) => total + count, 0);
  const sign = counts.some(({ source }) => source === "estimated") ? "about " : "";
  const used = counts.length === 0 ? "tokens unknown" : `${sign}${grouped(sum)} tokens`;
  return ["Last: " + status, ...(verdict === undefined ? [] : [verdict]), used].join(" · ");
}

/** Commands above the lines that they belong to: Run on a Flow, Edit Prompt on a role, the last result on a step. */
export class DefinitionLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #subscriptions: readonly vscode.Disposable[];
  readonly onDidChangeCodeLenses = this.#changed.event;
  #results = "";
  readonly #index: ProjectIndex;
  readonly #sessions: SessionRegistry;

  constructor(index: ProjectIndex, sessions: SessionRegistry) {
    this.#index = index;
    this.#sessions = sessions;
    this.#subscriptions = [
      index.onDidChange(() => this.#changed.fire()),
      sessions.onDidChange(() => this.#sessionsChanged()),
    ];
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    const live = await this.#index.at(document);
    if (live === undefined) return [];
    return codeLenses(live.source, stepResults(this.#sessions.open, live)).map(
      ({ range: { start }, data }) => {
        const { title, action } = data;
        const { line } = start;
        return new vscode.CodeLens(new vscode.Range(line, 0, line, 0), {
          title: `$(${icons[action.do]}) ${title}`,
          command: commands[action.do],
          arguments: [argumentOf(action, document)],
        });
      },
    );
  }

  /** Sessions change with every event; the lenses change only when a step ends. */
  #sessionsChanged(): void {
    const results = this.#sessions.open
      .map(({ id, view }) => [id, ...view.steps.map(({ key, status }) => `${key} ${status}`)].join())
      .join("\n");
    if (results === this.#results) return;
    this.#results = results;
    this.#changed.fire();
  }

  dispose(): void {
    vscode.Disposable.from(...this.#subscriptions, this.#changed).dispose();
  }
}
