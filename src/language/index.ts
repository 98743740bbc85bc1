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
export { diagnose } from "./diagnose";
export { definitionFileGlob, fileKindOf, fileKinds, type NamedKind, type SourceKind } from "./file-kind";
export { listInputs, readInput, type InputDescription } from "./inputs";
export { LineIndex, type Position, type Range, type Span } from "./lines";
export { sourceLimits } from "./limits";
export { artifactPathProblem, referencePathProblem } from "./paths";
export { nearest } from "./nearest";
export { keySpan, valueSpan } from "./places";
export { createProject, resolveReference, type IndexEntry, type Project, type ProjectFile } from "./project";
export { diagnoseProject, resolveFlow, type ResolveOptions, type ResolveResult } from "./resolve";
export { parseSource, type SourceDocument } from "./source";
export { flowSummaries, type FlowSummary } from "./summary";
export { type ValuePath } from "./tree";
