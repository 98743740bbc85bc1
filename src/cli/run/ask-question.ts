import { fieldHint, isLineList, readTyped } from "../../engine/model/field-text";
import { typeOf } from "../../engine/model/field";
import type { FieldSpec, Json } from "../../engine/model/field";
import type { QuestionView } from "../../engine/view/session-view";
import type { Environment, Output } from "../io";
import { safeLine, safeText } from "../text/safe";
import { wrapText } from "../text/width";
import { editText } from "./edit-text";
import type { TypedLines } from "./lines";
import { entryOf } from "../../engine/model/entry-of";

export interface AskParts {
  readonly output: Output;
  readonly lines: TypedLines;
  readonly env: Environment;
}

/** The user's answer to a question of the Score. `ended`: nothing more can be typed. */
export type Said =
  | { readonly kind: "answer"; readonly verdict?: string; readonly answers?: Json }
  | { readonly kind: "pause" | "stop" | "ended" };

/** Shows an open question to the user at the terminal: first its word, then each field, checked as it is typed. */
export async function askQuestion(question: QuestionView, text: string, parts: AskParts): Promise<Said> {
  const { output } = parts;
  output.line(output.style.bold(safeLine(`── ${question.step}: ${headings[question.kind]}`)));
  for (const line of wrapText(safeText(text), output.columns - 1)) output.line(line);
  const word = await askWord(question, parts);
  if (word.kind !== "answer") return word;
  const rest = await askRest(question, parts);
  if (rest === "ended") return { kind: "ended" };
  return rest.value === undefined ? word : { ...word, answers: rest.value };
}

const headings: Readonly<Record<QuestionView["kind"], string>> = {
  ask: "the Score asks",
  accept: "files wait for a decision",
  exhausted: "the loop has not ended",
  happened: "a command was cut off",
  foreign_tool: "a tool that Orket cannot bound is called",
  quoted_call: "a call appears in something that the step has read",
};

async function askWord(question: QuestionView, { output, lines }: AskParts): Promise<Said> {
  const { words, fields, questions } = question;
  if (words.length === 0 && (fields !== undefined || questions !== undefined)) return { kind: "answer" };
  const choices = words.length === 0 ? ["yes"] : words;
  const shown = [...choices.map((word, at) => `[${at + 1}] ${safeLine(word)}`), "[p]ause", "s[t]op"].join(
    "  ",
  );
  for (;;) {
    output.write(`${shown} ${output.style.bold(">")} `);
    const typed = await lines.next();
    if (typed === undefined) return { kind: "ended" };
    const said = typed.trim();
    const chosen = choices.find((word) => word === said) ?? choices[Number(said) - 1];
    if (chosen !== undefined) return { kind: "answer", ...(words.length === 0 ? {} : { verdict: chosen }) };
    const steer = entryOf(steering, said.toLowerCase());
    if (steer !== undefined) return { kind: steer };
    if (said !== "") output.line(`Type a number from 1 to ${choices.length}, the word, p or t.`);
  }
}

const steering: Readonly<Record<string, "pause" | "stop">> = {
  p: "pause",
  pause: "pause",
  t: "stop",
  stop: "stop",
};

/** What was typed; ended: nothing more can be. */
type Typed = { readonly value: Json | undefined } | "ended";

/** The fields, or the answers to a list of questions; undefined: the word was all. */
async function askRest({ fields, questions }: QuestionView, parts: AskParts): Promise<Typed> {
  if (questions !== undefined) {
    const given: string[] = [];
    for (const [at, one] of questions.entries()) {
      const value = await askField(`${at + 1}. ${one}`, { optional: true }, parts);
      if (value === "ended") return "ended";
      given.push(typeof value.value === "string" ? value.value : "");
    }
    return { value: given };
  }
  if (fields === undefined) return { value: undefined };
  const given: Record<string, Json> = {};
  for (const [name, spec] of Object.entries(fields)) {
    const value = await askField(name, spec, parts);
    if (value === "ended") return "ended";
    if (value.value !== undefined) given[name] = value.value;
  }
  return { value: given };
}

/** One field, repeated until the input is valid. */
async function askField(name: string, spec: FieldSpec, parts: AskParts): Promise<Typed> {
  const { output, lines } = parts;
  const label = safeLine(name);
  if (spec.description !== undefined) output.line(output.style.dim(safeLine(spec.description)));
  const choices = choicesOf(spec);
  const numbers = choices.length === 0 ? (spec.enum ?? []).join(" | ") : "";
  const hint = [
    numbers,
    choices.map((choice, at) => `[${at + 1}] ${safeLine(choice)}`).join("  "),
    fieldHint(spec),
  ]
    .filter((part) => part !== "")
    .join("; ");
  const prompt = hint === "" ? label : `${label} (${hint})`;
  const isLong = choices.length === 0 && (spec.multiline === true || isLineList(spec));
  for (;;) {
    if (isLong) output.line(`${prompt}:`);
    else output.write(`${prompt} ${output.style.bold(">")} `);
    const text = isLong
      ? await editText(typeof spec.default === "string" ? spec.default : "", parts, "the text")
      : await lines.next();
    if (text === undefined && (!isLong || lines.ended)) return "ended";
    const said = text ?? "";
    const read = readTyped(label, spec, choices[Number(said.trim()) - 1] ?? yesNo(spec, said));
    if (!("problems" in read)) return read;
    for (const problem of read.problems) output.line(safeLine(problem));
  }
}

function choicesOf(spec: FieldSpec): readonly string[] {
  if (spec.enum !== undefined)
    return spec.enum.every((one) => typeof one !== "number") ? spec.enum.map(String) : [];
  return typeOf(spec) === "boolean" ? ["true", "false"] : [];
}

function yesNo(spec: FieldSpec, said: string): string {
  if (typeOf(spec) !== "boolean") return said;
  if (/^\s*y(es)?\s*$/i.test(said)) return "true";
  return /^\s*no?\s*$/i.test(said) ? "false" : said;
}
