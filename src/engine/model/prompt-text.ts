import type { StepNode } from "./definition";

/** The task as the first section of a step's message; empty where there is none, or a template has shown it. */
export function taskSection(task: string): string {
  return task === "" ? "" : `# Task\n\n${task.trim()}\n\n`;
}

/** What is asked of the step: the last section of its message. `iteration`: rounds of the loops around it, from 1. */
export function stepSection(node: StepNode, iteration: readonly number[], instruction: string): string {
  const lines = [`# Your step: ${node.id}`];
  if (iteration.length > 0) lines.push(`This is round ${iteration.join(".")}.`);
  if (instruction.trim() !== "") lines.push(instruction.trim());
  if (node.produces.length > 0)
    lines.push(`When you are done, these files must exist: ${node.produces.join(", ")}.`);
  if (node.verdict !== undefined) {
    lines.push(`End by calling set_verdict with one of: ${node.verdict.join(", ")}.`);
  }
  return lines.join("\n\n");
}
