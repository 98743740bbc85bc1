import { describeCapabilities } from "../../adapters/provider/capabilities";
import { checkHealth } from "../../adapters/provider/health";
import {
  CapabilityMemory,
  endpointsOf,
  type Remembered,
  tryOut,
  type VenueEndpoint,
} from "../../adapters/runtime/capability-memory";
import { nodeEnvironment, type RuntimeOptions } from "../../adapters/runtime/session-runtime";
import { OrketError } from "../../engine/error/orket-error";
import { ProviderError } from "../../engine/error/provider-error";
import { venueFileSchema, type VenueFile } from "../../engine/model/venue";
import { CancelSource } from "../../engine/port/cancellation";
import type { ProviderHealth } from "../../engine/port/model-provider";
import type { Project } from "../../language";
import { nearest } from "../../language/nearest";
import { jsonOption, type Command, type CommandContext } from "../command";
import { exitCodes, type ExitCode } from "../exit-code";
import type { Output } from "../io";
import { loadProject } from "../project";
import { withRuntime } from "../runtime";
import { formatDuration, formatNumber } from "../text/format";
import { safeLine } from "../text/safe";
import { wrapText } from "../text/width";

/** A backend has this long to answer. */
const timeoutMs = 5000;

/** What a model of a Venue can do, as far as it was tried out. */
type TriedModel = { readonly model: string } & (Remembered | { readonly problem: string });

type Report = Omit<ProviderHealth, "reachable"> & {
  readonly name: string;
  readonly source: string;
  readonly provider: string;
  readonly endpoint?: string;
  /** undefined: it can only be seen from inside VS Code. */
  readonly reachable: boolean | undefined;
  /** Models that the Venue names and the backend does not have. */
  readonly missing: readonly string[];
  readonly tried: readonly TriedModel[];
};

function venuesOf(
  project: Project,
  wanted: readonly string[],
): { path: string; venue: VenueFile | undefined }[] {
  const names = [...(project.names.get("venue")?.keys() ?? [])];
  for (const name of wanted) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    throw new OrketError("usage", `There is no Venue '${safeLine(name)}'.`, {
      mend: near === undefined ? `There are: ${names.join(", ")}.` : `Did you mean ${near}?`,
    });
  }
  return [...project.sources.values()].flatMap(({ kind, path, value }) => {
    if (kind !== "venue") return [];
    const venue = venueFileSchema.safeParse(value).data;
    return wanted.length === 0 || (venue !== undefined && wanted.includes(venue.name))
      ? [{ path, venue }]
      : [];
  });
}

async function healthOf(
  { path, venue }: { path: string; venue: VenueFile | undefined },
  check: (venue: Parameters<typeof checkHealth>[0]) => Promise<ProviderHealth>,
): Promise<Omit<Report, "tried">[]> {
  if (venue === undefined) {
    const problem = "The file has errors; `orket validate` lists them.";
    return [{ name: path, source: path, provider: "?", reachable: false, models: [], missing: [], problem }];
  }
  const { name, provider, endpoint, nodes } = venue;
  const about = { source: path, ...(endpoint === undefined ? {} : { endpoint }) };
  if (provider === "vscode-lm") {
    const problem = "Only VS Code itself can say which models it offers.";
    return [{ ...about, name, provider, reachable: undefined, models: [], missing: [], problem }];
  }
  const wanted = [venue.model, ...Object.values(venue.roles).map(({ model }) => model)];
  const missingIn = ({ models }: ProviderHealth, own: readonly (string | undefined)[]): string[] => {
    if (models.length === 0 || provider === "scripted") return [];
    const known = new Set(models.flatMap((model) => [model.name, model.name.replace(/:latest$/, "")]));
    return [...new Set(own)].filter((model) => model !== undefined && !known.has(model)) as string[];
  };
  if (provider !== "mesh") {
    const health = await check(venue);
    return [
      { ...about, name, provider, ...health, missing: health.reachable ? missingIn(health, wanted) : [] },
    ];
  }
  return Promise.all(
    (nodes ?? []).map(async (node) => {
      const { slots: _slots, name: nodeName, ...callable } = node;
      const health = await check(callable);
      const own = node.model === undefined ? wanted : [node.model];
      return {
        ...health,
        name: `${name}/${nodeName}`,
        source: path,
        provider: node.provider,
        endpoint: node.endpoint,
        missing: health.reachable ? missingIn(health, own) : [],
      };
    }),
  );
}

/** Each with what is known of its models; with `--try`, after it was found out anew. */
async function reportsOf(
  one: { path: string; venue: VenueFile | undefined },
  options: RuntimeOptions,
  memory: CapabilityMemory,
  tries: boolean,
): Promise<Report[]> {
  const { venue } = one;
  const reports: Report[] = [];
  for (const health of await healthOf(one, (callable) => checkHealth(callable, options, timeoutMs))) {
    const tried: TriedModel[] = [];
    for (const at of venue === undefined ? [] : endpointsOf(venue)) {
      const isHere = at.node === undefined || health.name === `${venue?.name ?? ""}/${at.node}`;
      if (!isHere || venue === undefined) continue;
      const mayTry = tries && health.reachable === true && !health.missing.includes(at.model);
      const problem = mayTry ? await tryAndKeep(at, venue, options, memory) : undefined;
      const known = await memory.find(at);
      if (problem !== undefined) tried.push({ model: at.model, problem });
      else if (known !== undefined) tried.push({ model: at.model, ...known });
    }
    reports.push({ ...health, tried });
  }
  return reports;
}

/** @returns why it could not be tried out. */
async function tryAndKeep(
  at: VenueEndpoint,
  venue: VenueFile,
  options: RuntimeOptions,
  memory: CapabilityMemory,
): Promise<string | undefined> {
  try {
    await memory.keep(at, await tryOut(at, venue, options, new CancelSource()));
    return undefined;
  } catch (error) {
    if (error instanceof ProviderError) return error.message;
    throw error;
  }
}

/** "qwen3:8b (loaded, 8,192 tokens)" */
function modelText({ name, loaded, contextTokens }: ProviderHealth["models"][number]): string {
  const facts = [
    ...(loaded === true ? ["loaded"] : []),
    ...(contextTokens === undefined ? [] : [`${formatNumber(contextTokens)} tokens`]),
  ];
  return facts.length === 0 ? name : `${name} (${facts.join(", ")})`;
}

function printReport(report: Report, output: Output): void {
  const { style, columns } = output;
  const mark =
    report.reachable === undefined ? style.dim("?") : report.reachable ? style.green("✓") : style.red("✗");
  const facts = [
    report.provider,
    ...(report.endpoint === undefined ? [] : [report.endpoint]),
    ...(report.version === undefined ? [] : [report.version]),
    ...(report.latencyMs === undefined ? [] : [formatDuration(report.latencyMs)]),
  ];
  output.line(`${mark} ${style.bold(safeLine(report.name))}  ${safeLine(facts.join(", "))}`);
  const lines: string[] = [];
  if (report.problem !== undefined) lines.push(report.problem);
  if (report.provider === "scripted") lines.push("replies from a file, no model");
  else if (report.models.length > 0) {
    lines.push(`models: ${report.models.map(modelText).join(", ")}`);
  }
  for (const tried of report.tried) {
    lines.push(
      "problem" in tried
        ? `could not be tried out with ${tried.model}: ${tried.problem}`
        : `${tried.model}: ${describeCapabilities(tried.capabilities)} (tried out ${tried.triedAt.slice(0, 10)})`,
    );
  }
  if (report.missing.length > 0) lines.push(`not there: ${report.missing.join(", ")}, which the Venue names`);
  for (const line of lines) {
    for (const part of wrapText(safeLine(line), Math.min(columns, 110) - 4)) output.line(`    ${part}`);
  }
}

async function venues(context: CommandContext): Promise<ExitCode> {
  const { io, given } = context;
  const project = await loadProject(context);
  const wanted = venuesOf(project, given.positionals);
  const memory = new CapabilityMemory(nodeEnvironment, context.workDomain);
  const reports = await withRuntime(context, (options) =>
    Promise.all(wanted.map((one) => reportsOf(one, options, memory, given.flag("try")))),
  );
  const all = reports.flat();
  if (given.flag("json")) io.stdout.line(JSON.stringify(all, null, 2));
  else {
    if (all.length === 0) io.stderr.line("The project has no Venues.");
    for (const report of all) printReport(report, io.stdout);
  }
  const silent = all.some(({ reachable }) => reachable === false);
  return silent && given.positionals.length > 0 ? exitCodes.providerFailed : exitCodes.done;
}

export const venuesCommand: Command = {
  name: "venues",
  summary: "Say which backends answer, and with which models.",
  details: [
    "The exit code is 4 when a Venue that was named does not answer; a list of all is always 0. The keys of a Venue come from the environment: env:NAME is the variable NAME, secret:NAME is ORKET_SECRET_NAME in upper case.",
    "With --try every model that a Venue names is called four times for a few words: does the same seed give the same reply, are tokens counted in the stream, does a reply keep to a JSON Schema, how many calls are worked on at once. That costs a few tokens. What was found out is remembered in .orket/capabilities.json and shown from then on.",
  ],
  args: [
    {
      name: "VENUE",
      optional: true,
      multiple: true,
      summary: "Only these; without any, all of the project.",
    },
  ],
  options: [
    {
      name: "try",
      summary: "Also try out what each model can do, with four short calls each, and remember it.",
    },
    jsonOption,
  ],
  examples: [
    { line: "orket venues", does: "ask every backend of the project" },
    { line: "orket venues ollama && orket run shapes --venue ollama", does: "run only if it answers" },
    { line: "orket venues vllm --try", does: "find out what that server can do" },
  ],
  run: venues,
};
