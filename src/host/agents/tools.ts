import * as vscode from "vscode";
import { toolInputs } from "../../app/agent/tool-inputs";
import type { ToolName } from "../../app/agent/tool-inputs";
import type { AgentTools, Confirmation } from "../../app/agent/agent-tools";
import { CancelSource } from "../../engine/port/cancellation";
import type { FolderOffer } from "./agent-host";

/** Registers the tools, where the editor has language models. */
export function registerTools(tools: AgentTools<FolderOffer>): vscode.Disposable[] {
  const { lm } = vscode as Partial<typeof vscode>;
  if (typeof lm?.registerTool !== "function") return [];
  const names = Object.keys(toolInputs) as ToolName[];
  return names.map((name) =>
    lm.registerTool<object>(name, {
      prepareInvocation: async ({ input }) => preparedFrom(await tools.prepare(name, input)),
      invoke: async ({ input }, token) => {
        const cancellation = new CancelSource();
        const stop = token.onCancellationRequested(() => cancellation.cancel());
        try {
          const text = await tools.perform(name, input, cancellation);
          return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
        } finally {
          stop.dispose();
        }
      },
    }),
  );
}

function preparedFrom(confirmation: Confirmation | undefined): vscode.PreparedToolInvocation | undefined {
  if (confirmation === undefined) return undefined;
  const message = new vscode.MarkdownString();
  for (const [what, text] of confirmation.facts) {
    message.appendMarkdown("- **");
    message.appendText(what);
    message.appendMarkdown(":** ");
    message.appendText(text);
    message.appendMarkdown("\n");
  }
  return {
    invocationMessage: confirmation.progress,
    confirmationMessages: { title: confirmation.title, message },
  };
}
