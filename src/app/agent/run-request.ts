import { sha256 } from "../../adapters/system/sha256";
import { OrketError } from "../../engine/error/orket-error";
import { defined } from "../../engine/model/defined";
import type { Definition } from "../../engine/model/definition";
import { textOfJson } from "../../engine/model/field";
import { groupedExactly } from "../../engine/model/grouped";
import { planFlow } from "../../engine/model/plan-flow";
import { reachRows } from "../../engine/model/reach";
import { resolveFlow } from "../../language/index";
import type { FlowSummary, InputDescription, Project } from "../../language/index";
import { nearest } from "../../language/text/nearest";
import { commandsOf } from "../command/session-commands";
import { commandFacts } from "../command/table-text";
import { bounded } from "./bounded";
import type { ToolInput } from "./tool-inputs";

/** A project whose Flows can be started. */
export interface OfferedProject {
  /** The open folder's name. */
  readonly name: string;
  readonly project: Project;
  readonly flows: readonly FlowSummary[];
}

/** The Flow that an agent or a chat names, with its project. */
export interface FoundFlow<P extends OfferedProject> {
  readonly project: P;
  readonly flow: FlowSummary;
}

/** Maximum length of a task in the question whether a Flow is to start, in characters. */
const shownTask = 2000;

/** A Flow's inputs in one line: `language (one of python, typescript; default python)`. */
export function inputsText(inputs: readonly InputDescription[]): string {
  return inputs
    .map(({ name, type, enum: words, default: preset, required }) => {
      const what = [
        words === undefined ? type : `one of ${words.map(textOfJson).join(", ")}`,
        ...(preset === undefined ? [] : [`default ${textOfJson(preset)}`]),
        ...(required ? ["required"] : []),
      ];
      return `${name} (${what.join("; ")})`;
    })
    .join(", ");
}

/**
 * The Flow of this name, or at this path (`FOLDER/PATH` where several folders are open).
 * @throws {OrketError} usage: there is none, or there are several.
 */
export function findFlow<P extends OfferedProject>(projects: readonly P[], wanted: string): FoundFlow<P> {
  const all = projects.flatMap((project) => project.flows.map((flow) => ({ project, flow })));
  const placeOf = ({ project, flow }: FoundFlow<P>): string => `${project.name}/${flow.path}`;
  const found = all.filter(
    (one) => one.flow.name === wanted || one.flow.path === wanted || placeOf(one) === wanted,
  );
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  if (first !== undefined) {
    throw new OrketError("usage", `${found.length} Flows are named '${wanted}'.`, {
      hint: `Give the path of one: ${found.map(placeOf).join(", ")}.`,
    });
  }
  if (all.length === 0) {
    throw new OrketError("usage", "The open folders have no Flow.", {
      hint: "A Flow is a file NAME.flow.yaml. The command Orket: New Flow writes one.",
    });
  }
  const near = nearest(
    wanted,
    all.map(({ flow }) => flow.name),
  );
  throw new OrketError("usage", `There is no Flow '${wanted}'.`, {
    hint: `${near === undefined ? "" : `Did you mean ${near}? `}The Flows are ${all.map(({ flow }) => flow.name).join(", ")}.`,
  });
}

/**
 * What would run.
 * @param venue the Venue that the user chose in place of the Flow's own.
 * @throws {OrketError} definition_invalid, with the first problem; usage for a task or input that is missing or wrong.
 */
export function definitionFor(
  { project: { project }, flow }: FoundFlow<OfferedProject>,
  { task, inputs }: Pick<ToolInput<"orket_run_flow">, "task" | "inputs">,
  venue: string | undefined,
): Definition {
  const { definition, diagnostics } = resolveFlow(project, flow.path, defined({ task, inputs, venue }));
  if (definition !== undefined) return definition;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const [first] = errors;
  const more = errors.length > 1 ? ` And ${errors.length - 1} more.` : "";
  const cannot = `The Flow ${flow.name} cannot run.`;
  if (first?.origin === "options") {
    const takes =
      flow.inputs.length === 0 ? "It takes no inputs." : `Its inputs: ${inputsText(flow.inputs)}.`;
    throw new OrketError("usage", `${cannot} ${first.message}${more}`, {
      hint: [first.hint ?? "", takes].join(" ").trim(),
    });
  }
  const place =
    first === undefined ? "" : ` ${first.file}, line ${first.range.start.line + 1}: ${first.message}`;
  throw new OrketError("definition_invalid", `${cannot}${place}${more}`);
}

/** Identifies exactly what would run. */
export function digestOfDefinition(definition: Definition): string {
  return sha256(JSON.stringify(definition));
}

/** What a person reads before an agent's request to run a Flow is granted: each a subject and a text. */
export function runFacts(definition: Definition): readonly (readonly [what: string, text: string])[] {
  const plan = planFlow(definition, { prompts: false });
  const { flow, worst, venue, otherVenues, reach } = plan;
  const inputs = Object.entries(plan.inputs).map(([name, value]) => `${name}: ${textOfJson(value)}`);
  const commands = Object.entries(commandsOf(definition)).map(([name, spec]) => {
    const facts = commandFacts(spec).filter(([label]) => ["runs", "network", "effects"].includes(label));
    return `${name}: ${facts.map(([label, text]) => `${label} ${text}`).join(", ")}`;
  });
  const venueText = ({ name, provider, endpoint }: typeof venue): string =>
    `${name} (${provider}${endpoint === undefined ? "" : `, ${endpoint}`})`;
  const cost = worst.usd === undefined ? "cost unknown" : `$${worst.usd.toFixed(2)}`;
  return [
    ["Flow", `${flow.name} (${flow.source})`],
    ["Venue", [venue, ...otherVenues].map(venueText).join("; ")],
    ["Task", bounded(flow.task.trim(), shownTask)],
    ...(inputs.length === 0 ? [] : [["Inputs", bounded(inputs.join("; "), shownTask)] as const]),
    [
      "At most",
      `${groupedExactly(worst.maxSteps)} steps, ${groupedExactly(worst.calls)} model calls, ${groupedExactly(worst.tokens)} tokens, ${cost}`,
    ],
    ...reachRows(reach),
    ...commands.map((text) => ["Command", text] as const),
  ];
}
