import type { EventData } from "./event";

/** How a command ended, in words. */
export function commandEndText(end: EventData<"command_end">["end"]): string {
  switch (end.kind) {
    case "exited":
      return `exit code ${end.code}`;
    case "signalled":
      return `ended by ${end.signal}`;
    case "timeout":
      return `ended after ${end.seconds} s`;
    case "bound":
    case "refused":
    case "not_started":
      return end.message;
    case "cancelled":
      return "cancelled";
    case "lost":
      return "Orket stopped while it ran";
  }
}

/** The same within a sentence. */
export function commandEndWithin(end: EventData<"command_end">["end"]): string {
  const text = commandEndText(end).replace(/\.$/, "");
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`;
}
