import * as vscode from "vscode";
import { chatAnswer } from "../../app/agent/chat";
import type { ChatHost, ChatPart } from "../../app/agent/chat";
import { failureOf } from "../../app/failure";
import { commandIds, internalIds } from "../ids";
import type { FolderOffer } from "./agent-host";

/** The answers of `@orket`. */
export interface Participant {
  answer(
    request: vscode.ChatRequest,
    context: vscode.ChatContext,
    stream: vscode.ChatResponseStream,
  ): Promise<void>;
}

export function participantOf(host: ChatHost<FolderOffer>): Participant {
  return {
    async answer(request, _, stream) {
      try {
        for (const part of await chatAnswer(host, request)) show(part, stream);
      } catch (error) {
        const { message, hint = "" } = failureOf(error);
        stream.markdown(plain(`${message} ${hint}`.trim()));
      }
    },
  };
}

/** Text of files and models, shown as it is: no links, no markup. */
function plain(text: string): vscode.MarkdownString {
  return new vscode.MarkdownString().appendText(text);
}

const uriOf = ({ project: { folder }, flow }: Extract<ChatPart<FolderOffer>, { kind: "run" }>["found"]) =>
  vscode.Uri.joinPath(folder.uri, flow.path);

function show(part: ChatPart<FolderOffer>, stream: vscode.ChatResponseStream): void {
  switch (part.kind) {
    case "markdown":
      stream.markdown(part.value);
      break;
    case "text":
      stream.markdown(plain(part.value));
      break;
    case "run":
      stream.button({
        command: internalIds.runFromChat,
        title: "Run Flow",
        arguments: [uriOf(part.found), part.task],
      });
      break;
    case "plan":
      stream.button({ command: commandIds.showPlan, title: "Show Plan", arguments: [uriOf(part.found)] });
      break;
    case "session":
      stream.button({ command: internalIds.openFromChat, title: "Open Session", arguments: [part.id] });
  }
}
