import * as vscode from "vscode";
import { CallSlots } from "../adapters/provider/call-slots";
import { machineSlots } from "../adapters/provider/machine-slots";
import { MeshPool } from "../adapters/provider/mesh/mesh-pool";
import { offeredToAgents } from "./agents";
import type { Participant } from "./agents/participant";
import type { OfferedTool } from "./agents/tools";
import type { ToolName } from "../app/agent/tool-names";
import { ArtifactFiles } from "./artifacts/artifact-files";
import { ArtifactReview } from "./artifacts/artifact-review";
import { HunkLenses } from "./artifacts/hunk-lenses";
import { ReviewModel } from "./artifacts/review-model";
import { ReviewScm } from "./artifacts/review-scm";
import { ProvenanceHover } from "./artifacts/review-views";
import { ArtifactsTree } from "./trees/artifacts-tree";
import { commandsOf } from "./commands";
import type { PerformCommand } from "./commands";
import { mayResume } from "./history/changed-definition";
import { historyCommands } from "./history/commands";
import { Repeats } from "./history/repeat";
import { Reports } from "./history/reports";
import { Editing } from "./language";
import type { DefinitionLenses } from "./language/lenses";
import type { Navigation } from "./language/navigation";
import type { PromptHelp } from "./language/prompt-help";
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
import type { SessionItem } from "./trees/sessions-tree";
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

/** Views that were registered before the host was created. */
export interface Views {
  readonly sessions: vscode.TreeView<SessionItem>;
  readonly library: vscode.TreeView<vscode.TreeItem>;
}

/** The parts of the extension. */
function createParts(context: vscode.ExtensionContext, views: Views) {
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
  const meshRows = new MeshRows(mesh, services);
  const editing = new Editing({ extension, index, secrets, sessions, panels, errors, provider: services });
  return {
    model,
    changes,
    files,
    review: new ArtifactReview(sessions, model, files),
    artifacts: new ArtifactsTree(sessions, model, context.workspaceState),
    hunkLenses: new HunkLenses(sessions, files),
    scm: new ReviewScm(model),
    log,
    errors,
    secrets,
    index,
    mesh,
    services,
    sessions,
    venue,
    conductor,
    inbox,
    inboxTree: new InboxTree(inbox),
    sessionsTree: new SessionsTree(sessions),
    libraryTree: new LibraryTree(index, meshRows),
    attention: new Attention(sessions, conductor, inbox, unseen, errors, (badge) => {
      views.sessions.badge = badge;
    }),
    panels,
    reports,
    meshRows,
    plans: new PlanDocuments(index),
    flows: new FlowPanels(extension, index, sessions, errors),
    repeats: new Repeats(sessions, reports),
    diagnostics: new ProjectDiagnostics(index, errors),
    editing,
  };
}

/** The nodes of a mesh are polled while their row is open and visible. */
function followLibrary({ library }: Views, meshRows: MeshRows): vscode.Disposable {
  meshRows.setVisible(library.visible);
  return vscode.Disposable.from(
    library.onDidChangeVisibility(({ visible }) => meshRows.setVisible(visible)),
    library.onDidExpandElement(({ element }) => meshRows.opened(element.id ?? "")),
    library.onDidCollapseElement(({ element }) => meshRows.closed(element.id ?? "")),
  );
}

/** Documents that change while they are open. */
type LiveDocuments = Required<vscode.TextDocumentContentProvider>;

/** The running extension: what performs the things that the extension contributes, by their names there. */
export interface Host extends Navigation, Readonly<Record<ToolName, OfferedTool>> {
  readonly perform: PerformCommand;
  readonly conductor: ConductorView;
  readonly panels: SessionPanels;
  readonly artifactsTree: ArtifactsTree;
  readonly inboxTree: InboxTree;
  readonly sessionsTree: SessionsTree;
  readonly libraryTree: LibraryTree;
  readonly artifactFiles: vscode.FileSystemProvider;
  readonly promptFiles: vscode.FileSystemProvider;
  readonly plans: LiveDocuments;
  readonly previews: LiveDocuments;
  readonly tries: LiveDocuments;
  readonly reports: vscode.TextDocumentContentProvider;
  readonly importReports: vscode.TextDocumentContentProvider;
  readonly completion: vscode.CompletionItemProvider;
  readonly actions: vscode.CodeActionProvider;
  readonly lenses: DefinitionLenses;
  readonly promptHelp: PromptHelp;
  readonly hunkLenses: HunkLenses;
  readonly provenance: ProvenanceHover;
  readonly participant: Participant;
  /** Pauses what runs, so that it can resume in the next window. */
  stop(): Promise<void>;
}

/** Puts the parts together. What is there is looked at when the editor has gone on: this loads most of the code. */
export function createHost(context: vscode.ExtensionContext, views: Views): Host {
  const parts = createParts(context, views);
  const { errors, sessions, conductor, diagnostics, repeats, mesh, services } = parts;
  const { venue, meshRows, log, index, plans, flows, editing } = parts;
  const runner = new FlowRunner(index, sessions, venue, services);
  const agents = offeredToAgents({ ...parts, runner });
  const looking = setImmediate(() => {
    void errors.guard(() => diagnostics.refresh());
    void errors.guard(() => showWhatIsThere(sessions, conductor, errors));
    void errors.guard(() => openWalkthroughOnce(context.globalState, sessions));
  });
  context.subscriptions.push(
    ...[venue, meshRows, log, index, diagnostics, plans, flows, conductor, editing],
    ...[parts.inbox, parts.attention, parts.model, parts.files, parts.review, parts.scm],
    { dispose: () => mesh.close() },
    { dispose: () => clearImmediate(looking) },
    sessions.onDidFail(({ error }) => void errors.show(error)),
    followLibrary(views, meshRows),
  );
  return {
    perform: commandsOf({
      ...parts,
      runner,
      provider: services,
      chat: agents.commands,
      history: historyCommands({ ...parts, provider: services }),
    }),
    ...editing.navigation,
    ...agents.tools,
    conductor,
    panels: parts.panels,
    artifactsTree: parts.artifacts,
    inboxTree: parts.inboxTree,
    sessionsTree: parts.sessionsTree,
    libraryTree: parts.libraryTree,
    artifactFiles: parts.files,
    promptFiles: editing.promptFiles,
    plans,
    previews: editing.previews,
    tries: editing.tries,
    reports: parts.reports,
    importReports: editing.reports,
    completion: editing.completion,
    actions: editing.actions,
    lenses: editing.lenses,
    promptHelp: editing.promptHelp,
    hunkLenses: parts.hunkLenses,
    provenance: new ProvenanceHover(),
    participant: agents.participant,
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
