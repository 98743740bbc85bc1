export { diagnosticCodes, formatDiagnostic, hasError } from "./text/diagnostic";
export type { Diagnostic, DiagnosticCode, RelatedPlace, Severity, Suggestion } from "./text/diagnostic";
export { withAbsentTools } from "./check/editor-tools";
export { editorOnly } from "./check/foreign-tools";
export { absentPrograms } from "./check/programs";
export { contentOf } from "./schema/contents";
export { diagnose } from "./check/file";
export { definitionFileGlob, fileKindOf, fileKinds } from "./text/file-kind";
export type { NamedKind, SourceKind } from "./text/file-kind";
export { inputsGiven, listInputs, readInput } from "./project/inputs";
export type { InputDescription } from "./project/inputs";
export { LineIndex } from "./text/lines";
export type { Position, Range, Span } from "./text/lines";
export { sourceLimits } from "./text/limits";
export { artifactPathProblem, referencePathProblem } from "./project/paths";
export { keySpan, valueSpan } from "./text/places";
export { createProject, removeFile, updateProject } from "./project/project";
export type { IndexEntry, Project, ProjectFile } from "./project/project";
export { resolveReference } from "./project/reference";
export { diagnoseProject, examine } from "./flow/check-project";
export type { Diagnosis } from "./flow/check-project";
export { resolveFlow } from "./flow/resolve";
export type { ResolveOptions, ResolveResult } from "./flow/resolve";
export { codeActions } from "./help/actions";
export type { CodeAction, NewFile } from "./help/actions";
export { complete, wantsModels } from "./help/complete";
export type { Completion } from "./help/complete";
export { format } from "./help/format";
export { hover } from "./help/hover";
export type { Hover } from "./help/hover";
export { codeLenses } from "./help/lenses";
export type { CodeLens, LensAction, StepResult } from "./help/lenses";
export type { HelpContext, HelpRequest, Place, TextEdit } from "./help/model";
export {
  definition,
  documentLinks,
  documentSymbols,
  foldingRanges,
  highlights,
  references,
  semanticTokens,
  workspaceSymbols,
} from "./help/navigate";
export type {
  DocumentLink,
  DocumentSymbol,
  FoldingRange,
  Highlight,
  SemanticToken,
  WorkspaceSymbol,
} from "./help/navigate";
export { prepareRename, rename } from "./help/rename";
export type { PrepareRename, Rename } from "./help/rename";
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
} from "./prompt/document";
export type { PromptDiagnostic, PromptPreview, PromptRef, SavePrompt } from "./prompt/document";
export { parseSource } from "./text/source";
export type { SourceDocument } from "./text/source";
export { flowSummaries } from "./flow/summary";
export type { FlowSummary } from "./flow/summary";
export type { ValuePath } from "./text/tree";
