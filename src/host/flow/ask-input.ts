import * as vscode from "vscode";
import { textOfJson } from "../../engine/model/field";
import type { InputValue } from "../../engine/model/flow";
import { readInput } from "../../language/index";
import type { InputDescription } from "../../language/index";

/**
 * Asks for one of a Flow's inputs.
 * @param label marks the input's own value in a list of choices.
 * @returns undefined when the user cancelled.
 */
export async function askInput(
  input: InputDescription,
  title: string,
  label = "default",
): Promise<InputValue | undefined> {
  const prompt = input.description === undefined ? input.name : `${input.name}: ${input.description}`;
  const choices = input.enum ?? (input.type === "boolean" ? [true, false] : undefined);
  if (choices !== undefined) {
    const items = choices.map((value) => ({
      label: textOfJson(value),
      ...(value === input.default ? { description: label } : {}),
      value,
    }));
    items.sort((a, b) => Number(b.value === input.default) - Number(a.value === input.default));
    const picked = await vscode.window.showQuickPick(items, {
      title,
      placeHolder: prompt,
      ignoreFocusOut: true,
    });
    return picked?.value;
  }
  const text = await vscode.window.showInputBox({
    title,
    prompt,
    ...(input.default === undefined ? {} : { value: textOfJson(input.default) }),
    ignoreFocusOut: true,
    validateInput: (typed) => {
      if (typed === "" && input.required) return "A value is needed.";
      const read = readInput(input, typed);
      return "problem" in read ? read.problem : undefined;
    },
  });
  if (text === undefined) return undefined;
  const read = readInput(input, text);
  return "value" in read ? read.value : undefined;
}
