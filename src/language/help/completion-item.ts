import type { CompletionItem, CompletionItemKind } from "vscode-languageserver-types";
import type { Entity } from "../schema/fields";
import type { LineIndex, Span } from "../text/lines";
import { completionKinds, insertFormats, insertModes, markdown } from "./lsp";
import type { WithData } from "./lsp";

type OfferKind = "key" | "value" | "snippet" | "placeholder" | "path" | Entity | "tool" | "model";

/** One item to insert; `data` identifies it in the terms of the files. */
export type DefinitionCompletion = WithData<CompletionItem, { readonly kind: OfferKind }>;

/** The same at offsets of the text. */
export interface Offer {
  readonly label: string;
  readonly kind: OfferKind;
  /** A few words next to the label. */
  readonly detail?: string;
  /** Markdown. */
  readonly documentation?: string;
  /** What it replaces. */
  readonly span: Span;
  /** With `$0`, `${1:name}` where `snippet`; otherwise literal. */
  readonly insert: string;
  readonly snippet: boolean;
  /** Compared with what is typed; the label where absent. */
  readonly filter?: string;
  /** Order in the list. */
  readonly sort: string;
}

const kinds: Readonly<Record<OfferKind, CompletionItemKind>> = {
  key: completionKinds.Property,
  value: completionKinds.EnumMember,
  snippet: completionKinds.Snippet,
  placeholder: completionKinds.Variable,
  path: completionKinds.File,
  flow: completionKinds.File,
  band: completionKinds.File,
  venue: completionKinds.File,
  score: completionKinds.File,
  role: completionKinds.Class,
  step: completionKinds.Function,
  input: completionKinds.Variable,
  note: completionKinds.Text,
  verdict: completionKinds.EnumMember,
  command: completionKinds.Function,
  field: completionKinds.Field,
  artifact: completionKinds.File,
  node: completionKinds.Unit,
  tool: completionKinds.Method,
  model: completionKinds.Constant,
};

/** The edit that replaces the offer's span; the list is filtered by the part of the span before the cursor. */
function textEditOf(
  { kind, span, insert }: Offer,
  lines: LineIndex,
  offset: number,
): Partial<CompletionItem> {
  const replace = lines.rangeOf(span);
  const onLine = replace.start.line === replace.end.line;
  if (!onLine || offset < span.start || offset > span.end) return { insertText: insert };
  // A placeholder includes its closing braces; those that the editor inserted automatically must be removed.
  if (kind === "placeholder") return { textEdit: { range: replace, newText: insert } };
  const typed = { start: replace.start, end: lines.positionAt(offset) };
  return { textEdit: { newText: insert, insert: typed, replace } };
}

/** An offer in the form an editor takes, for a cursor at an offset. */
export function completionOf(offer: Offer, lines: LineIndex, offset: number): DefinitionCompletion {
  const { label, kind, detail, documentation, snippet, filter, sort } = offer;
  return {
    label,
    kind: kinds[kind],
    ...(detail === undefined ? {} : { detail, labelDetails: { description: detail } }),
    ...(documentation === undefined || documentation === ""
      ? {}
      : { documentation: markdown(documentation) }),
    sortText: sort,
    filterText: filter ?? label,
    insertTextFormat: snippet ? insertFormats.Snippet : insertFormats.PlainText,
    ...(snippet ? { insertTextMode: insertModes.adjustIndentation } : {}),
    ...textEditOf(offer, lines, offset),
    data: { kind },
  };
}
