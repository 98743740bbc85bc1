import * as vscode from "vscode";
import { CallSlots } from "../adapters/provider/call-slots";
import { machineSlots } from "../adapters/provider/machine-slots";
import { MeshPool } from "../adapters/provider/mesh/mesh-pool";
import { registerAgents } from "./agents";
import { ArtifactFiles } from "./artifacts/artifact-files";
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
import { FlowPanels } from "./flow/flow-panel";
import { PlanDocuments } from "./flow/plan-documents";
import { ProjectIndex } from "./project/project-index";
import { EditorFeatures } from "./provider/editor-features";
import { EditorTools } from "./provider/editor-tools";
import { VsCodeLmProvider } from "./provider/vscode-lm";
import { questionsOf } from "./session/questions";
import { guardSessions } from "./trust";
import { FlowRunner } from "./flow/run-flow";
import { Secrets } from "./session/secrets";
import { agreeToCommands } from "./session/command-consent";
import { SessionRegistry } from "./session/session-registry";
import type { SessionServices } from "./session/session-registry";
import { SessionsTree } from "./trees/sessions-tree";
import { ConductorView } from "./conductor/conductor-view";
import { ErrorPresenter } from "./errors";
import { showWhatIsThere } from "./conductor/resume-offer";
import { KeptViews } from "./event-panel/kept-views";
import { SessionPanels } from "./event-panel/session-panels";
import { UnseenEnds } from "../app/session/unseen-ends";
import { Attention } from "./inbox/attention";
import { Inbox } from "./inbox/inbox";
import { InboxTree } from "./inbox/inbox-tree";
import { MeshRows } from "./venues/mesh-rows";
import { openWalkthroughOnce } from "./welcome";
import { VenueChanges } from "./venues/venue-changes";
import { VenueChoice } from "./venues/venue-choice";

/** The parts of the extension, created but not yet registered. */
function createParts(context: vscode.ExtensionContext) {
  guardSessions();
  const log = vscode.window.createOutputChannel("Orket", { log: true });
  const errors = new ErrorPresenter(log);
  const secrets = new Secrets(context.secrets);
  const index = new ProjectIndex();
  const mesh = new MeshPool();
  const services = servicesOf(context, secrets, mesh);
  const sessions = new SessionRegistry(services);
  sessions.mayResume = async (controller) =>
    (await agreeToCommands(controller.state.definition, controller.workDomain)) &&
    mayResume(index, sessions, controller);
  const venue = new VenueChoice(context.workspaceState);
  const reports = new Reports();
  const changes = new VenueChanges(index, services);
  const conductor = new ConductorView(
    context.extensionUri,
    sessions,
    index,
    venue,
    changes,
    errors,
    (name, text) => reports.show(name, text),
  );
  const extension = context.extensionUri;
  const unseen = new UnseenEnds(context.workspaceState);
  const inbox = new Inbox(sessions, unseen, errors);
  const model = new ReviewModel(sessions);
  const files = new ArtifactFiles(sessions, model, errors);
  const panels = new SessionPanels({
    extension,
    sessions,
    model,
    reports,
    views: new KeptViews(context.workspaceState),
    errors,
  });
  return {
    model,
    changes,
    files,
    review: new ArtifactReview(sessions, model, files),
    artifacts: new ArtifactsTree(sessions, model, context.workspaceState),
    log,
    errors,
    secrets,
    index,
    mesh,
    services,
    sessions,
    venue,
    conductor,
    unseen,
    inbox,
    inboxTree: new InboxTree(inbox),
    sessionsTree: new SessionsTree(sessions),
    panels,
    reports,
    meshRows: new MeshRows(mesh, services),
    plans: new PlanDocuments(index),
    flows: new FlowPanels(extension, index, sessions, errors),
    repeats: new Repeats(sessions, reports),
    diagnostics: new ProjectDiagnostics(index, errors),
    editing: new Editing({ extension, index, secrets, sessions, panels, errors, provider: services }),
  };
}

/** The extension's parts, each under its name. */
type Parts = ReturnType<typeof createParts>;

function registerViews(parts: Parts): vscode.Disposable[] {
  const { sessions, index, meshRows, conductor, inbox, inboxTree, sessionsTree, panels, unseen, errors } =
    parts;
  const sessionsView = vscode.window.createTreeView(viewIds.sessions, {
    treeDataProvider: sessionsTree,
  });
  const library = vscode.window.createTreeView(viewIds.library, {
    treeDataProvider: new LibraryTree(index, meshRows),
  });
  meshRows.setVisible(library.visible);
  return [
    sessionsView,
    library,
    inbox,
    vscode.window.createTreeView(viewIds.inbox, { treeDataProvider: inboxTree }),
    library.onDidChangeVisibility(({ visible }) => meshRows.setVisible(visible)),
    library.onDidExpandElement(({ element }) => meshRows.opened(element.id ?? "")),
    library.onDidCollapseElement(({ element }) => meshRows.closed(element.id ?? "")),
    vscode.window.registerWebviewViewProvider(viewIds.conductor, conductor),
    vscode.window.registerWebviewPanelSerializer(panelTypes.session, panels),
    new Attention(sessions, conductor, inbox, unseen, errors, (badge) => {
      sessionsView.badge = badge;
    }),
  ];
}

function registerDocuments({ plans, reports }: Parts): vscode.Disposable[] {
  const provide = vscode.workspace.registerTextDocumentContentProvider;
  return [provide(schemes.plan, plans), provide(schemes.report, reports)];
}

/** Registers the review of the team's proposals. */
function registerReview({ sessions, model, files, review, artifacts, errors }: Parts): vscode.Disposable[] {
  const { registerCodeLensProvider, registerHoverProvider } = vscode.languages;
  return [
    vscode.window.createTreeView(viewIds.artifacts, { treeDataProvider: artifacts, showCollapseAll: true }),
    model,
    files,
    review,
    new ReviewScm(model),
    registerHunkCommands(review, errors),
    registerCodeLensProvider(hunkSelector, new HunkLenses(sessions, files)),
    registerHoverProvider({ scheme: "file" }, new ProvenanceHover()),
  ];
}

function registerActions(parts: Parts): vscode.Disposable[] {
  const { index, sessions, venue, editing, services } = parts;
  const runner = new FlowRunner(index, sessions, venue, services);
  const commands = registerCommands({
    ...parts,
    runner,
    provider: services,
    editing: editing.commands,
    history: historyCommands({ ...parts, provider: services }),
  });
  return [commands, registerAgents({ ...parts, runner })];
}

/** The running extension. */
export interface Host {
  /** Pauses what runs, so that it can resume in the next window. */
  stop(): Promise<void>;
}

/** Puts the parts together and registers them with VS Code. */
export function createHost(context: vscode.ExtensionContext): Host {
  const parts = createParts(context);
  const { errors, sessions, conductor, diagnostics, repeats, mesh } = parts;
  const { venue, meshRows, log, index, plans, flows, editing } = parts;
  context.subscriptions.push(
    ...[venue, meshRows, log, index, diagnostics, plans, flows, conductor, editing],
    { dispose: () => mesh.close() },
    sessions.onDidFail(({ error }) => void errors.show(error)),
    ...registerViews(parts),
    ...registerDocuments(parts),
    ...registerReview(parts),
    ...registerActions(parts),
  );
  // Everything is registered. What is there is looked at when the editor has gone on: this loads most of the code.
  const looking = setImmediate(() => {
    void errors.guard(() => diagnostics.refresh());
    void errors.guard(() => showWhatIsThere(sessions, conductor, errors));
    void errors.guard(() => openWalkthroughOnce(context.globalState, sessions));
  });
  context.subscriptions.push({ dispose: () => clearImmediate(looking) });
  return {
    stop: async () => {
      await Promise.all([sessions.dispose(), repeats.dispose()]);
    },
  };
}

/** What the editor provides to every session. */
function servicesOf(
  { languageModelAccessInformation: access }: vscode.ExtensionContext,
  secrets: Secrets,
  mesh: MeshPool,
): SessionServices {
  return {
    ...questionsOf(secrets),
    vscodeLm: ({ timeouts }) => new VsCodeLmProvider(access, timeouts),
    external: new EditorTools(),
    features: (workDomain) => new EditorFeatures(workDomain),
    mesh,
    slots: new CallSlots(() => machineSlots()),
    commands: {
      isTrusted: () => vscode.workspace.isTrusted,
      secret: (name) => secrets.resolve(`secret:${name}`),
    },
  };
}
