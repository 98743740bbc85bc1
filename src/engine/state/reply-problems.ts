import { grouped } from "../model/grouped";
import type { UnreadCall } from "../event/event";
import { callSettings } from "../model/definition";
import type { Definition } from "../model/definition";
import type { Missing } from "./missing";
import type { Reply, StepRun } from "./step-run";
import { contentLength } from "../event/content";

/** Whether the reply is not the model's complete answer: it was cut off, filtered or abandoned. */
export function isCut({ finishReason, finishSaid }: Pick<Reply, "finishReason" | "finishSaid">): boolean {
  if (finishReason === "length" || finishReason === "content_filter") return true;
  // The protocol's end mark counts as an end even without a reason.
  return finishReason === "other" && finishSaid !== "[DONE]";
}

/** Why a reply is not complete, as the end of a sentence. `maxTokens`: the maximum length of a reply. */
export function cutReason({ finishReason, finishSaid }: Reply, maxTokens: number): string {
  switch (finishReason) {
    case "length":
      return `because a reply may have ${grouped(maxTokens)} tokens (max_output_tokens in the Venue)`;
    case "content_filter":
      return finishSaid === "message.refusal"
        ? "because the model refused to answer"
        : "by the server's content filter";
    default:
      return `because the server gave it up${finishSaid === undefined ? "" : ` (${finishSaid})`}`;
  }
}

/** What is wrong with the step's last reply itself, whatever the step has done so far. */
export function replyProblems(definition: Definition, run: StepRun): Missing[] {
  const { reply } = run;
  if (reply === null) return [];
  const problems: Missing[] = reply.unread.map((call) => ({
    code: "call_unreadable",
    message: unreadSentence(call),
  }));
  if (isCut(reply)) {
    const { max_output_tokens } = callSettings(definition, run.node.role);
    const characters = grouped(contentLength(reply.content));
    const what =
      reply.toolCalls.length === 0 ? `The reply was cut after ${characters} characters` : "The reply was cut";
    problems.unshift({
      code: "reply_cut",
      message: `${what} ${cutReason(reply, max_output_tokens)}.`,
    });
  }
  return problems;
}

/** A call that was not performed, as a sentence for users and models. */
export function unreadSentence({ kind, tool, why, characters }: UnreadCall): string {
  const call = tool === undefined ? "A call" : `The call of ${tool}`;
  switch (kind) {
    case "cut":
      return `${call} is not whole: it ends after ${grouped(characters)} characters (${why}). Nothing of it was performed.`;
    case "unreadable":
      return `${call} could not be read: ${why}. Nothing of it was performed.`;
    case "unknown_tool":
      return `There is no tool ${tool ?? ""} for this role.`;
    case "quoted":
      return `${call} stands in a quotation and was not performed.`;
    case "not_native":
      return `${call} stands in the reply's text and was not performed: this model's calls come by the server's own interface.`;
    case "server":
      return `The server could not parse the call: ${why}`;
  }
}
