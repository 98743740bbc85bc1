import { CapabilityMemory, describeRemembered } from "../../app/venue/capability-memory";
import type { Remembered } from "../../app/venue/capability-memory";
import type { RuntimeOptions } from "../../app/session/session";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { publicAddress } from "../../adapters/provider/http/redact";
import { sentRoles, withSentModels } from "../../app/venue/sent-models";
import type { SentRole } from "../../app/venue/sent-models";
import { endpointsOn, healthOf, modelText, tryAndKeep } from "../../app/venue/venue-health";
import type { BackendHealth } from "../../app/venue/venue-health";
import { OrketError } from "../../engine/error/orket-error";
import { ProviderError } from "../../engine/error/provider-error";
import type { VenueFile } from "../../engine/model/venue";
import { CancelSource } from "../../engine/port/cancellation";
import type { ProviderHealth } from "../../adapters/provider/health-types";
import { contentOf } from "../../language";
import type { Project } from "../../language";
import { nearest } from "../../language/text/nearest";
import { jsonOption } from "../command";
import type { Command, CommandContext } from "../command";
import { exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import type { Output } from "../io";
import { loadProject } from "../project";
import { withRuntime } from "../runtime";
import { formatDuration } from "../text/format";
import type { Style } from "../text/style";
import { safeLine } from "../text/safe";
import { wrapText } from "../text/width";
import { factsOf, isFromFile } from "../../engine/model/providers";

/** What a model of a Venue can do, as far as it was probed. */
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
  /** Roles that the Venue sends to others. */
  readonly sends: readonly SentRole[];
};

interface ListedVenue {
  readonly path: string;
  readonly venue: VenueFile | undefined;
  readonly sends: readonly SentRole[];
}

function venuesOf(project: Project, wanted: readonly string[]): ListedVenue[] {
  const names = [...(project.names.get("venue")?.keys() ?? [])];
  for (const name of wanted) {
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    throw new OrketError("usage", `There is no Venue '${safeLine(name)}'.`, {
      hint: near === undefined ? `There are: ${names.join(", ")}.` : `Did you mean ${near}?`,
    });
  }
  return [...project.sources.values()].flatMap((source) => {
    const { kind, path } = source;
    if (kind !== "venue") return [];
    const venue = contentOf(source, "venue");
    return wanted.length === 0 || (venue !== undefined && wanted.includes(venue.name))
      ? [
          {
            path,
            venue: venue === undefined ? undefined : withSentModels(project, path, venue),
            sends: sentRoles(project, path),
          },
        ]
      : [];
  });
}

/** Each backend with what is known of its models; with `tries`, after probing it again. */
async function reportsOf(
  { path, venue, sends }: ListedVenue,
  options: RuntimeOptions,
  memory: CapabilityMemory,
  tries: boolean,
): Promise<Report[]> {
  const nothing = { models: [], missing: [], sends };
  if (venue === undefined) {
    const problem = "The file has errors; `orket validate` lists them.";
    return [{ name: path, source: path, provider: "?", reachable: false, ...nothing, problem, tried: [] }];
  }
  const { name, provider, endpoint, nodes = [] } = venue;
  const about = {
    source: path,
    ...(endpoint === undefined ? {} : { endpoint: publicAddress(endpoint) }),
    name,
    provider,
  };
  if (factsOf(provider).answeredBy === "editor") {
    const problem = "Only VS Code itself can say which models it offers.";
    return [{ ...about, reachable: undefined, ...nothing, problem, tried: [] }];
  }
  const reports: Report[] = [];
  for (const backend of await healthOf(venue, options)) {
    const { health, missing } = backend;
    const tried = await triedOf(venue, backend, options, memory, tries);
    const node = nodes.find((one) => one.name === backend.node);
    reports.push(
      node === undefined
        ? { ...about, ...health, missing, tried, sends }
        : {
            ...health,
            name: `${name}/${node.name}`,
            source: path,
            provider: node.provider,
            endpoint: publicAddress(node.endpoint),
            missing,
            tried,
            sends,
          },
    );
  }
  return reports;
}

async function triedOf(
  venue: VenueFile,
  backend: BackendHealth,
  options: RuntimeOptions,
  memory: CapabilityMemory,
  tries: boolean,
): Promise<TriedModel[]> {
  const tried: TriedModel[] = [];
  for (const at of endpointsOn(venue, backend)) {
    const mayTry = tries && backend.health.reachable && !backend.missing.includes(at.model);
    const came = mayTry ? await tryAndKeep(at, venue, memory, options, new CancelSource()) : undefined;
    const known = await memory.find(at);
    if (ProviderError.is(came)) tried.push({ model: at.model, problem: came.message });
    else if (known !== undefined) tried.push({ model: at.model, ...known });
  }
  return tried;
}

function markOf({ reachable, problem }: Report, style: Style): string {
  if (reachable === undefined) return style.dim("?");
  if (!reachable) return style.red("✗");
  return problem === undefined ? style.green("✓") : style.yellow("!");
}

function printReport(report: Report, output: Output): void {
  const { style, columns } = output;
  const mark = markOf(report, style);
  const facts = [
    report.provider,
    ...(report.endpoint === undefined ? [] : [report.endpoint]),
    ...(report.version === undefined ? [] : [report.version]),
    ...(report.latencyMs === undefined ? [] : [formatDuration(report.latencyMs)]),
  ];
  output.line(`${mark} ${style.bold(safeLine(report.name))}  ${safeLine(facts.join(", "))}`);
  const lines: string[] = [];
  if (report.problem !== undefined) lines.push(report.problem);
  if (isFromFile(report.provider)) lines.push("replies from a file, no model");
  else if (report.models.length > 0) {
    lines.push(`models: ${report.models.map(modelText).join(", ")}`);
  }
  for (const tried of report.tried) {
    lines.push(
      "problem" in tried
        ? `could not be tried out with ${tried.model}: ${tried.problem}`
        : `${tried.model}: ${describeRemembered(tried)}`,
    );
  }
  if (report.missing.length > 0) lines.push(`not there: ${report.missing.join(", ")}, which the Venue names`);
  for (const { role, to } of report.sends)
    lines.push(`${role} is sent to ${to ?? "a Venue that is not there"}`);
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
  summary: "List the backends that answer, with their models.",
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
