import * as vscode from "vscode";
import { MeshPool } from "../adapters/provider/mesh/mesh-pool";
import { ArtifactDocuments } from "./artifacts/artifact-documents";
import { ArtifactReview } from "./artifacts/artifact-review";
import { registerHunkCommands } from "./artifacts/commands";
import { HunkLenses, hunkSelector } from "./artifacts/hunk-lenses";
import { ReviewModel } from "./artifacts/review-model";
import { ReviewScm } from "./artifacts/review-scm";
import { ProvenanceHover } from "./artifacts/review-views";
import { ArtifactsTree } from "./trees/artifacts-tree";
import { registerCommands } from "./commands";
import { mayResume } from "./history/changed-definition";
import { historyCommands } from "./history/commands";
import { Repeats } from "./history/repeat";
import { Reports } from "./history/reports";
import { panelTypes, schemes, viewIds } from "./ids";
import { Editing } from "./language";
import { ProjectDiagnostics } from "./project/diagnostics";
import { LibraryTree } from "./trees/library-tree";
import { PlanDocuments } from "./flow/plan-documents";
import { ProjectIndex } from "./project/project-index";
import { EditorTools } from "./provider/editor-tools";
import { VsCodeLmProvider } from "./provider/vscode-lm";
import { FlowRunner } from "./flow/run-flow";
import { Secrets } from "./session/secrets";
import { SessionRegistry } from "./session/session-registry";
import type { SessionServices } from "./session/session-registry";
import { SessionsTree } from "./trees/sessions-tree";
import { ConductorView } from "./conductor/conductor-view";
import { ErrorPresenter } from "./errors";
import { showWhatIsThere } from "./conductor/resume-offer";
import { SessionPanels } from "./event-panel/session-panel";
import { Standing } from "./conductor/standing";
import { MeshRows } from "./venues/mesh-rows";
import { VenueChoice } from "./venues/venue-choice";

/** Puts the parts together and registers them with VS Code. */
export class Host {
  readonly #sessions: SessionRegistry;
  readonly #repeats: Repeats;

  constructor(context: vscode.ExtensionContext) {
    const log = vscode.window.createOutputChannel("Orket", { log: true });
    const errors = new ErrorPresenter(log);
    const secrets = new Secrets(context.secrets);
    const index = new ProjectIndex();
    const mesh = new MeshPool();
    const services = servicesOf(context, secrets, mesh);
    const sessions = new SessionRegistry(services);
    sessions.mayResume = (controller) => mayResume(index, sessions, controller);
    this.#sessions = sessions;
    const venue = new VenueChoice(context.workspaceState);
    const meshRows = new MeshRows(mesh, services);
    const conductor = new ConductorView(context.extensionUri, sessions, index, venue, errors);
    const panels = new SessionPanels(context.extensionUri, sessions, errors);
    const plans = new PlanDocuments(index);
    const reports = new Reports();
    const repeats = (this.#repeats = new Repeats(sessions, reports));
    const editing = new Editing({
      extension: context.extensionUri,
      index,
      secrets,
      sessions,
      panels,
      errors,
      provider: services,
    });
    const diagnostics = new ProjectDiagnostics(index);
    const { model, review, tree: artifactsTree, parts: artifacts } = reviewing(sessions, errors, context);
    const sessionsView = vscode.window.createTreeView(viewIds.sessions, {
      treeDataProvider: new SessionsTree(sessions),
    });
    const library = vscode.window.createTreeView(viewIds.library, {
      treeDataProvider: new LibraryTree(index, meshRows),
    });
    meshRows.setVisible(library.visible);
    context.subscriptions.push(
      venue,
      meshRows,
      library.onDidChangeVisibility(({ visible }) => meshRows.setVisible(visible)),
      library.onDidExpandElement(({ element }) => meshRows.opened(element.id ?? "")),
      library.onDidCollapseElement(({ element }) => meshRows.closed(element.id ?? "")),
      log,
      index,
      diagnostics,
      plans,
      conductor,
      artifacts,
      sessionsView,
      library,
      { dispose: () => mesh.close() },
      sessions.onDidFail(({ error }) => void errors.show(error)),
      vscode.window.registerWebviewViewProvider(viewIds.conductor, conductor),
      vscode.window.registerWebviewPanelSerializer(panelTypes.session, panels),
      vscode.workspace.registerTextDocumentContentProvider(schemes.plan, plans),
      vscode.workspace.registerTextDocumentContentProvider(schemes.report, reports),
      editing,
      registerCommands({
        runner: new FlowRunner(index, sessions, venue),
        sessions,
        conductor,
        panels,
        review,
        model,
        artifacts: artifactsTree,
        plans,
        secrets,
        errors,
        index,
        venue,
        provider: services,
        editing: editing.commands,
        history: historyCommands({
          sessions,
          conductor,
          panels,
          reports,
          repeats,
          index,
          provider: services,
        }),
      }),
      new Standing(sessions, conductor, (badge) => {
        sessionsView.badge = badge;
      }),
    );
    void errors.guard(() => diagnostics.refresh());
    void errors.guard(() => showWhatIsThere(sessions, conductor, errors));
  }

  /** Pauses what runs, so that it can go on in the next window. */
  async stop(): Promise<void> {
    await Promise.all([this.#sessions.dispose(), this.#repeats.dispose()]);
  }
}

/** The parts in which people review what the team proposes. */
function reviewing(sessions: SessionRegistry, errors: ErrorPresenter, context: vscode.ExtensionContext) {
  const model = new ReviewModel(sessions);
  const review = new ArtifactReview(sessions, model);
  const tree = new ArtifactsTree(sessions, model, context.workspaceState);
  const parts = vscode.Disposable.from(
    vscode.window.createTreeView(viewIds.artifacts, { treeDataProvider: tree, showCollapseAll: true }),
    model,
    review,
    new ReviewScm(model),
    registerHunkCommands(review, errors),
    vscode.languages.registerCodeLensProvider(hunkSelector, new HunkLenses(sessions, model)),
    vscode.languages.registerHoverProvider({ scheme: "file" }, new ProvenanceHover()),
    vscode.workspace.registerTextDocumentContentProvider(schemes.artifact, new ArtifactDocuments(sessions)),
  );
  return { model, review, tree, parts };
}

/** What the editor gives to every session. */
function servicesOf(
  { languageModelAccessInformation: access }: vscode.ExtensionContext,
  secrets: Secrets,
  mesh: MeshPool,
): SessionServices {
  return {
    resolveSecret: secrets.resolve,
    vscodeLm: ({ timeouts }) => new VsCodeLmProvider(access, timeouts),
    external: new EditorTools(),
    mesh,
  };
}
