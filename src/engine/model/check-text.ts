import { OrketError } from "../error/orket-error";
import type { Definition } from "./definition";
import { stepsOf } from "./plan";
import { parseTemplate, placeholderText } from "./template";

/**
 * Checks a text that is to replace one of the definition's, with the same rules as for the file.
 * @param what it is: `instruction of build`
 * @throws {OrketError} command_refused when the text has a placeholder that can have no value.
 */
export function checkText({ flow, score }: Definition, what: string, text: string): void {
  const { segments, problems } = parseTemplate(text);
  const [problem] = problems;
  if (problem !== undefined) throw new OrketError("command_refused", `The new ${what}: ${problem.message}`);
  const inputs = Object.keys(flow.inputs);
  const steps = stepsOf(score.steps).map(({ id }) => id);
  for (const segment of segments) {
    if (segment.kind !== "placeholder") continue;
    const { placeholder } = segment;
    const written = `The new ${what} has ${placeholderText(placeholder)}:`;
    if (placeholder.kind === "input" && !inputs.includes(placeholder.name))
      throw unknown("input", placeholder.name, inputs, written);
    if (placeholder.kind === "summary" && !steps.includes(placeholder.step))
      throw unknown("step", placeholder.step, steps, written);
  }
}

/** A name that does not exist, with those that do. */
export function unknown(what: string, name: string, known: readonly string[], written = ""): OrketError {
  return new OrketError("command_refused", `${written} There is no ${what} ${name}.`.trim(), {
    hint: known.length === 0 ? `There is no ${what} at all.` : `There are: ${known.join(", ")}.`,
  });
}
