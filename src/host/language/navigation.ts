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
import type { DocumentSymbol, WorkspaceSymbol } from "../../language";
import type { ProjectIndex } from "../project/project-index";
import { definitionFiles, linkTo, requestAt, spanRange, uriOf, workspaceEdit, yamlFiles } from "./documents";
import { OrketError } from "../../engine/error/orket-error";

const symbolKinds: Readonly<Record<DocumentSymbol["kind"] | WorkspaceSymbol["kind"], vscode.SymbolKind>> = {
  file: vscode.SymbolKind.File,
  flow: vscode.SymbolKind.File,
  band: vscode.SymbolKind.File,
  venue: vscode.SymbolKind.File,
  score: vscode.SymbolKind.File,
  replies: vscode.SymbolKind.File,
  role: vscode.SymbolKind.Class,
  step: vscode.SymbolKind.Function,
  loop: vscode.SymbolKind.Array,
  parallel: vscode.SymbolKind.Array,
  input: vscode.SymbolKind.Variable,
  command: vscode.SymbolKind.Method,
  node: vscode.SymbolKind.Object,
  section: vscode.SymbolKind.Namespace,
};

/** Types that every color theme knows; a name has the same color where it is given and where it refers. */
const tokenTypes = {
  orketPlaceholder: "parameter",
  orketReference: "type",
  orketDefinition: "type",
  orketTool: "function",
} as const;
export const tokenLegend = new vscode.SemanticTokensLegend([...new Set(Object.values(tokenTypes))]);

function hovers(index: ProjectIndex): vscode.HoverProvider {
  return {
    async provideHover(document, position) {
      const request = await requestAt(index, document, position);
      const found = request === undefined ? undefined : hover(request);
      if (request === undefined || found === undefined) return undefined;
      return new vscode.Hover(new vscode.MarkdownString(found.text), spanRange(request.source, found.span));
    },
  };
}

function definitions(index: ProjectIndex): vscode.DefinitionProvider {
  return {
    async provideDefinition(document, position): Promise<vscode.LocationLink[]> {
      const request = await requestAt(index, document, position);
      if (request === undefined) return [];
      return definition(request).flatMap((place) => {
        const link = linkTo(request.project, uriOf(request.folder, document, place.file), place);
        if (link === undefined) return [];
        return [{ targetUri: link.target, targetRange: link.range, targetSelectionRange: link.selection }];
      });
    },
  };
}

function uses(index: ProjectIndex): vscode.ReferenceProvider {
  return {
    async provideReferences(document, position, { includeDeclaration }) {
      const request = await requestAt(index, document, position);
      if (request === undefined) return [];
      return references(request, { definitions: includeDeclaration }).flatMap((place) => {
        const link = linkTo(request.project, uriOf(request.folder, document, place.file), place);
        return link === undefined ? [] : [new vscode.Location(link.target, link.selection)];
      });
    },
  };
}

function sameNames(index: ProjectIndex): vscode.DocumentHighlightProvider {
  return {
    async provideDocumentHighlights(document, position) {
      const request = await requestAt(index, document, position);
      if (request === undefined) return [];
      return highlights(request).map(
        ({ span, kind }) =>
          new vscode.DocumentHighlight(
            spanRange(request.source, span),
            kind === "write" ? vscode.DocumentHighlightKind.Write : vscode.DocumentHighlightKind.Read,
          ),
      );
    },
  };
}

function outline(index: ProjectIndex): vscode.DocumentSymbolProvider {
  return {
    async provideDocumentSymbols(document) {
      const live = await index.at(document);
      if (live === undefined) return [];
      const convert = (one: DocumentSymbol): vscode.DocumentSymbol => {
        const symbol = new vscode.DocumentSymbol(
          one.name === "" ? "?" : one.name,
          one.detail,
          symbolKinds[one.kind],
          spanRange(live.source, one.whole),
          spanRange(live.source, one.span),
        );
        symbol.children = one.children.map(convert);
        return symbol;
      };
      return documentSymbols(live.source).map(convert);
    },
  };
}

function projectSymbols(index: ProjectIndex): vscode.WorkspaceSymbolProvider {
  return {
    async provideWorkspaceSymbols(query) {
      const projects = await index.all();
      return projects.flatMap(({ folder, project }) =>
        workspaceSymbols(project, query).flatMap(({ name, kind, container, place }) => {
          const link = linkTo(project, vscode.Uri.joinPath(folder.uri, place.file), place);
          if (link === undefined) return [];
          const location = new vscode.Location(link.target, link.selection);
          return [new vscode.SymbolInformation(name, symbolKinds[kind], container, location)];
        }),
      );
    },
  };
}

function folds(index: ProjectIndex): vscode.FoldingRangeProvider {
  return {
    async provideFoldingRanges(document) {
      const live = await index.at(document);
      if (live === undefined) return [];
      return foldingRanges(live.source).map(
        ({ startLine, endLine, kind }) =>
          new vscode.FoldingRange(
            startLine,
            endLine,
            kind === "comment" ? vscode.FoldingRangeKind.Comment : undefined,
          ),
      );
    },
  };
}

function links(index: ProjectIndex): vscode.DocumentLinkProvider {
  return {
    async provideDocumentLinks(document) {
      const live = await index.at(document);
      if (live?.folder === undefined) return [];
      const { folder, project, source } = live;
      return documentLinks(project, source).map(({ span, target, kind }) => {
        const uri = vscode.Uri.joinPath(folder.uri, target);
        const argument = encodeURIComponent(JSON.stringify([uri]));
        const to = kind === "file" ? uri : vscode.Uri.parse(`command:revealInExplorer?${argument}`);
        const link = new vscode.DocumentLink(spanRange(source, span), to);
        link.tooltip = kind === "file" ? `Open ${target}` : `Show ${target} in the Explorer`;
        return link;
      });
    },
  };
}

function renames(index: ProjectIndex): vscode.RenameProvider {
  return {
    async prepareRename(document, position) {
      const request = await requestAt(index, document, position);
      if (request === undefined) throw new OrketError("usage", "There is no name here that can be changed.");
      const found = prepareRename(request);
      if ("rejected" in found) throw new OrketError("usage", found.rejected);
      return { range: spanRange(request.source, found.span), placeholder: found.name };
    },
    async provideRenameEdits(document, position, name) {
      const request = await requestAt(index, document, position);
      if (request === undefined) return undefined;
      const made = rename(request, name);
      // The editor shows the sentence beside the box.
      if ("rejected" in made) throw new OrketError("usage", made.rejected);
      return workspaceEdit(request.project, (file) => uriOf(request.folder, document, file), made.edits);
    },
  };
}

function formatting(index: ProjectIndex): vscode.DocumentFormattingEditProvider {
  return {
    async provideDocumentFormattingEdits(document) {
      const live = await index.at(document);
      if (live === undefined) return [];
      return format(live.source).map(({ span, text }) =>
        vscode.TextEdit.replace(spanRange(live.source, span), text),
      );
    },
  };
}

function coloring(index: ProjectIndex): vscode.DocumentSemanticTokensProvider {
  return {
    async provideDocumentSemanticTokens(document) {
      const live = await index.at(document);
      const builder = new vscode.SemanticTokensBuilder(tokenLegend);
      for (const { span, type } of live === undefined ? [] : semanticTokens(live.source)) {
        const range = live === undefined ? undefined : spanRange(live.source, span);
        if (range?.isSingleLine === true) builder.push(range, tokenTypes[type]);
      }
      return builder.build();
    },
  };
}

/** Finding one's way: everything that reads a definition and changes nothing by itself. */
export function registerNavigation(index: ProjectIndex): vscode.Disposable {
  const { languages } = vscode;
  return vscode.Disposable.from(
    languages.registerHoverProvider(definitionFiles, hovers(index)),
    languages.registerDefinitionProvider(definitionFiles, definitions(index)),
    languages.registerReferenceProvider(definitionFiles, uses(index)),
    languages.registerDocumentHighlightProvider(definitionFiles, sameNames(index)),
    languages.registerDocumentSymbolProvider(yamlFiles, outline(index), { label: "Orket" }),
    languages.registerWorkspaceSymbolProvider(projectSymbols(index)),
    languages.registerFoldingRangeProvider(yamlFiles, folds(index)),
    languages.registerDocumentLinkProvider(definitionFiles, links(index)),
    languages.registerRenameProvider(definitionFiles, renames(index)),
    languages.registerDocumentFormattingEditProvider(yamlFiles, formatting(index)),
    languages.registerDocumentSemanticTokensProvider(yamlFiles, coloring(index), tokenLegend),
  );
}
