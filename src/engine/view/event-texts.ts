import type { Content } from "../event/content";
import type { SessionEvent } from "../event/event";

/** A text that an event refers to. */
export interface EventText {
  /** Unique within the event. */
  readonly id: string;
  readonly label: string;
  readonly content: Content;
  /** Part of another text of the event. */
  readonly repeats?: true;
}

/** Texts that an event refers to, each with what it is. */
export function eventTexts(event: SessionEvent): EventText[] {
  switch (event.type) {
    case "prompt_built":
      return event.data.added.map((message, index) => ({
        id: `message ${event.data.kept + index + 1}`,
        label: `Message ${event.data.kept + index + 1}: ${message.role}`,
        content: message.content,
      }));
    case "model_call_end": {
      const { reply, reasoning, said, tool_calls, notices, sent } = event.data;
      return [
        { id: "reply", label: "Reply", content: reply },
        ...optional("reasoning", "Reasoning", reasoning),
        ...tool_calls.map(({ tool, args }, index) => ({
          id: `call ${index + 1}`,
          label: `Call of ${tool}`,
          content: args,
        })),
        ...optional("notices", "Noticed", notices === undefined ? undefined : { text: notices.join("\n") }),
        ...optional("sent", "Sent", sent),
        ...optional("said", "Reply without its calls", said).map((text) => ({
          ...text,
          repeats: true as const,
        })),
      ];
    }
    case "model_call_failed":
    case "failover":
      return optional("partial", "What had arrived", event.data.partial);
    case "tool_call":
      return [{ id: "args", label: "Arguments", content: event.data.args }];
    case "tool_result":
      return [{ id: "result", label: "Result", content: event.data.content }];
    case "artifact_written":
      return [{ id: "file", label: event.data.path, content: event.data.content }];
    case "step_end":
    case "group_end":
      return [{ id: "summary", label: "Report", content: event.data.summary }];
    case "command_start":
      return optional("stdin", "Standard input", event.data.stdin);
    case "command_end":
      return [
        { id: "output", label: "Output", content: event.data.output },
        { id: "tail", label: "End of the output", content: event.data.summary, repeats: true },
      ];
    case "approval_requested":
      return optional("shows", "What is asked for", event.data.shows);
    case "question_asked":
      return [{ id: "question", label: "Question", content: event.data.text }];
    default:
      return [];
  }
}

function optional(id: string, label: string, content: Content | undefined): EventText[] {
  return content === undefined ? [] : [{ id, label, content }];
}
