import * as vscode from "vscode";
import { toolNames } from "../app/agent/tool-names";
import type { Host, Views } from "./host";
import { agentIds, commandIds, internalIds, panelTypes, schemes, viewIds } from "./ids";
import { Later } from "./later";
import {
  completionTriggers,
  definitionFiles,
  promptDocuments,
  proposals,
  tokenLegend,
  yamlFiles,
} from "./selectors";

/*
 * Everything that the extension registers, complete when its activation returns. What performs it, the host, is loaded when
 * something of it is used, or when the editor has gone on: the editor waits for an activation.
 */

/** The host, for which everything here stands. */
type Hosted = Later<Host>;

/** Registers everything. The host is created by its first use, at the latest right after the activation. */
export function contribute(context: vscode.ExtensionContext): Hosted {
  const host: Hosted = new Later(async () => {
    const { createHost } = await import("./host");
    return createHost(context, views);
  });
  const { views, registered } = contributeViews(host);
  const starting = setImmediate(() => {
    host.value().catch((error: unknown) => {
      void vscode.window.showErrorMessage(`Orket could not start: ${String(error)}`);
    });
  });
  context.subscriptions.push(
    registered,
    contributeCommands(host),
    contributeDocuments(host),
    contributeNavigation(host),
    contributeEditing(host),
    contributePromptHelp(host),
    contributeReview(host),
    contributeToAgents(host),
    { dispose: () => clearImmediate(starting) },
  );
  return host;
}

function contributeCommands(host: Hosted): vscode.Disposable {
  const ids = [...Object.values(commandIds), ...Object.values(internalIds)];
  return vscode.Disposable.from(
    ...ids.map((id) =>
      vscode.commands.registerCommand(id, async (...given: unknown[]) =>
        (await host.value()).perform(id, given),
      ),
    ),
  );
}

function contributeViews(host: Hosted): { readonly views: Views; readonly registered: vscode.Disposable } {
  const { createTreeView, registerWebviewViewProvider, registerWebviewPanelSerializer } = vscode.window;
  const sessions = createTreeView(viewIds.sessions, {
    treeDataProvider: {
      ...host.part("sessionsTree", "getTreeItem", "getChildren", "resolveTreeItem"),
      onDidChangeTreeData: host.event("sessionsTree", "onDidChangeTreeData"),
    },
  });
  const library = createTreeView(viewIds.library, {
    treeDataProvider: {
      ...host.part("libraryTree", "getTreeItem", "getChildren"),
      onDidChangeTreeData: host.event("libraryTree", "onDidChangeTreeData"),
    },
  });
  const inbox = createTreeView(viewIds.inbox, {
    treeDataProvider: {
      ...host.part("inboxTree", "getTreeItem", "getChildren"),
      onDidChangeTreeData: host.event("inboxTree", "onDidChangeTreeData"),
    },
  });
  const artifacts = createTreeView(viewIds.artifacts, {
    treeDataProvider: {
      ...host.part("artifactsTree", "getTreeItem", "getChildren"),
      onDidChangeTreeData: host.event("artifactsTree", "onDidChangeTreeData"),
    },
    showCollapseAll: true,
  });
  const registered = vscode.Disposable.from(
    ...[sessions, library, inbox, artifacts],
    registerWebviewViewProvider(viewIds.conductor, host.part("conductor", "resolveWebviewView")),
    registerWebviewPanelSerializer(panelTypes.session, host.part("panels", "deserializeWebviewPanel")),
  );
  return { views: { sessions, library }, registered };
}

/** Documents and files that exist only in the editor. */
function contributeDocuments(host: Hosted): vscode.Disposable {
  const { registerFileSystemProvider, registerTextDocumentContentProvider } = vscode.workspace;
  const documents = (scheme: string, name: "plans" | "previews" | "tries"): vscode.Disposable =>
    registerTextDocumentContentProvider(scheme, {
      ...host.part(name, "provideTextDocumentContent"),
      onDidChange: host.event(name, "onDidChange"),
    });
  const fixed = (scheme: string, name: "reports" | "importReports"): vscode.Disposable =>
    registerTextDocumentContentProvider(scheme, host.part(name, "provideTextDocumentContent"));
  const files = (name: "artifactFiles" | "promptFiles"): vscode.FileSystemProvider => ({
    ...host.part(name, "stat", "readFile", "writeFile"),
    ...host.part(name, "readDirectory", "createDirectory", "delete", "rename"),
    onDidChangeFile: host.event(name, "onDidChangeFile"),
    watch: () => new vscode.Disposable(() => undefined),
  });
  const artifacts = files("artifactFiles");
  return vscode.Disposable.from(
    registerFileSystemProvider(schemes.artifact, artifacts, { isCaseSensitive: true, isReadonly: true }),
    registerFileSystemProvider(schemes.proposal, artifacts, { isCaseSensitive: true }),
    registerFileSystemProvider(schemes.prompt, files("promptFiles"), { isCaseSensitive: true }),
    documents(schemes.plan, "plans"),
    documents(schemes.preview, "previews"),
    documents(schemes.try, "tries"),
    fixed(schemes.report, "reports"),
    fixed(schemes.importReport, "importReports"),
  );
}

/** What reads a definition file and changes nothing by itself. */
function contributeNavigation(host: Hosted): vscode.Disposable {
  const { languages } = vscode;
  return vscode.Disposable.from(
    languages.registerHoverProvider(definitionFiles, host.part("hovers", "provideHover")),
    languages.registerDefinitionProvider(definitionFiles, host.part("definitions", "provideDefinition")),
    languages.registerReferenceProvider(definitionFiles, host.part("uses", "provideReferences")),
    languages.registerDocumentHighlightProvider(
      definitionFiles,
      host.part("sameNames", "provideDocumentHighlights"),
    ),
    languages.registerDocumentSymbolProvider(yamlFiles, host.part("outline", "provideDocumentSymbols"), {
      label: "Orket",
    }),
    languages.registerWorkspaceSymbolProvider(host.part("projectSymbols", "provideWorkspaceSymbols")),
    languages.registerFoldingRangeProvider(yamlFiles, host.part("folds", "provideFoldingRanges")),
    languages.registerDocumentLinkProvider(definitionFiles, host.part("links", "provideDocumentLinks")),
    languages.registerRenameProvider(
      definitionFiles,
      host.part("renames", "prepareRename", "provideRenameEdits"),
    ),
    languages.registerDocumentFormattingEditProvider(
      yamlFiles,
      host.part("formatting", "provideDocumentFormattingEdits"),
    ),
    languages.registerDocumentSemanticTokensProvider(
      yamlFiles,
      host.part("coloring", "provideDocumentSemanticTokens"),
      tokenLegend(),
    ),
  );
}

function contributeEditing(host: Hosted): vscode.Disposable {
  const { languages } = vscode;
  return vscode.Disposable.from(
    languages.registerCompletionItemProvider(
      definitionFiles,
      host.part("completion", "provideCompletionItems"),
      ...completionTriggers,
    ),
    languages.registerCodeActionsProvider(definitionFiles, host.part("actions", "provideCodeActions"), {
      providedCodeActionKinds: [vscode.CodeActionKind.QuickFix],
    }),
    languages.registerCodeLensProvider(definitionFiles, {
      ...host.part("lenses", "provideCodeLenses"),
      onDidChangeCodeLenses: host.event("lenses", "onDidChangeCodeLenses"),
    }),
  );
}

/** The same help inside a prompt's own document. */
function contributePromptHelp(host: Hosted): vscode.Disposable {
  const { languages } = vscode;
  const help = host.part(
    "promptHelp",
    "provideCompletionItems",
    "provideHover",
    "provideCodeActions",
    "provideCodeLenses",
    "provideDocumentSemanticTokens",
  );
  return vscode.Disposable.from(
    languages.registerCompletionItemProvider(promptDocuments, help, ...completionTriggers),
    languages.registerHoverProvider(promptDocuments, help),
    languages.registerCodeActionsProvider(promptDocuments, help),
    languages.registerCodeLensProvider(promptDocuments, help),
    languages.registerDocumentSemanticTokensProvider(promptDocuments, help, tokenLegend()),
  );
}

/** The review of the team's proposals. */
function contributeReview(host: Hosted): vscode.Disposable {
  const { registerCodeLensProvider, registerHoverProvider } = vscode.languages;
  return vscode.Disposable.from(
    registerCodeLensProvider(proposals, {
      ...host.part("hunkLenses", "provideCodeLenses"),
      onDidChangeCodeLenses: host.event("hunkLenses", "onDidChangeCodeLenses"),
    }),
    registerHoverProvider({ scheme: "file" }, host.part("provenance", "provideHover")),
  );
}

/**
 * Orket for the editor's own agents: the tools, and the chat participant `@orket`. An editor without language models or
 * without chat has neither; everything else works there as well.
 */
function contributeToAgents(host: Hosted): vscode.Disposable {
  const { lm, chat } = vscode as Partial<typeof vscode>;
  const registered: vscode.Disposable[] = [];
  if (typeof lm?.registerTool === "function")
    for (const name of toolNames) {
      const tool = host.part(name, "prepareInvocation", "invoke");
      registered.push(lm.registerTool<object>(name, tool));
    }
  if (typeof chat?.createChatParticipant === "function") {
    const { answer } = host.part("participant", "answer");
    const participant = chat.createChatParticipant(agentIds.participant, answer);
    participant.iconPath = new vscode.ThemeIcon("play-circle");
    registered.push(participant);
  }
  return vscode.Disposable.from(...registered);
}
