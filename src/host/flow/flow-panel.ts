import * as vscode from "vscode";
import { flowBoxes, heatMeasure } from "../../engine/view/flow-boxes";
import { headingOf } from "../../engine/view/session-label";
import type { Definition } from "../../engine/model/definition";
import { useOf } from "../../engine/model/plan";
import { resolveFlow } from "../../language";
import { flowRequestSchema } from "../../protocol/flow-view";
import type { FlowMessage, FlowRequest, FlowScreen } from "../../protocol/flow-view";
import { changedBoxes } from "../../app/panel/flow-changes";
import type { SessionController } from "../../app/session/controller";
import type { ErrorPresenter } from "../errors";
import { commandIds, panelTypes } from "../ids";
import { folderOf, relativePath } from "../project/project-index";
import type { ProjectIndex } from "../project/project-index";
import type { SessionRegistry } from "../session/session-registry";
import { Coalescer } from "../webview/coalesce";
import { webviewHtml, webviewOptions } from "../webview/webview-html";
import { defined } from "../../engine/model/defined";
import { OrketError } from "../../engine/error/orket-error";

interface Shown {
  readonly screen: FlowScreen;
  readonly definition: Definition | undefined;
}

/** The flow view: a Flow's Score as nested boxes, from its files, with the states of the current session. */
export class FlowPanels implements vscode.Disposable {
  readonly #extension: vscode.Uri;
  readonly #index: ProjectIndex;
  readonly #sessions: SessionRegistry;
  readonly #errors: ErrorPresenter;
  readonly #panels = new Map<string, vscode.WebviewPanel>();
  /** The screen that each panel has. */
  readonly #sent = new WeakMap<vscode.WebviewPanel, FlowScreen>();

  constructor(extension: vscode.Uri, index: ProjectIndex, sessions: SessionRegistry, errors: ErrorPresenter) {
    this.#extension = extension;
    this.#index = index;
    this.#sessions = sessions;
    this.#errors = errors;
  }

  /** Shows the Flow's view, or brings an open one to the front. */
  show(flow: vscode.Uri, name: string): void {
    const open = this.#panels.get(flow.toString());
    if (open !== undefined) {
      open.reveal(undefined, true);
      return;
    }
    const panel = vscode.window.createWebviewPanel(
      panelTypes.flow,
      `Flow: ${name}`,
      { viewColumn: vscode.ViewColumn.Active },
      webviewOptions(this.#extension),
    );
    this.#panels.set(flow.toString(), panel);
    const updates = new Coalescer(50, () => this.#post(panel, flow), this.#errors.report);
    const subscriptions = [
      this.#sessions.onDidChange(() => updates.request()),
      this.#index.onDidChange(() => updates.request()),
      panel.webview.onDidReceiveMessage((message: unknown) => {
        const parsed = flowRequestSchema.safeParse(message);
        if (parsed.success) void this.#errors.guard(() => this.#answer(panel, flow, parsed.data));
        else
          void this.#errors.show(
            new OrketError("internal", `The flow view sent an invalid message: ${parsed.error.message}`, {
              hint: "Close the view and open it again; if it happens again, report it with the log.",
            }),
          );
      }),
    ];
    panel.onDidDispose(() => {
      this.#panels.delete(flow.toString());
      updates.stop();
      for (const subscription of subscriptions) subscription.dispose();
    });
    panel.webview.html = webviewHtml(panel.webview, this.#extension, {
      name: "flow",
      title: `Flow: ${name}`,
    });
  }

  dispose(): void {
    for (const panel of this.#panels.values()) panel.dispose();
  }

  async #answer(panel: vscode.WebviewPanel, flow: vscode.Uri, request: FlowRequest): Promise<void> {
    switch (request.type) {
      case "ready":
        this.#sent.delete(panel);
        return this.#post(panel, flow);
      case "open_events":
        await vscode.commands.executeCommand(commandIds.openSession);
        return;
      case "open_line":
        return this.#openLine(flow, request.id);
    }
  }

  async #post(panel: vscode.WebviewPanel, flow: vscode.Uri): Promise<void> {
    const { screen } = await this.#shown(flow);
    const before = this.#sent.get(panel);
    const changed = before === undefined ? undefined : changedBoxes(before.boxes, screen.boxes);
    this.#sent.set(panel, screen);
    const message: FlowMessage =
      changed === undefined
        ? { type: "screen", screen }
        : { type: "changes", screen: { ...screen, boxes: changed } };
    await panel.webview.postMessage(message);
  }

  async #shown(flow: vscode.Uri): Promise<Shown> {
    const folder = vscode.workspace.getWorkspaceFolder(flow);
    if (folder === undefined) return noPlan("", "The Flow is in no folder that is open.");
    const source = relativePath(folder, flow);
    const session = this.#sessionOf(folder, source);
    if (session !== undefined) {
      const { state, view, id, label } = session;
      const screen: FlowScreen = {
        flow: view.flow,
        session: { id, label: headingOf(label), ...defined({ heat: heatMeasure(view.steps) }) },
        boxes: flowBoxes(state.definition, view.steps),
      };
      return { screen, definition: state.definition };
    }
    const { project } = await this.#index.of(folder);
    const { definition, diagnostics } = resolveFlow(project, source, { forRun: false });
    if (definition !== undefined)
      return { screen: { flow: definition.flow.name, boxes: flowBoxes(definition, []) }, definition };
    const [first] = diagnostics.filter(({ severity }) => severity === "error");
    return noPlan(source, `The Flow cannot run as it is: ${first?.message ?? "it has errors."}`);
  }

  /** The current session, if it performs this Flow. */
  #sessionOf(folder: vscode.WorkspaceFolder, source: string): SessionController | undefined {
    const { current } = this.#sessions;
    const isOfFlow = current?.state.definition.flow.source === source;
    return isOfFlow && folderOf(current.workDomain)?.uri.toString() === folder.uri.toString()
      ? current
      : undefined;
  }

  /** Opens the Score's line of a step or group; the top of the file if it has no id of its own. */
  async #openLine(flow: vscode.Uri, id: string): Promise<void> {
    const folder = vscode.workspace.getWorkspaceFolder(flow);
    const { definition } = await this.#shown(flow);
    if (folder === undefined || definition === undefined) return;
    const parts = id.split(".");
    const own = parts.at(-1) ?? id;
    const around = useOf(definition.score.steps, parts.slice(0, -1).join("."));
    const file = vscode.Uri.joinPath(folder.uri, around?.source ?? definition.score.source);
    const document = await vscode.workspace.openTextDocument(file);
    const lines = document.getText().split("\n");
    const named = lines.findIndex((line) => idIn(line) === own);
    // A step without an id is named by its role and its number among the steps of that role.
    const [, role = "", number = "1"] = /^(.*)-(\d+)$/.exec(own) ?? [];
    const ofRole = lines.flatMap((line, at) => (valueOf(line, "role") === role ? [at] : []));
    const line = named >= 0 ? named : (ofRole[Number(number) - 1] ?? 0);
    await vscode.window.showTextDocument(document, {
      viewColumn: vscode.ViewColumn.Beside,
      preview: true,
      selection: new vscode.Range(line, 0, line, 0),
    });
  }
}

function noPlan(flow: string, problem: string): Shown {
  return { screen: { flow, boxes: [], problem }, definition: undefined };
}

const idIn = (line: string): string | undefined => valueOf(line, "id");

/** The value of a key on a line of YAML, in block or flow style. */
function valueOf(line: string, key: string): string | undefined {
  for (const piece of line.split(/[{,]/)) {
    const [name = "", value] = piece.split(":", 2);
    if (name.replace(/^[\s-]+/, "").trim() === key && value !== undefined)
      return value.replace(/[}\]\s"']/g, "").replace(/#.*$/, "");
  }
  return undefined;
}
