import type { AdjustmentBody } from "../event/event";
import { oneLine } from "./one-line";

/** Longest quote of a new text, in characters: its end, where a suggestion adds its text. */
const quoted = 160;

const tail = (text: string): string => {
  const line = oneLine(text, Number.MAX_SAFE_INTEGER);
  return line.length <= quoted ? line : `… ${line.slice(-quoted)}`;
};

/** What an adjustment does, as a sentence for users. */
export function adjustmentText(adjustment: AdjustmentBody): string {
  switch (adjustment.kind) {
    case "skip":
      return `Skip ${adjustment.step}.`;
    case "patch":
      return `Change the instruction of ${adjustment.step} from its next run on: ${tail(adjustment.instruction)}`;
    case "patch_role":
      return `Change the prompt of the role ${adjustment.role} from its next step on.`;
    case "set_model": {
      const settings = [
        ...(adjustment.model === undefined ? [] : [`model ${adjustment.model}`]),
        ...(adjustment.temperature === undefined ? [] : [`temperature ${adjustment.temperature}`]),
      ];
      return `Use ${settings.join(" and ")} for ${adjustment.role}${adjustment.once === true ? ", for one step" : ""}.`;
    }
    case "withdraw":
      return `Take back the adjustment of event ${adjustment.of}.`;
    case "enable":
      return `Switch the role ${adjustment.role} on.`;
    case "disable":
      return `Switch the role ${adjustment.role} off.`;
    case "retry":
      return adjustment.feedback === undefined
        ? `Try ${adjustment.step} again.`
        : `Try ${adjustment.step} again and tell it: ${tail(adjustment.feedback)}`;
    case "pause":
      return "Pause before the next step.";
    case "stop":
      return "Stop the session.";
    case "set_limit":
      return `Set the limit ${adjustment.limit} to ${adjustment.value ?? "none"}.`;
  }
}

/** A drift rule's name as words: `ignored verdict`. */
export function ruleWords(rule: string): string {
  return rule.replaceAll("_", " ");
}
