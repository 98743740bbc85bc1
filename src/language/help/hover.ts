import type { Hover } from "vscode-languageserver-types";
import { grouped } from "../../engine/model/grouped";
import { callSettings } from "../../engine/model/definition";
import { plannedSteps, worstCase } from "../../engine/model/plan";
import { isBuiltin, isForeign, toolTable, unboundedText } from "../../engine/model/tools";
import { entityOwner, fieldAt } from "../schema/fields";
import { fileKinds } from "../text/file-kind";
import type { LineIndex, Span } from "../text/lines";
import { locate } from "../text/locate";
import { namesIn, occurrenceAt } from "../project/occurrences";
import type { Occurrence, TemplateValue } from "../project/occurrences";
import { textAt, textsAt } from "../schema/read";
import { resolveFlow } from "../flow/resolve";
import { schemasAt, unwrapAll, alternatives } from "../schema/schema-walk";
import { scoreViewOf } from "../schema/score-view";
import { valueAt } from "../schema/schema";
import type { SourceDocument } from "../text/source";
import type { ValuePath } from "../text/tree";
import { typeText } from "./complete";
import { markdown } from "./lsp";
import { explainMaterial } from "./materials";
import { entityLabels } from "./model";
import type { HelpRequest } from "./model";
import { explainPlaceholder, fieldText, performerOf, placeholderAt, shorten } from "./placeholders";
import type { Found } from "./found";
import { besideText, definitionsOf, fileOf } from "./symbols";

/** The help text about a place. */
interface Explanation {
  readonly span: Span;
  /** Markdown. Text from the user's files is in code blocks only. */
  readonly text: string;
}

function fenced(text: string): string {
  const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  return `${fence}text\n${text}\n${fence}`;
}

/** The most that a step of a Score can use, for each Flow that runs it. */
function stepCosts(request: HelpRequest, score: SourceDocument, id: string): string[] {
  const lines: string[] = [];
  const { project } = request;
  for (const { flow } of (project.links.through.get(score.path) ?? []).slice(0, 5)) {
    const { definition } = resolveFlow(project, flow, { forRun: false });
    if (definition === undefined) continue;
    for (const planned of plannedSteps(definition.score.steps)) {
      if (planned.node.id !== id) continue;
      const worst = worstCase(definition, planned);
      const { model } = callSettings(definition, planned.node.role);
      const cost = worst.usd === undefined ? "" : `, $${worst.usd.toFixed(2)}`;
      lines.push(
        `**${definition.flow.name}**: \`${model}\`, at most ${grouped(worst.calls)} calls, ${grouped(worst.tokens)} tokens${cost}`,
      );
    }
  }
  return lines;
}

function describeRole({ source, occurrence }: Found): string[] {
  const about = besideText(source, occurrence, "description");
  const prompt = textAt(source, [...occurrence.path, "prompt"]);
  const tools = textsAt(source, [...occurrence.path, "tools"]).map(({ text }) => text);
  return [
    ...(about === undefined ? [] : [about]),
    ...(prompt === undefined ? [] : [fenced(shorten(prompt))]),
    tools.length === 0 ? "May call no tools." : `May call ${tools.map((tool) => `\`${tool}\``).join(", ")}.`,
  ];
}

function describeStep(request: HelpRequest, score: SourceDocument, id: string): string[] {
  const view = scoreViewOf(score);
  const group = view.groupById.get(id);
  if (group !== undefined && !view.byId.has(id)) return [`A group: ${group.kind}.`];
  const step = view.byId.get(id);
  if (step === undefined) return [];
  const instruction = textAt(score, [...step.path, "instruction"]);
  return [
    `Performed by \`${performerOf(step)}\`${step.verdict === undefined ? "" : `, says ${step.verdict.map((word) => `\`${word}\``).join(" or ")}`}.`,
    ...(instruction === undefined ? [] : [fenced(shorten(instruction))]),
    ...stepCosts(request, score, id),
  ];
}

function describeFound(request: HelpRequest, found: Found, occurrence: Occurrence): string[] {
  const { source } = found;
  switch (occurrence.entity) {
    case "role":
      return describeRole(found);
    case "step":
      return describeStep(request, source, occurrence.name);
    case "flow":
    case "band":
    case "venue":
    case "score": {
      const about = textAt(source, ["description"]);
      const model = textAt(source, ["model"]);
      const provider = textAt(source, ["provider"]);
      const roles = Object.keys(valueAt(source.value, ["roles"]) ?? {});
      return [
        ...(about === undefined ? [] : [about]),
        ...(provider === undefined ? [] : [`\`${provider}\`${model === undefined ? "" : `, \`${model}\``}`]),
        ...(occurrence.entity === "band" ? [`Roles: ${roles.map((role) => `\`${role}\``).join(", ")}`] : []),
        ...(occurrence.entity === "score"
          ? [
              `Steps: ${scoreViewOf(source)
                .steps.slice(0, 50)
                .map(({ id }) => `\`${id}\``)
                .join(", ")}`,
            ]
          : []),
      ];
    }
    case "command": {
      const argv = textsAt(source, [...found.occurrence.path, "argv"]).map(({ text }) => text);
      const about = besideText(source, found.occurrence, "description");
      return [
        ...(about === undefined ? [] : [about]),
        ...(argv.length === 0 ? [] : [fenced(argv.join(" "))]),
      ];
    }
    case "field":
    case "input": {
      const spec: unknown = valueAt(source.value, found.occurrence.path);
      return typeof spec === "object" && spec !== null ? [fieldText(spec)] : [];
    }
    case "node":
    case "artifact":
    case "verdict":
    case "note": {
      const about = besideText(source, found.occurrence, "description");
      return about === undefined ? [] : [about];
    }
  }
}

function hoverName(request: HelpRequest, occurrence: Occurrence): Explanation {
  const { source, project } = request;
  const label = entityLabels[occurrence.entity];
  const [found] = definitionsOf(project, source, occurrence);
  const lines = [`**${label.charAt(0).toUpperCase()}${label.slice(1)}** \`${occurrence.name}\``];
  if (found === undefined) {
    const owned =
      entityOwner[occurrence.entity] === "project" ? fileOf(project, source, occurrence) : undefined;
    if (owned === undefined && occurrence.entity !== "note" && occurrence.role === "reference")
      lines.push("Not found in the project.");
  } else {
    if (occurrence.role === "reference") lines[0] = `${lines[0] ?? ""} in ${found.source.path}`;
    lines.push(...describeFound(request, found, occurrence));
  }
  return { span: occurrence.span, text: lines.join("\n\n") };
}

/** The template around an offset, with the offset in its text. */
function templateAt(
  source: SourceDocument,
  offset: number,
): { template: TemplateValue; at: number } | undefined {
  const template = namesIn(source).templates.find(({ span }) => offset >= span.start && offset <= span.end);
  const map = template?.map();
  return template === undefined || map === undefined ? undefined : { template, at: map.toValue(offset) };
}

/** Hover inside a template, at places of its text. */
export function hoverPlaceholder(
  { project, source }: Pick<HelpRequest, "project" | "source">,
  path: ValuePath,
  text: string,
  offset: number,
): Explanation | undefined {
  const found = placeholderAt(text, offset);
  if (found === undefined) return undefined;
  const { start, end, placeholder } = found;
  return { span: { start, end }, text: explainPlaceholder(project, source, placeholder, path) };
}

/** Help on the item at an offset; undefined where there is none. */
export function hover(request: HelpRequest): Hover | undefined {
  return hoverOf(request.source.lines, explain(request));
}

/** What an editor shows for an explanation of a place in a text. */
export function hoverOf(lines: LineIndex, found: Explanation | undefined): Hover | undefined {
  return found === undefined
    ? undefined
    : { contents: markdown(found.text), range: lines.rangeOf(found.span) };
}

function explain(request: HelpRequest): Explanation | undefined {
  const { source, offset } = request;
  const { kind } = source;
  if (kind === undefined) return undefined;
  const inTemplate = templateAt(source, offset);
  if (inTemplate !== undefined) {
    const { template, at } = inTemplate;
    const found = hoverPlaceholder(request, template.path, template.text, at);
    const span = found === undefined ? undefined : template.map()?.spanToSource(found.span);
    if (found !== undefined && span !== undefined && offset >= span.start && offset <= span.end)
      return { ...found, span };
  }
  const occurrence = occurrenceAt(source, offset);
  const located = locate(source, offset);
  if (occurrence !== undefined && occurrence.placeholder !== true) {
    const named = hoverName(request, occurrence);
    const own = located === undefined ? undefined : keyHelp(request, located.path);
    return own === undefined || located?.on === "key"
      ? named
      : { ...named, text: `${named.text}\n\n---\n\n${own}` };
  }
  if (located === undefined) return undefined;
  const field = fieldAt(kind, located.path, "value");
  if (field?.meaning.is === "tool" && located.on === "value") {
    const tool = textAt(source, located.path) ?? "";
    const about = isBuiltin(tool) ? toolTable[tool].description : undefined;
    const text =
      about ??
      (isForeign(tool)
        ? `A tool that another extension or an MCP server registered in VS Code. Orket cannot bound it: it ${unboundedText(tool)}. Each call is asked for, unless the Flow lists the tool under \`policy.foreign_tools\`.`
        : undefined);
    return text === undefined ? undefined : { span: located.span, text: `**Tool** \`${tool}\`\n\n${text}` };
  }
  const own = keyHelp(request, located.path);
  const named = located.on === "value" ? explainMaterial(request.project, source, located.path) : undefined;
  const text = [named, own].filter((part) => part !== undefined).join("\n\n---\n\n");
  return text === "" ? undefined : { span: located.span, text };
}

function keyHelp({ source }: HelpRequest, path: ValuePath): string | undefined {
  const { kind } = source;
  if (kind === undefined) return undefined;
  let name = path.at(-1);
  let at = path;
  if (typeof name === "number") {
    at = path.slice(0, -1);
    name = at.at(-1);
  }
  const [schema] = schemasAt(kind, at);
  if (schema === undefined || name === undefined) return undefined;
  const { description, preset } = unwrapAll(schema);
  const about = description ?? unwrapAll(alternatives(schema)[0] ?? schema).description;
  const lines = [
    `\`${name}\`: ${typeText(schema)}`,
    ...(about === undefined ? [] : [about]),
    ...(preset === undefined ? [] : [`Default: \`${JSON.stringify(preset)}\``]),
    ...(at.length === 1 && name === "version" ? [`A ${fileKinds[kind].label}.`] : []),
  ];
  return lines.join("\n\n");
}
