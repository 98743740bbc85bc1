import { typeOf } from "../../engine/model/field";
import type { FieldSpec } from "../../engine/model/field";
import { inputMap, specAt } from "../project/results";
import { textAt } from "../schema/read";
import { replaceValue } from "../schema/report";
import type { Report } from "../schema/report";
import { valueAt } from "../schema/schema";
import { quoted } from "../text/diagnostic";
import { nearest } from "../text/nearest";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";
import type { Says } from "./says";
import { entryOf } from "../../engine/model/entry-of";

/** The type of a field, where it can never be this value; undefined: it can be. */
function whatItIs(spec: FieldSpec, value: unknown): string | undefined {
  const { enum: words } = spec;
  if (words !== undefined)
    return (words as readonly unknown[]).includes(value) ? undefined : `one of ${words.join(", ")}`;
  switch (typeOf(spec)) {
    case "boolean":
      return typeof value === "boolean" ? undefined : "true or false";
    case "number":
      return typeof value === "number" ? undefined : "a number";
    case "list":
    case "object":
      return `a ${typeOf(spec)}, which no condition compares`;
    default:
      return typeof value === "string" ? undefined : "a text";
  }
}

function valuesAt(
  score: SourceDocument,
  path: ValuePath,
): { readonly value: unknown; readonly at: ValuePath }[] {
  const value = valueAt(score.value, path);
  if (value === undefined) return [];
  return Array.isArray(value)
    ? value.map((one: unknown, index) => ({ value: one, at: [...path, index] }))
    : [{ value, at: path }];
}

/** Values in conditions that the compared item can never have. */
export function checkCompared(
  score: SourceDocument,
  path: ValuePath,
  says: Says | undefined,
  report: Report,
): void {
  const field = textAt(score, [...path, "field"]);
  const input = textAt(score, [...path, "input"]);
  const name = field ?? input;
  if (name === undefined) return;
  const spec = field === undefined ? entryOf(inputMap(score), name) : specAt(says?.fields ?? {}, name);
  if (spec === undefined) return;
  for (const key of ["is", "is_not"])
    for (const { value, at } of valuesAt(score, [...path, key])) {
      const always = whatItIs(spec, value);
      if (always === undefined || report.isFull(score)) continue;
      const near =
        typeof value === "string"
          ? nearest(
              value,
              (spec.enum ?? []).filter((word) => typeof word === "string"),
            )
          : undefined;
      const what = field === undefined ? "input" : "field";
      report.at(
        score,
        at,
        "orket/condition-unknown",
        `The ${what} ${quoted(name)} is never ${quoted(String(value))}: it is ${always}.`,
        {
          severity: "warning",
          ...replaceValue(score, at, near),
        },
      );
    }
}

/** Conditions of one list that cannot all hold: they require different words, or values, of the same item. */
export function checkTogether(score: SourceDocument, path: ValuePath, report: Report): void {
  const list = valueAt(score.value, path);
  if (!Array.isArray(list)) return;
  const wanted = new Map<string, readonly unknown[]>();
  list.forEach((_, index) => {
    const here = [...path, index];
    const text = (key: string): string | undefined => textAt(score, [...here, key]);
    const step = text("step");
    const key = step !== undefined && text("field") === undefined ? "verdict" : "is";
    const values = valuesAt(score, [...here, key]).map(({ value }) => value);
    if (values.length === 0 || report.isFull(score)) return;
    const about = JSON.stringify([step, text("field"), text("input")]);
    const before = wanted.get(about);
    const both = before === undefined ? values : values.filter((value) => before.includes(value));
    wanted.set(about, both);
    if (before === undefined || both.length > 0) return;
    const message = `The conditions can never hold together: one wants ${before.map(String).join(" or ")}, this one ${values.map(String).join(" or ")}.`;
    report.at(score, [...here, key], "orket/condition-unknown", message, {
      severity: "warning",
      hint: "All conditions of a list must hold; write the words that do into one condition.",
    });
  });
}
