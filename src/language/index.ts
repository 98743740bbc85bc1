export { diagnosticCodes, formatDiagnostic, hasError } from "./text/diagnostic";
export type { Diagnostic } from "./text/diagnostic";
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
export type { Span } from "./text/lines";
export { sourceLimits } from "./text/limits";
export { artifactPathProblem, referencePathProblem } from "./project/paths";
export { keySpan, valueSpan } from "./text/places";
export { wantedMaterials } from "./project/materials";
export type {
  FolderMaterial,
  Material,
  MaterialFolder,
  Materials,
  WantedMaterials,
} from "./project/materials";
export { createProject, removeFile, updateProject, withMaterials } from "./project/project";
export type { Project, ProjectFile } from "./project/project";
export { resolveReference } from "./project/reference";
export { diagnoseProject, examine } from "./flow/check-project";
export type { Diagnosis } from "./flow/check-project";
export { resolveFlow } from "./flow/resolve";
export type { ResolveOptions, ResolveResult } from "./flow/resolve";
export { codeActions } from "./help/actions";
export type { DefinitionAction, MoveKey, NewFile } from "./help/actions";
export { complete, wantsModels } from "./help/complete";
export type { DefinitionCompletion } from "./help/completion-item";
export { format } from "./help/format";
export { hover } from "./help/hover";
export { codeLenses } from "./help/lenses";
export type { LensAction, StepResult } from "./help/lenses";
export { applyEdits, lspDiagnostic } from "./help/lsp";
export type { UriOf } from "./help/lsp";
export type { HelpContext, HelpRequest } from "./help/model";
export {
  definition,
  documentLinks,
  documentSymbols,
  foldingRanges,
  highlights,
  references,
  semanticTokens,
  semanticTokenTypes,
  templateTokens,
  workspaceSymbols,
} from "./help/navigate";
export type { DefinitionLink } from "./help/navigate";
export { prepareRename, rename } from "./help/rename";
export {
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
export type { PromptDiagnostic, PromptRef, SavePrompt } from "./prompt/document";
export { parseSource } from "./text/source";
export type { SourceDocument } from "./text/source";
export { flowSummaries } from "./flow/summary";
export type { FlowSummary } from "./flow/summary";
