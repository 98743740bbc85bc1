import * as vscode from "vscode";
import type { ToolName } from "../../app/agent/tool-names";
import type { AgentTools, Confirmation } from "../../app/agent/agent-tools";
import { CancelSource } from "../../engine/port/cancellation";
import type { FolderOffer } from "./agent-host";

/** A tool of the editor's agents; both of its methods are there. */
export type OfferedTool = Required<Pick<vscode.LanguageModelTool<object>, "prepareInvocation" | "invoke">>;

export function offeredTools(tools: AgentTools<FolderOffer>): Readonly<Record<ToolName, OfferedTool>> {
  const offered = (name: ToolName): OfferedTool => ({
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
  });
  return {
    orket_run_flow: offered("orket_run_flow"),
    orket_session: offered("orket_session"),
    orket_answer: offered("orket_answer"),
  };
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
