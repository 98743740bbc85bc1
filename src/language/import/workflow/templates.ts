import { translateTemplate } from "../text";
import type { Translation } from "../text";

/** The placeholder, including braces, for a name in another tool's template; undefined where there is none. */
export type Lookup = (expression: string) => string | undefined;

/** A part of a template that cannot be expressed. `line` counts from 0 within the text. */
export interface LostPart {
  readonly line: number;
  readonly what: string;
}

const filters = /\s*\|\s*(?:json|tojson|trim|string|safe|default\([^)]*\))\s*$/;

/** The expression as a plain name, without filters that change nothing relevant. */
function plainName(expression: string): string {
  let name = expression.trim().replace(/^-\s*|\s*-$/g, "");
  for (let round = 0; round < 4; round++) name = name.replace(filters, "").trim();
  return name.replace(/^\((.*)\)$/s, "$1").trim();
}

/** A template loop over a list that a placeholder can name: the list itself replaces it. */
const loop = /\{%-?\s*for\s+(\w+)\s+in\s+([^%]+?)\s*-?%\}[\s\S]*?\{%-?\s*endfor\s*-?%\}/g;
const tag = /\{%-?[\s\S]*?-?%\}\n?/g;

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length - 1;
}

/**
 * Translates a Jinja template: placeholders are replaced, a loop over a list becomes the list, and the texts of
 * conditions are all kept, without the condition. What is lost is listed.
 */
export function translateJinja(text: string, lookup: Lookup): { text: string; lost: LostPart[] } {
  const lost: LostPart[] = [];
  const withLists = text.replace(loop, (whole: string, _item: string, list: string, offset: number) => {
    const found = lookup(plainName(list));
    if (found === undefined) return whole;
    lost.push({ line: lineAt(text, offset), what: `the loop over '${list}': the list itself stands there` });
    return `{{ @${found.slice(2, -2)} }}`;
  });
  const conditions = [...withLists.matchAll(tag)];
  for (const found of conditions) {
    if (/^\{%-?\s*(?:if|elif|for)\b/.test(found[0]))
      lost.push({
        line: lineAt(withLists, found.index),
        what: `'${found[0].trim().slice(0, 80)}': a prompt has no conditions, and what stands within is always there`,
      });
  }
  const flat = withLists.replace(tag, "").replace(/\n{3,}/g, "\n\n");
  const made = translateTemplate(flat, /\{\{([\s\S]*?)\}\}/g, (match): Translation | undefined => {
    const expression = match[1] ?? "";
    if (expression.startsWith(" @")) return { template: `{{${expression.slice(2).trim()}}}` };
    const found = lookup(plainName(expression));
    if (found !== undefined) return { template: found };
    lost.push({
      line: lineAt(flat, match.index),
      what: `'${match[0].slice(0, 80)}' means nothing here and stays as it is written`,
    });
    return undefined;
  });
  return { text: made, lost };
}
