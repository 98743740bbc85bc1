import type { StepNode } from "../model/definition";
import { fieldOf, textOfJson } from "../model/field";
import type { Json } from "../model/field";
import { parseTemplate } from "../model/template";
import type { Place } from "./place";
import { entryOf } from "../model/entry-of";

/** The text with the inputs and the item in place of their placeholders; other placeholders stay as they are. */
function filledIn(text: string, place: Place, inputs: Readonly<Record<string, Json>>): string {
  return parseTemplate(text)
    .segments.map((segment) => {
      if (segment.kind === "text") return segment.text;
      const { placeholder } = segment;
      if (placeholder.kind === "input") return textOfJson(entryOf(place.inputs ?? inputs, placeholder.name));
      if (placeholder.kind !== "item") return text.slice(segment.start, segment.end);
      const item = place.items.at(-1);
      return textOfJson(placeholder.field === "" ? item : fieldOf(item, placeholder.field));
    })
    .join("");
}

/** The step with the paths that it must produce, as they are at this place. */
export function withProduces(node: StepNode, place: Place, inputs: Readonly<Record<string, Json>>): StepNode {
  if (!node.produces.some((path) => path.includes("{{"))) return node;
  return { ...node, produces: node.produces.map((path) => filledIn(path, place, inputs)) };
}
