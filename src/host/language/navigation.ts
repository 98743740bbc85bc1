import * as vscode from "vscode";
import {
  definition,
  documentLinks,
  documentSymbols,
  foldingRanges,
  format,
  highlights,
  hover,
  prepareRename,
  references,
  rename,
  semanticTokens,
  workspaceSymbols,
} from "../../language";
import type { DefinitionLink, SourceDocument } from "../../language";
import type { ProjectIndex } from "../project/project-index";
import { requestAt, urisIn, urisOf } from "./documents";
import type { LiveRequest } from "./documents";
import {
  toDocumentSymbol,
  toFoldingRange,
  toHighlight,
  toHover,
  toLocation,
  toLocationLink,
  toRange,
  toSemanticTokens,
  toSymbolInformation,
  toTextEdit,
  toUri,
  toWorkspaceEdit,
} from "./lsp";
import { OrketError } from "../../engine/error/orket-error";

/** A link to a folder reveals it in the Explorer, because the editor would try to open it as a file. */
function toLink({ range, target, tooltip, data }: DefinitionLink): vscode.DocumentLink {
  const uri = toUri(target);
  const argument = encodeURIComponent(JSON.stringify([uri]));
  const to = data.kind === "file" ? uri : vscode.Uri.parse(`command:revealInExplorer?${argument}`);
  const link = new vscode.DocumentLink(toRange(range), to);
  if (tooltip !== undefined) link.tooltip = tooltip;
  return link;
}

function renamesOf(index: ProjectIndex): Navigation["renames"] {
  return {
    async prepareRename(document, position) {
      const request = await requestAt(index, document, position);
      if (request === undefined) throw new OrketError("usage", "There is no name here that can be changed.");
      const found = prepareRename(request);
      if ("rejected" in found) throw new OrketError("usage", found.rejected);
      return { range: toRange(found.range), placeholder: found.placeholder };
    },
    async provideRenameEdits(document, position, name) {
      const request = await requestAt(index, document, position);
      if (request === undefined) return undefined;
      const made = rename(request, name, request.uriOf);
      // The editor shows the message beside the box.
      if ("rejected" in made) throw new OrketError("usage", made.rejected);
      return toWorkspaceEdit(made);
    },
  };
}

/** What reads a definition and changes nothing by itself. */
export interface Navigation {
  readonly hovers: vscode.HoverProvider;
  readonly definitions: vscode.DefinitionProvider;
  readonly uses: vscode.ReferenceProvider;
  readonly sameNames: vscode.DocumentHighlightProvider;
  readonly outline: vscode.DocumentSymbolProvider;
  readonly projectSymbols: vscode.WorkspaceSymbolProvider;
  readonly folds: vscode.FoldingRangeProvider;
  readonly links: vscode.DocumentLinkProvider;
  readonly renames: Required<vscode.RenameProvider>;
  readonly formatting: vscode.DocumentFormattingEditProvider;
  readonly coloring: vscode.DocumentSemanticTokensProvider;
}

export function navigationOf(index: ProjectIndex): Navigation {
  /** Asks at a position in a document; returns nothing where the document is not a definition file. */
  const at = async <T>(
    document: vscode.TextDocument,
    position: vscode.Position,
    ask: (request: LiveRequest) => T,
  ): Promise<T | undefined> => {
    const request = await requestAt(index, document, position);
    return request === undefined ? undefined : ask(request);
  };
  const of = async <T>(document: vscode.TextDocument, ask: (source: SourceDocument) => T) => {
    const live = await index.at(document);
    return live === undefined ? undefined : ask(live.source);
  };
  const hovers: vscode.HoverProvider = {
    provideHover: (document, position) =>
      at(document, position, (request) => {
        const found = hover(request);
        return found === undefined ? undefined : toHover(found);
      }),
  };
  const definitions: vscode.DefinitionProvider = {
    provideDefinition: (document, position) =>
      at(document, position, (request) => definition(request, request.uriOf).map(toLocationLink)),
  };
  const uses: vscode.ReferenceProvider = {
    provideReferences: (document, position, { includeDeclaration }) =>
      at(document, position, (request) =>
        references(request, request.uriOf, { definitions: includeDeclaration }).map(toLocation),
      ),
  };
  const sameNames: vscode.DocumentHighlightProvider = {
    provideDocumentHighlights: (document, position) =>
      at(document, position, (request) => highlights(request).map(toHighlight)),
  };
  const outline: vscode.DocumentSymbolProvider = {
    provideDocumentSymbols: (document) =>
      of(document, (source) => documentSymbols(source).map(toDocumentSymbol)),
  };
  const projectSymbols: vscode.WorkspaceSymbolProvider = {
    provideWorkspaceSymbols: async (query) =>
      (await index.all()).flatMap(({ folder, project }) =>
        workspaceSymbols(project, query, urisIn(folder)).map(toSymbolInformation),
      ),
  };
  const folds: vscode.FoldingRangeProvider = {
    provideFoldingRanges: (document) => of(document, (source) => foldingRanges(source).map(toFoldingRange)),
  };
  const links: vscode.DocumentLinkProvider = {
    async provideDocumentLinks(document) {
      const live = await index.at(document);
      if (live?.folder === undefined) return [];
      return documentLinks(live.project, live.source, urisOf(live, document)).map(toLink);
    },
  };
  const formatting: vscode.DocumentFormattingEditProvider = {
    provideDocumentFormattingEdits: (document) => of(document, (source) => format(source).map(toTextEdit)),
  };
  const coloring: vscode.DocumentSemanticTokensProvider = {
    provideDocumentSemanticTokens: (document) =>
      of(document, (source) => toSemanticTokens(semanticTokens(source))),
  };
  const renames = renamesOf(index);
  return {
    ...{ hovers, definitions, uses, sameNames, outline, projectSymbols },
    ...{ folds, links, renames, formatting, coloring },
  };
}
