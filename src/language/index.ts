export {
  diagnosticCodes,
  formatDiagnostic,
  hasError,
  type Diagnostic,
  type DiagnosticCode,
  type RelatedPlace,
  type Severity,
  type Suggestion,
} from "./diagnostic";
export { withAbsentTools } from "./check-editor-tools";
export { contentOf } from "./contents";
export { diagnose } from "./diagnose";
export { definitionFileGlob, fileKindOf, fileKinds, type NamedKind, type SourceKind } from "./file-kind";
export { inputsGiven, listInputs, readInput, type InputDescription } from "./inputs";
export { LineIndex, type Position, type Range, type Span } from "./lines";
export { sourceLimits } from "./limits";
export { artifactPathProblem, referencePathProblem } from "./paths";
export { keySpan, valueSpan } from "./places";
export {
  createProject,
  removeFile,
  updateProject,
  type IndexEntry,
  type Project,
  type ProjectFile,
} from "./project";
export { resolveReference } from "./reference";
export { diagnoseProject, examine, type Diagnosis } from "./diagnosis";
export { resolveFlow, type ResolveOptions, type ResolveResult } from "./resolve";
export { codeActions, type CodeAction, type NewFile } from "./help/actions";
export { complete, wantsModels, type Completion } from "./help/complete";
export { format } from "./help/format";
export { hover, type Hover } from "./help/hover";
export { codeLenses, type CodeLens, type LensAction, type StepResult } from "./help/lenses";
export { type HelpContext, type HelpRequest, type Place, type TextEdit } from "./help/model";
export {
  definition,
  documentLinks,
  documentSymbols,
  foldingRanges,
  highlights,
  references,
  semanticTokens,
  workspaceSymbols,
  type DocumentLink,
  type DocumentSymbol,
  type FoldingRange,
  type Highlight,
  type SemanticToken,
  type WorkspaceSymbol,
} from "./help/navigate";
export { prepareRename, rename, type PrepareRename, type Rename } from "./help/rename";
export {
  applyEdits,
  completePrompt,
  diagnosePrompt,
  findPrompt,
  hoverPrompt,
  listPrompts,
  previewPrompt,
  promptUses,
  readPrompt,
  savePrompt,
  withPrompt,
  type PromptDiagnostic,
  type PromptPreview,
  type PromptRef,
  type SavePrompt,
} from "./prompt/document";
export { parseSource, type SourceDocument } from "./source";
export { flowSummaries, type FlowSummary } from "./summary";
export { type ValuePath } from "./tree";
