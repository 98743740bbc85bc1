import { nameSchema } from "../../engine/model/names";
import { quoted } from "../text/diagnostic";
import type { NamedKind } from "../text/file-kind";
import { nearest } from "../text/nearest";
import type { Project } from "../project/project";
import { isFromFile, providersWhere } from "../../engine/model/providers";
import type { ProvidersWhere } from "../../engine/model/providers";
import { venueValue } from "../import/venue";
import type { BackendName } from "../import/venue";
import { fixUntilTestsPass } from "./fix-until-tests-pass";
import { planBuildReview } from "./plan-build-review";
import { researchSummarise } from "./research-summarise";
import type { FlowTemplate } from "./template";
import { testArgv } from "./test-runner";
import type { TestRunnerId } from "./test-runner";
import { writeEdit } from "./write-edit";

export { detectTestRunners, testArgv, testRunnerFiles, testRunners } from "./test-runner";
export type { TestRunnerId } from "./test-runner";

const templates: readonly FlowTemplate[] = [planBuildReview, writeEdit, researchSummarise, fixUntilTestsPass];

/** The templates of "New Flow", for pickers. */
export const flowTemplates: readonly Pick<FlowTemplate, "id" | "title" | "summary">[] = templates;

/** Whether a template's Flow runs the project's tests, so that the test command must be given. */
export function runsTests(template: string): boolean {
  return template === fixUntilTestsPass.id;
}

/** Backends that a new Flow can start with; one that answers from a file needs no model. */
export const newFlowProviders = providersWhere("answeredBy", "server", "editor", "file");
export type NewFlowProvider = ProvidersWhere<"answeredBy", "server" | "editor" | "file">;

export interface NewFlowOptions {
  readonly template: string;
  /** Of the Flow, its Band and its Score. */
  readonly name: string;
  /** The backend that the Flow uses. Default: ollama. A scripted Venue is written in any case. */
  readonly provider?: NewFlowProvider;
  readonly model?: string;
  /** The command for the project's tests, for templates that run them; `node` without it. */
  readonly tests?: TestRunnerId;
  /** The folder for the files, relative to the WorkDomain; the root of the WorkDomain without it. */
  readonly folder?: string;
  /** The project in its current state: names in use are not written again. */
  readonly project?: Project;
}

export type NewFlowResult =
  | {
      readonly kind: "files";
      readonly files: readonly { readonly path: string; readonly text: string }[];
      /** The Flow's file. */
      readonly flow: string;
      /** A Venue that plays recorded replies. */
      readonly scriptedVenue: string;
    }
  | { readonly kind: "refused"; readonly field: "template" | "name"; readonly message: string };

/** Longer names leave no room for the Venues' suffixes. */
const maxName = 55;

function refused(field: "template" | "name", message: string): NewFlowResult {
  return { kind: "refused", field, message };
}

/** Why a new Flow cannot have this name; undefined when it can. For input boxes that validate while the user types. */
export function newFlowNameProblem(name: string, project?: Project, folder?: string): string | undefined {
  const form = nameSchema.safeParse(name);
  if (!form.success)
    return `The name ${quoted(name)}: ${form.error.issues[0]?.message ?? "it is not valid"}.`;
  if (name.length > maxName) return `The name may have ${maxName} characters at most.`;
  if (project === undefined) return undefined;
  const venues = [`${name}-model`, `${name}-scripted`];
  const wanted: Record<NamedKind, readonly string[]> = {
    flow: [name],
    band: [name],
    score: [name],
    venue: venues,
  };
  for (const kind of ["flow", "band", "score", "venue"] as const) {
    for (const one of wanted[kind]) {
      const taken = project.names.get(kind)?.get(one)?.[0];
      if (taken !== undefined) return `A ${kind} is named ${quoted(one)} already: ${taken}.`;
    }
  }
  const paths = new Set([...project.sources.keys()].map((path) => path.toLowerCase()));
  const there = pathsOf(name, folder).find((path) => paths.has(path.toLowerCase()));
  return there === undefined ? undefined : `There is a file ${quoted(there)} already.`;
}

function pathsOf(name: string, folder = ""): string[] {
  const at = folder.replace(/^\.\/|\/+$/g, "");
  return [
    `${name}.flow.yaml`,
    `${name}.band.yaml`,
    `${name}.score.yaml`,
    `${name}-model.venue.yaml`,
    `${name}-scripted.venue.yaml`,
    `${name}.replies.yaml`,
  ].map((file) => (at === "" || at === "." ? file : `${at}/${file}`));
}

const hints: Readonly<Record<BackendName, readonly string[]>> = {
  ollama: ["A model on this machine, served by Ollama. 'ollama list' says which you have."],
  openai: [
    "Any server that speaks the OpenAI API. For a hosted one set 'endpoint' and",
    "'api_key: secret:NAME' or 'api_key: env:NAME'; never the key itself.",
  ],
  "vscode-lm": ["The language models that VS Code offers. Works in the editor only."],
};

function modelVenue(name: string, provider: BackendName, model: string | undefined): string {
  const value = venueValue(provider, model);
  const lines = Object.entries(value).map(
    ([key, one]) => `${key}: ${typeof one === "string" ? scalar(one) : String(one)}`,
  );
  return [...hints[provider].map((hint) => `# ${hint}`), "version: 1", `name: ${name}`, ...lines, ""].join(
    "\n",
  );
}

/** Text as YAML: plain where it can only be read as text. */
function scalar(text: string): string {
  return /^[A-Za-z][\w./-]*(:[\w./-]+)*$/.test(text) && !/^(true|false|null|yes|no|on|off)$/i.test(text)
    ? text
    : JSON.stringify(text);
}

/** The files of a new Flow from a template, or why there are none. Pure: nothing is written. */
export function newFlowFiles(options: NewFlowOptions): NewFlowResult {
  const { name, project, folder, provider = "ollama" } = options;
  const template = templates.find(({ id }) => id === options.template);
  if (template === undefined) {
    const ids = templates.map(({ id }) => id);
    const near = nearest(options.template, ids);
    const hint = near === undefined ? `There are ${ids.join(", ")}.` : `Did you mean ${near}?`;
    return refused("template", `There is no template ${quoted(options.template)}. ${hint}`);
  }
  const problem = newFlowNameProblem(name, project, folder);
  if (problem !== undefined) return refused("name", problem);
  const [scripted, model] = [`${name}-scripted`, `${name}-model`];
  // Quotes prevent a name such as 1.0 or null from being read as something else.
  const written = scalar(name);
  const backend = isFromFile(provider) ? "ollama" : provider;
  const texts = [
    template.flow({
      name: written,
      venue: isFromFile(provider) ? scripted : model,
      tests: testArgv(options.tests ?? "node"),
    }),
    template.band(written),
    template.score(written),
    modelVenue(model, backend, options.model),
    `# Plays recorded replies: no model, no network, the same every time. To use it: --venue ${scripted}\nversion: 1\nname: ${scripted}\nprovider: scripted\nreplies: ${scalar(`${name}.replies.yaml`)}\n`,
    template.replies,
  ];
  const files = pathsOf(name, folder).map((path, index) => ({ path, text: texts[index] ?? "" }));
  return { kind: "files", files, flow: files[0]?.path ?? "", scriptedVenue: scripted };
}
