import { readArgument } from "../../engine/model/command-argv";
import { secretValuePattern } from "../../engine/model/command";
import type { Placeholder } from "../../engine/model/template";
import { placeholderText } from "../../engine/model/template";
import { quoted } from "../text/diagnostic";
import { nearest } from "../text/nearest";
import { keySpan, nearestPlace, valuePlace } from "../text/places";
import type { FlowParts } from "../project/flow-parts";
import type { Report } from "../schema/report";
import { keysAt, textAt, textsAt } from "../schema/read";
import { valueAt } from "../schema/schema";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";
import { TemplateText } from "./template-text";

/** Why an input cannot fill an argument; undefined when it can. */
function inputProblem(flow: SourceDocument, name: string): string | undefined {
  const inputs = keysAt(flow, ["inputs"]);
  if (!inputs.includes(name)) {
    const near = nearest(name, inputs);
    const known = inputs.length === 0 ? "It has none." : `Its inputs are ${inputs.slice(0, 20).join(", ")}.`;
    return `The Flow has no input ${quoted(name)}. ${near === undefined ? known : `Did you mean ${quoted(near)}?`}`;
  }
  const choices: unknown = valueAt(flow.value, ["inputs", name, "enum"]);
  if (Array.isArray(choices)) {
    const option = choices
      .map((choice: unknown) => JSON.stringify(choice))
      .find((choice) => /^"?-/.test(choice));
    if (option === undefined) return undefined;
    return `The input ${quoted(name)} can be ${quoted(option)}, which begins with '-' and would be an option.`;
  }
  const type = textAt(flow, ["inputs", name, "type"]) ?? "string";
  if (type === "number" || type === "boolean") return undefined;
  if (textAt(flow, ["inputs", name, "pattern"]) !== undefined) return undefined;
  return `The input ${quoted(name)} is free text: an argument must be a number, true or false, one of an 'enum', or match a 'pattern'. Give free text by 'stdin' or 'env'.`;
}

function checkArgv(flow: SourceDocument, path: ValuePath, report: Report): void {
  for (const [index, { text, path: place }] of textsAt(flow, [...path, "argv"]).entries()) {
    const argument = readArgument(text);
    const name = argument.kind === "placeholder" ? argument.placeholder : undefined;
    const problem =
      argument.kind === "problem"
        ? argument.message
        : index === 0 && (name !== undefined || text.trim() === "" || text.startsWith("-"))
          ? "The program, the first entry of 'argv', must be a name or a path."
          : name?.kind === "input"
            ? inputProblem(flow, name.name)
            : undefined;
    if (problem !== undefined) report.at(flow, place, "orket/argument", problem);
  }
}

/** Placeholders of `stdin` and `env` that can never have a value: a command has no role, and its own summary does not exist yet. */
function placeholderProblem(flow: SourceDocument, placeholder: Placeholder): string | undefined {
  if (placeholder.kind === "role") return "A command belongs to no role: {{role}} has no value here.";
  if (placeholder.kind !== "input") return undefined;
  return keysAt(flow, ["inputs"]).includes(placeholder.name)
    ? undefined
    : `The Flow has no input ${quoted(placeholder.name)}.`;
}

function checkText(flow: SourceDocument, path: ValuePath, report: Report): void {
  const text = textAt(flow, path);
  if (text === undefined) return;
  const template = new TemplateText(flow, path, text);
  for (const { start, message } of template.parsed.problems) {
    report.span(flow, template.placeOf(start), "orket/command-placeholder", message);
  }
  for (const { placeholder, start } of template.placeholders) {
    const problem = placeholderProblem(flow, placeholder);
    if (problem === undefined) continue;
    report.span(flow, template.placeOf(start), "orket/command-placeholder", problem, {
      hint: `Leave out ${placeholderText(placeholder)} or declare it.`,
    });
  }
}

/** Placeholders whose value is free text, which often has more than one line. */
const freeText: ReadonlySet<Placeholder["kind"]> = new Set(["task", "summary", "artifact", "note"]);

/** Variables that a container engine may not be able to take: it reads them from a file, one a line. */
function checkLines(flow: SourceDocument, path: ValuePath, report: Report): void {
  if (textAt(flow, [...path, "isolation"]) !== "container") return;
  for (const name of keysAt(flow, [...path, "env"])) {
    const place = [...path, "env", name];
    const text = textAt(flow, place) ?? "";
    const free = new TemplateText(flow, place, text).placeholders.find(({ placeholder }) =>
      freeText.has(placeholder.kind),
    );
    const what = text.includes("\n")
      ? "This one has more"
      : free === undefined
        ? undefined
        : `${placeholderText(free.placeholder)} often has more`;
    if (what === undefined) continue;
    const message = `In a container, a variable has one line. ${what}, and then the command is not started.`;
    report.at(flow, place, "orket/command-lines", message, {
      severity: "warning",
      hint: "Give the text by 'stdin'.",
    });
  }
}

function checkEnv(flow: SourceDocument, path: ValuePath, report: Report): void {
  for (const name of keysAt(flow, [...path, "env"])) {
    const place = [...path, "env", name];
    const text = textAt(flow, place) ?? "";
    if (/^secret:/.test(text) && !secretValuePattern.test(text)) {
      const message = "A secret is named as secret:NAME, with letters, digits, '.', '_' and '-'.";
      report.at(flow, place, "orket/invalid-value", message);
    } else checkText(flow, place, report);
  }
}

/** Globs that could never match, or that name files that only people may write. */
function checkWrites(flow: SourceDocument, path: ValuePath, report: Report): void {
  for (const { text, path: place } of textsAt(flow, [...path, "writes"])) {
    const outside = text.startsWith("/") || /^[A-Za-z]:/.test(text) || text.split("/").includes("..");
    if (!outside) continue;
    report.at(flow, place, "orket/command-glob", `${quoted(text)} leads out of the project.`, {
      hint: "Write a glob relative to the project.",
    });
  }
}

/** A container has an image, and an image is for a container. */
function checkImage(flow: SourceDocument, path: ValuePath, report: Report): void {
  const inContainer = textAt(flow, [...path, "isolation"]) === "container";
  const hasImage = valueAt(flow.value, [...path, "image"]) !== undefined;
  if (inContainer && !hasImage) {
    const message = "A command with 'isolation: container' needs the image that it runs in.";
    report.at(flow, [...path, "isolation"], "orket/command-image", message, {
      hint: "Add 'image', such as python:3.12-slim.",
    });
  }
  if (!hasImage || inContainer) return;
  const message = "'image' has no effect without 'isolation: container': the command would run without it.";
  report.span(flow, valuePlace(flow, [...path, "image"]), "orket/command-image", message, {
    hint: "Add 'isolation: container', or remove 'image'.",
  });
}

/** Keys that mean nothing for a command with effects outside. */
const withoutEffect = ["writes", "isolation", "image"] as const;

/** What no schema can check about a Flow's command table. */
export function checkCommands(flow: SourceDocument, report: Report): void {
  for (const name of keysAt(flow, ["commands"])) {
    const path = ["commands", name];
    checkArgv(flow, path, report);
    checkText(flow, [...path, "stdin"], report);
    checkEnv(flow, path, report);
    checkWrites(flow, path, report);
    if (textAt(flow, [...path, "effects"]) !== "outside") {
      checkImage(flow, path, report);
      checkLines(flow, path, report);
      continue;
    }
    for (const key of withoutEffect) {
      if (valueAt(flow.value, [...path, key]) === undefined) continue;
      const message = `A command with effects outside works on the project itself: '${key}' has no effect.`;
      report.span(flow, valuePlace(flow, [...path, key]), "orket/command-effects", message, {
        severity: "warning",
      });
    }
  }
}

/** Every text under the key `run`, or that is a tool `command:NAME`, at any depth. */
function namesUsed(value: unknown, names: Set<string>): void {
  if (Array.isArray(value)) {
    for (const entry of value as readonly unknown[]) namesUsed(entry, names);
    return;
  }
  if (typeof value === "string" && value.startsWith("command:")) names.add(value.slice("command:".length));
  if (typeof value !== "object" || value === null) return;
  for (const [key, entry] of Object.entries(value)) {
    if (key === "run" && typeof entry === "string") names.add(entry);
    else namesUsed(entry, names);
  }
}

/** Commands that no step and no role of the Flow uses. */
export function checkUnusedCommands({ flow, band, score, uses }: FlowParts, report: Report): void {
  if (band?.tree === undefined || score?.tree === undefined) return;
  const used = new Set<string>();
  namesUsed(band.value, used);
  for (const one of [score, ...uses]) {
    // A Score that cannot be read may run any of them.
    if (one?.tree === undefined) return;
    namesUsed(one.value, used);
  }
  for (const name of keysAt(flow, ["commands"])) {
    if (used.has(name)) continue;
    const path = ["commands", name];
    const message = `No step runs the command ${quoted(name)}, and no role has it among its tools.`;
    report.span(flow, keySpan(flow, path) ?? nearestPlace(flow, path), "orket/unused-command", message, {
      severity: "hint",
    });
  }
}
