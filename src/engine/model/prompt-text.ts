import { describeFields } from "./field";
import type { StepNode } from "./definition";

/** The task as the first section of a step's message; empty where there is none, or a template already contains it. */
export function taskSection(task: string): string {
  return task === "" ? "" : `# Task\n\n${task.trim()}\n\n`;
}

const stepHeading = "# Your step: ";

/**
 * What is asked of the step: the last section of its message, in parts: before its instruction, those of the instruction, and
 * after it. `iteration`: rounds of the loops around it, from 1. `bySchema`: its reply is its result.
 */
export function stepSection(
  node: StepNode,
  iteration: readonly number[],
  instruction: readonly string[],
  bySchema = false,
): string[] {
  const round = iteration.length > 0 ? `\n\nThis is round ${iteration.join(".")}.` : "";
  const asked = trimmed(instruction);
  const lines: string[] = [];
  if (node.produces.length > 0)
    lines.push(`When you are done, these files must exist: ${node.produces.join(", ")}.`);
  if (node.result !== undefined)
    lines.push(
      bySchema
        ? `Answer with your result as one JSON object and nothing else: ${describeFields(node.result)}.`
        : `Give your result by calling set_result with: ${describeFields(node.result)}.`,
    );
  if (node.verdict !== undefined) {
    lines.push(`End by calling set_verdict with one of: ${node.verdict.join(", ")}.`);
  }
  return [
    `${stepHeading}${node.id}${round}${asked.length === 0 ? "" : "\n\n"}`,
    ...asked,
    lines.map((line) => `\n\n${line}`).join(""),
  ];
}

/** The parts of a text without white space at its ends, and without empty parts. */
function trimmed(parts: readonly string[]): string[] {
  const isSpace = (part: string): boolean => part.trim() === "";
  const first = parts.findIndex((part) => !isSpace(part));
  const last = parts.findLastIndex((part) => !isSpace(part));
  return parts
    .slice(Math.max(0, first), last + 1)
    .map((part, index, all) => {
      const begun = index === 0 ? part.trimStart() : part;
      return index === all.length - 1 ? begun.trimEnd() : begun;
    })
    .filter((part) => part !== "");
}

/** What is asked of the step in its first message: the last section without its heading; undefined: there is none. */
export function askedIn(message: string): string | undefined {
  const at = message.lastIndexOf(stepHeading);
  if (at < 0) return undefined;
  const section = message.slice(at);
  const end = section.indexOf("\n");
  return end < 0 ? "" : section.slice(end).trim();
}
