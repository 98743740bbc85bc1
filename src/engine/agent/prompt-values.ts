import { expandToParts } from "../model/template";
import { placeholderValue, wholeId } from "./placeholder-value";
import type { PromptContext } from "./prompt-context";

/** The template with its values, in parts; what it named is added to `used`. */
export function expandFor(context: PromptContext, template: string, used: Set<string>): Promise<string[]> {
  return expandToParts(template, (placeholder) => {
    const { node, place } = context.active.run;
    used.add(
      placeholder.kind === "summary" ? `summary:${wholeId(placeholder.step, node)}` : placeholder.kind,
    );
    const { definition, getText } = context;
    return placeholderValue({ definition, getText, node, place, scope: context.active.scope }, placeholder);
  });
}
