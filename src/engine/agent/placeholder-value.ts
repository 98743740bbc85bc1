import type { Content } from "../event/content";
import type { Definition, StepNode } from "../model/definition";
import { fieldOf, textOfJson } from "../model/field";
import type { Json } from "../model/field";
import { expandTemplate, parseTemplate } from "../model/template";
import type { Placeholder } from "../model/template";
import type { Place } from "../state/place";
import { changeAt, resultSeen } from "../state/scope";
import type { Scope } from "../state/scope";
import { entryOf } from "../model/entry-of";

/** The context in which a template is resolved: its place, and what is visible there. */
export interface TemplateContext {
  readonly definition: Definition;
  readonly node: Pick<StepNode, "id" | "role" | "frame">;
  readonly place: Place;
  readonly scope: Scope;
  readonly getText: (content: Content) => Promise<string>;
}

/** The whole id of a step that a template names; inside a used Score, names are relative to it. */
export function wholeId(step: string, { frame }: Pick<StepNode, "frame">): string {
  return frame === undefined ? step : `${frame}.${step}`;
}

/** The value of a placeholder; empty where there is none yet. Never expanded again. */
export async function placeholderValue(context: TemplateContext, placeholder: Placeholder): Promise<string> {
  return textOfJson(await jsonOf(context, placeholder));
}

async function jsonOf(
  { definition, node, place, scope, getText }: TemplateContext,
  placeholder: Placeholder,
): Promise<Json | undefined> {
  const text = async (content: Content | undefined): Promise<string> =>
    content === undefined ? "" : (await getText(content)).trim();
  switch (placeholder.kind) {
    case "task":
      return definition.flow.task.trim();
    case "input":
      return entryOf(place.inputs ?? definition.flow.inputs, placeholder.name);
    case "note":
      return entryOf(scope.notes, placeholder.key);
    case "summary":
      return text(resultSeen(scope, wholeId(placeholder.step, node), place)?.summary);
    case "verdict":
      return resultSeen(scope, wholeId(placeholder.step, node), place)?.verdict;
    case "result": {
      const result = resultSeen(scope, wholeId(placeholder.step, node), place)?.result;
      return placeholder.field === "" ? result : fieldOf(result, placeholder.field);
    }
    case "item": {
      const item = place.items.at(-1);
      return placeholder.field === "" ? item : fieldOf(item, placeholder.field);
    }
    case "artifact":
      return text(changeAt(scope, placeholder.path)?.content ?? undefined);
    case "role":
      return node.role;
    case "step":
      return node.id;
  }
}

/** The template with its placeholders resolved. */
export function expandFor(context: TemplateContext, template: string): Promise<string> {
  return expandTemplate(template, (placeholder) => placeholderValue(context, placeholder));
}

/** A value whose texts are templates. A text that consists of a single placeholder keeps the type of its value. */
export async function expandJson(context: TemplateContext, value: Json): Promise<Json | undefined> {
  if (typeof value === "string") {
    const { segments } = parseTemplate(value);
    const [only] = segments;
    if (segments.length === 1 && only?.kind === "placeholder") return jsonOf(context, only.placeholder);
    return expandFor(context, value);
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const list: Json[] = [];
    for (const one of value as readonly Json[]) list.push((await expandJson(context, one)) ?? null);
    return list;
  }
  const map: Record<string, Json> = {};
  for (const [key, one] of Object.entries(value as { readonly [key: string]: Json })) {
    const expanded = await expandJson(context, one);
    if (expanded !== undefined) map[key] = expanded;
  }
  return map;
}
