import { parseTemplate } from "../../engine/model/template";
import type { ParsedTemplate, Placeholder } from "../../engine/model/template";
import type { Span } from "../text/lines";
import { ofVersion } from "../text/memo";
import { braceSpans, valuePlace } from "../text/places";
import { keysAt, textAt } from "../schema/read";
import { scoreViewOf } from "../schema/score-view";
import type { StepView } from "../schema/score-view";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";

/** A template in a file (a role's prompt, a step's instruction), parsed. */
export class TemplateText {
  readonly parsed: ParsedTemplate;
  readonly placeholders: readonly { readonly placeholder: Placeholder; readonly start: number }[];
  #spans: readonly Span[] | undefined;
  readonly #path: ValuePath;
  readonly #text: string;

  constructor(
    readonly source: SourceDocument,
    path: ValuePath,
    text: string,
    /** The role whose prompt it is; undefined for an instruction. */
    readonly role?: string,
    /** The step that it belongs to; undefined for a prompt. */
    readonly step?: StepView,
  ) {
    this.#path = path;
    this.#text = text;
    this.parsed = parseTemplate(text);
    this.placeholders = this.parsed.segments.flatMap((segment) =>
      segment.kind === "placeholder" ? [{ placeholder: segment.placeholder, start: segment.start }] : [],
    );
  }

  /** The place of the item at an offset of the text: its nth `{{` is the nth in the file's source. */
  placeOf(offset: number): Span {
    const text = this.#text;
    let index = -1;
    for (let at = text.indexOf("{{"); at >= 0 && at <= offset; at = text.indexOf("{{", at + 2)) index++;
    this.#spans ??= braceSpans(this.source, this.#path);
    return this.#spans[index] ?? valuePlace(this.source, this.#path);
  }
}

/** Texts with braces: a Band's prompts, a Score's instructions, questions and given inputs. Read once per version of the file. */
export const templatesOf = ofVersion((source: SourceDocument): readonly TemplateText[] => {
  const found: TemplateText[] = [];
  const add = (path: ValuePath, role?: string, step?: StepView): void => {
    const text = textAt(source, path);
    if (text?.includes("{{") === true) found.push(new TemplateText(source, path, text, role, step));
  };
  if (source.kind === "band")
    for (const role of keysAt(source, ["roles"])) add(["roles", role, "prompt"], role);
  if (source.kind === "score")
    for (const step of scoreViewOf(source).steps) {
      add([...step.path, "instruction"], undefined, step);
      add([...step.path, "ask"], undefined, step);
      for (const name of keysAt(source, [...step.path, "with"]))
        add([...step.path, "with", name], undefined, step);
    }
  return found;
});
