import { typeOf } from "../../engine/model/field";
import type { FieldSpec, Json } from "../../engine/model/field";
import { fieldHint, isLineList, typedAnswers } from "../../engine/model/field-text";
import type { QuestionView } from "../../engine/view/session-view";
import type { FieldScreen } from "../../protocol/conductor";
import { defined } from "../../engine/model/defined";
import { entryOf } from "../../engine/model/entry-of";

/** The controls of a question: one for each field, or one for each question of a list. */
export function fieldScreens({ fields, questions }: QuestionView): FieldScreen[] {
  if (questions !== undefined) {
    return questions.map((description, at) => ({
      name: String(at + 1),
      description,
      control: "lines",
      optional: true,
    }));
  }
  return Object.entries(fields ?? {}).map(([name, spec]) => fieldScreen(name, spec));
}

function fieldScreen(name: string, spec: FieldSpec): FieldScreen {
  const hint = fieldHint(spec);
  const preset = presetOf(spec);
  return {
    name,
    ...defined({ description: spec.description }),
    control: controlOf(spec),
    ...(spec.enum === undefined ? {} : { choices: spec.enum.map(String) }),
    ...(hint === "" ? {} : { hint }),
    ...defined({ preset }),
    optional: spec.optional === true || spec.default !== undefined,
  };
}

function controlOf(spec: FieldSpec): FieldScreen["control"] {
  if (spec.enum !== undefined) return "choice";
  switch (typeOf(spec)) {
    case "boolean":
      return "switch";
    case "number":
      return "number";
    case "list":
    case "object":
      return "lines";
    default:
      return spec.multiline === true ? "lines" : "text";
  }
}

/** An untouched switch is off, unless it may be left unanswered. */
function presetOf(spec: FieldSpec): string | undefined {
  const { default: preset } = spec;
  if (preset === undefined) return undefined;
  if (isLineList(spec) && Array.isArray(preset)) return preset.map(String).join("\n");
  return typeof preset === "string" ? preset : JSON.stringify(preset);
}

/** The values typed into the controls, as the session takes them; undefined: nothing besides the word is asked for. */
export function answersFrom(
  { fields, questions }: QuestionView,
  texts: Readonly<Record<string, string>>,
): Json | undefined {
  if (questions !== undefined) return questions.map((_, at) => entryOf(texts, String(at + 1)) ?? "");
  return fields === undefined ? undefined : typedAnswers(fields, texts);
}
