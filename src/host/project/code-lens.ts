import * as vscode from "vscode";
import { commandIds, languageIds } from "../ids";
import type { ProjectIndex } from "./project-index";

/** Above a Flow: run it, run it step by step, show its plan. */
export class FlowCodeLens implements vscode.CodeLensProvider {
  readonly onDidChangeCodeLenses: vscode.Event<void>;

  constructor(index: ProjectIndex) {
    this.onDidChangeCodeLenses = index.onDidChange;
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const top = new vscode.Range(0, 0, 0, 0);
    const lens = (title: string, command: string): vscode.CodeLens =>
      new vscode.CodeLens(top, { title, command, arguments: [document.uri] });
    return [
      lens("$(play) Run", commandIds.runFlow),
      lens("$(debug-step-over) Run with Step Approval", commandIds.runFlowStepByStep),
      lens("$(list-ordered) Show Plan", commandIds.showPlan),
    ];
  }
}

export const flowSelector: vscode.DocumentSelector = [
  { language: languageIds.flow },
  { pattern: "**/*.flow.json" },
];
