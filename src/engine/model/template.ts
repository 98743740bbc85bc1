/**
 * Templates of prompts and instructions: text with `{{…}}` placeholders. Pure text in, plain data out; the YAML service
 * checks with it and the engine expands with it, so that both agree on what a placeholder is.
 *
 * A placeholder is on one line; spaces inside the braces do not matter. `\{{` is a literal `{{`, and `\\{{` a
 * backslash before a placeholder.
 */
export type Placeholder =
  | { readonly kind: "task" }
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "note"; readonly key: string }
  | { readonly kind: "summary"; readonly step: string }
  | { readonly kind: "verdict"; readonly step: string }
  /** `field` is empty for the whole result; `a.b` is a field within one. */
  | { readonly kind: "result"; readonly step: string; readonly field: string }
  /** `field` is empty for the item itself. */
  | { readonly kind: "item"; readonly field: string }
  | { readonly kind: "artifact"; readonly path: string }
  | { readonly kind: "role" }
  | { readonly kind: "step" };

/** A piece of a template. `start` and `end` are UTF-16 offsets into it; for a placeholder they include the braces. */
export type TemplateSegment =
  | { readonly kind: "text"; readonly text: string; readonly start: number; readonly end: number }
  | {
      readonly kind: "placeholder";
      readonly placeholder: Placeholder;
      readonly start: number;
      readonly end: number;
    };

/** `unclosed`: no `}}` on the line; `unknown`: not a placeholder of Orket; `malformed`: known, but spelled wrong. */
export interface TemplateProblem {
  readonly code: "unclosed" | "unknown" | "malformed";
  readonly message: string;
  /** The text inside the braces, trimmed. */
  readonly content: string;
  readonly start: number;
  readonly end: number;
}

export interface ParsedTemplate {
  readonly segments: readonly TemplateSegment[];
  readonly problems: readonly TemplateProblem[];
}

/** Every form that a placeholder can take, for messages, completion and help. */
export const placeholderForms = [
  { form: "task", description: "The task of this run." },
  { form: "inputs.NAME", description: "The value of one of the Flow's inputs." },
  { form: "notes.KEY", description: "A note that a role wrote with update_notes; empty until then." },
  { form: "steps.ID.summary", description: "What an earlier step reported; empty until it ran." },
  { form: "steps.ID.verdict", description: "The verdict of an earlier step; empty until it gave one." },
  {
    form: "steps.ID.result.FIELD",
    description:
      "A field of an earlier step's result: text as it is, anything else as JSON; empty until it is set.",
  },
  { form: 'artifacts["PATH"]', description: "The text of an artifact; empty until it is written." },
  { form: "role", description: "The role that performs the step." },
  { form: "step", description: "The step's id." },
  { form: "item", description: "The item of the each around the step, or item.FIELD for a field of it." },
] as const;

const knownForms = placeholderForms.map(({ form }) => `{{${form}}}`).join(", ");

/** The placeholder as it is written in a template. */
export function placeholderText(placeholder: Placeholder): string {
  switch (placeholder.kind) {
    case "input":
      return `{{inputs.${placeholder.name}}}`;
    case "note":
      return `{{notes.${placeholder.key}}}`;
    case "summary":
      return `{{steps.${placeholder.step}.summary}}`;
    case "verdict":
      return `{{steps.${placeholder.step}.verdict}}`;
    case "result":
      return `{{steps.${placeholder.step}.result${placeholder.field === "" ? "" : `.${placeholder.field}`}}}`;
    case "item":
      return placeholder.field === "" ? "{{item}}" : `{{item.${placeholder.field}}}`;
    case "artifact":
      return `{{artifacts["${placeholder.path}"]}}`;
    case "task":
    case "role":
    case "step":
      return `{{${placeholder.kind}}}`;
  }
}

const inputForm = /^inputs\.([A-Za-z][A-Za-z0-9_-]*)$/;
const noteForm = /^notes\.([A-Za-z0-9_][A-Za-z0-9_.-]*)$/;
const summaryForm = /^steps\.([A-Za-z][A-Za-z0-9_-]*)\.summary$/;
const verdictForm = /^steps\.([A-Za-z][A-Za-z0-9_-]*)\.verdict$/;
const fieldPath = "[A-Za-z_][A-Za-z0-9_-]*(?:\\.[A-Za-z_][A-Za-z0-9_-]*)*";
const resultForm = new RegExp(`^steps\\.([A-Za-z][A-Za-z0-9_-]*)\\.result(?:\\.(${fieldPath}))?$`);
const itemForm = new RegExp(`^item(?:\\.(${fieldPath}))?$`);
const artifactForm = /^artifacts\[(?:"([^"]+)"|'([^']+)')\]$/;

function readPlaceholder(content: string): Placeholder | undefined {
  if (content === "task" || content === "role" || content === "step") return { kind: content };
  const name = inputForm.exec(content)?.[1];
  if (name !== undefined) return { kind: "input", name };
  const key = noteForm.exec(content)?.[1];
  if (key !== undefined) return { kind: "note", key };
  const step = summaryForm.exec(content)?.[1];
  if (step !== undefined) return { kind: "summary", step };
  const judge = verdictForm.exec(content)?.[1];
  if (judge !== undefined) return { kind: "verdict", step: judge };
  const result = resultForm.exec(content);
  if (result?.[1] !== undefined) return { kind: "result", step: result[1], field: result[2] ?? "" };
  const item = itemForm.exec(content);
  if (item !== null) return { kind: "item", field: item[1] ?? "" };
  const artifact = artifactForm.exec(content);
  const path = artifact?.[1] ?? artifact?.[2];
  return path === undefined ? undefined : { kind: "artifact", path };
}

function shorten(content: string): string {
  return content.length > 60 ? `${content.slice(0, 57)}...` : content;
}

function describeProblem(content: string): { code: "unknown" | "malformed"; message: string } {
  const family = /^(inputs|notes|steps|artifacts|item)\b/.exec(content)?.[1];
  const form = placeholderForms.find((known) => family !== undefined && known.form.startsWith(family));
  if (form !== undefined) {
    return { code: "malformed", message: `Write {{${form.form}}} instead of {{${shorten(content)}}}.` };
  }
  return {
    code: "unknown",
    message: `Unknown placeholder {{${shorten(content)}}}. Known are ${knownForms}; a literal '{{' is written '\\{{'.`,
  };
}

/** Splits a template into text and placeholders. Errors are listed and kept as text in the segments. */
export function parseTemplate(text: string): ParsedTemplate {
  const segments: TemplateSegment[] = [];
  const problems: TemplateProblem[] = [];
  let pending = "";
  let pendingStart = 0;
  const flush = (end: number): void => {
    if (pending !== "") segments.push({ kind: "text", text: pending, start: pendingStart, end });
    pending = "";
  };

  // Each iteration consumes what it has read, so the work is linear in the text.
  const delimiter = /\}\}|\{\{|[\r\n]/g;
  let position = 0;
  for (;;) {
    const start = text.indexOf("{{", position);
    if (start < 0) break;
    let slashes = 0;
    while (start - slashes > position && text[start - slashes - 1] === "\\") slashes++;
    pending += text.slice(position, start - slashes) + "\\".repeat(Math.floor(slashes / 2));
    position = start + 2;
    if (slashes % 2 === 1) {
      pending += "{{";
      continue;
    }
    delimiter.lastIndex = position;
    const close = delimiter.exec(text);
    if (close?.[0] !== "}}") {
      const end = close?.index ?? text.length;
      const content = text.slice(position, end).trim();
      const message = `'{{' has no '}}' on its line; a literal '{{' is written '\\{{'.`;
      problems.push({ code: "unclosed", message, content, start, end });
      // A `{{` that follows is examined separately.
      pending += text.slice(start, end);
      position = end;
      continue;
    }
    const end = close.index + 2;
    const content = text.slice(position, close.index).trim();
    const placeholder = readPlaceholder(content);
    position = end;
    if (placeholder === undefined) {
      problems.push({ ...describeProblem(content), content, start, end });
      pending += text.slice(start, end);
      continue;
    }
    flush(start);
    segments.push({ kind: "placeholder", placeholder, start, end });
    pendingStart = end;
  }
  pending += text.slice(position);
  flush(text.length);
  return { segments, problems };
}

/**
 * The template with every placeholder replaced by what `lookup` returns, in parts: its own texts, and the values. A value
 * is never expanded again. What is not a placeholder stays as it is: definitions with such a problem are refused before a run.
 */
export async function expandToParts(
  text: string,
  lookup: (placeholder: Placeholder) => string | Promise<string>,
): Promise<string[]> {
  const parts: string[] = [];
  for (const segment of parseTemplate(text).segments)
    parts.push(segment.kind === "text" ? segment.text : await lookup(segment.placeholder));
  return parts;
}

/** The same as one text. */
export async function expandTemplate(
  text: string,
  lookup: (placeholder: Placeholder) => string | Promise<string>,
): Promise<string> {
  return (await expandToParts(text, lookup)).join("");
}
