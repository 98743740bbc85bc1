import * as vscode from "vscode";
import type { semanticTokenTypes } from "../language";
import { languageIds, schemes } from "./ids";

/* For which documents Orket helps, and what the editor must know of the help before it asks for any. */

/** Every definition file: YAML in languages of its own, JSON as JSON. */
export const definitionFiles: vscode.DocumentSelector = [
  ...Object.values(languageIds).map((language) => ({ language })),
  { pattern: "**/*.{flow,band,venue,score,replies}.json" },
];

export const yamlFiles: vscode.DocumentSelector = Object.values(languageIds).map((language) => ({
  language,
}));

/** Prompts as separate documents. */
export const promptDocuments: vscode.DocumentSelector = { scheme: schemes.prompt };

/** The documents with lenses above each hunk. */
export const proposals: vscode.DocumentSelector = { scheme: schemes.proposal };

/** Characters that trigger completion: a value after a space, a placeholder after its braces. */
export const completionTriggers: readonly string[] = ["{", ".", " ", '"', "/"];

/** Written again, so that registering a provider does not load the YAML service. */
const tokenTypes: typeof semanticTokenTypes = ["parameter", "type"];

export function tokenLegend(): vscode.SemanticTokensLegend {
  return new vscode.SemanticTokensLegend([...tokenTypes]);
}
