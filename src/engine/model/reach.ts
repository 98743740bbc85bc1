import { stepsOf } from "./plan";
import { calledVenues } from "./called-venues";
import type { Definition, ResolvedVenue } from "./definition";
import { defined } from "./defined";
import { factsOf } from "./providers";
import { anyTouches, commandOfTool, isBuiltin, unboundedText } from "./tools";

/** A key that a Venue names, and the server that it is sent to. */
export interface KeyUse {
  /** `secret:NAME` or `env:NAME`. */
  readonly reference: string;
  /** Scheme, host and port: `https://api.openai.com`. */
  readonly origin: string;
}

/** A command that the Flow may start. */
export interface CommandReach {
  readonly name: string;
  readonly isolation: string;
  /** The image of its container, at that level. */
  readonly image?: string;
  readonly network: boolean;
  /** It works on the project itself. */
  readonly outside: boolean;
}

/**
 * The most that a run of a Flow can access, whatever its models say. Orket cannot bound what a foreign tool does; such
 * tools are listed for that reason.
 */
export interface Reach {
  /** Folders that agents can read, including everything below unless stated otherwise; empty when no role has a tool that reads. */
  readonly reads: readonly string[];
  /** Files of the project that are in the prompts of roles, whatever the policy's scopes are. */
  readonly instructions: readonly string[];
  /** Folders of the skills that roles can read, likewise. */
  readonly skills: readonly string[];
  /** Globs of files that usually contain secrets and are readable anyway. */
  readonly secretsReadable: readonly string[];
  /** Whether agents can write files in the session's Workspace, which become proposals. */
  readonly writes: boolean;
  /** Whether a step can write there before a person was asked: a step that fails has no result to ask about. */
  readonly writesWithoutApproval: boolean;
  /** Servers to which prompts, and what agents read, are sent. */
  readonly servers: readonly string[];
  readonly keys: readonly KeyUse[];
  readonly commands: readonly CommandReach[];
  /** Tools that other extensions and MCP servers perform, and those among them that need approval for each call. */
  readonly foreignTools: readonly string[];
  readonly foreignToolsAsked: readonly string[];
  /** Whether anything can access a network: a server that is not this machine, a command, a foreign tool. */
  readonly network: boolean;
}

const defaultPorts: Readonly<Record<string, string>> = { "http:": "80", "https:": "443" };

/** Scheme, host and port of an address, as a browser would write it; a text that is not an address is unchanged. */
export function originOf(address: string): string {
  const parts = /^(https?:)\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d*))?/i.exec(address);
  if (parts === null) return address;
  const scheme = (parts[1] ?? "").toLowerCase();
  const { 2: host = "", 3: port = "" } = parts;
  return `${scheme}//${host.toLowerCase()}${port === "" || String(Number(port)) === defaultPorts[scheme] ? "" : `:${Number(port)}`}`;
}

/** Whether an origin is a server on this machine. */
export function isThisMachine(origin: string): boolean {
  return /^https?:\/\/(?:localhost|127(?:\.\d+){3}|\[::1\])(?::\d+)?$/.test(origin);
}

interface Server {
  readonly endpoint?: string | undefined;
  readonly api_key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const isReference = (value: string): boolean => /^(?:secret|env):/.test(value);

function serversOf({ provider, endpoint, api_key, nodes = [], ...more }: ResolvedVenue): Server[] {
  const { answeredBy } = factsOf(provider);
  if (answeredBy === "nodes") return nodes;
  const headers = "headers" in more ? (more.headers as Server["headers"]) : undefined;
  return answeredBy === "server" ? [{ endpoint, api_key, headers }] : [];
}

function keysOf(servers: readonly Server[]): KeyUse[] {
  const uses = new Map<string, KeyUse>();
  for (const { endpoint = "", api_key, headers = {} } of servers) {
    const origin = originOf(endpoint);
    for (const reference of [api_key, ...Object.values(headers)]) {
      if (reference !== undefined && isReference(reference))
        uses.set(`${reference}@${origin}`, { reference, origin });
    }
  }
  return [...uses.values()];
}

function commandsOf(flow: object): CommandReach[] {
  const table = "commands" in flow ? flow.commands : undefined;
  if (typeof table !== "object" || table === null) return [];
  return Object.entries(
    table as Readonly<
      Record<string, { isolation?: string; image?: string; network?: string; effects?: string }>
    >,
  ).map(([name, { isolation = "sandbox", image, network, effects }]) => ({
    name,
    isolation,
    ...(isolation === "container" ? defined({ image }) : {}),
    network: network === "allowed",
    outside: effects === "outside",
  }));
}

function readsOf({ flow }: Definition): string[] {
  const { read_scope: scope } = flow.policy;
  return [
    ...(scope.includes("workspace") ? ["the session's Workspace"] : []),
    ...(scope.includes("domain") ? ["the project"] : []),
    ...(scope.includes("reference") ? flow.references.map((folder) => `the reference ${folder}`) : []),
    "the folder Orket is started from, itself and the files directly in it",
  ];
}

/** The most that a run of the definition can access. Pure: the same for plan, question, diagnostic and test. */
export function reachOf(definition: Definition): Reach {
  const { flow, band } = definition;
  const venues = calledVenues(definition).map(({ venue }) => venue);
  const editorModels = venues.some(({ provider }) => factsOf(provider).answeredBy === "editor");
  const roles = Object.values(band.roles);
  const tools = roles.flatMap((role) => role.tools.map(String));
  const servers = venues.flatMap(serversOf);
  const origins = [...new Set(servers.map(({ endpoint = "" }) => originOf(endpoint)))];
  const commands = commandsOf(flow);
  const foreignTools = [
    ...new Set(tools.filter((name) => !isBuiltin(name) && commandOfTool(name) === undefined)),
  ];
  const writes = flow.policy.write_scope.includes("workspace") && anyTouches(tools, "write");
  const reads = anyTouches(tools, "read") || anyTouches(tools, "write");
  const quiet = new Set<string>();
  for (const { approval, role } of stepsOf(definition.score.steps))
    if (approval === "none" || approval === "after_step") quiet.add(role);
  const writesQuietly = [...quiet].some((name) => {
    const role = Object.hasOwn(band.roles, name) ? band.roles[name] : undefined;
    return role !== undefined && anyTouches(role.tools.map(String), "write");
  });
  return {
    reads: reads ? readsOf(definition) : [],
    instructions: (band.instructions ?? []).map(({ path }) => path),
    skills: (band.skills ?? []).map(({ folder }) => folder),
    secretsReadable: reads ? flow.policy.allow : [],
    writes,
    writesWithoutApproval: writes && writesQuietly,
    servers: editorModels ? [...origins, "the editor's language models"] : origins,
    keys: keysOf(servers),
    commands,
    foreignTools,
    foreignToolsAsked: foreignTools.filter((name) => flow.policy.foreign_tools?.includes(name) !== true),
    network:
      editorModels ||
      origins.some((origin) => !isThisMachine(origin)) ||
      commands.some(({ network, outside }) => network || outside) ||
      foreignTools.length > 0,
  };
}

/** The same as a table for users: the subject, and the most that can happen. */
export function reachRows(reach: Reach): readonly (readonly [what: string, most: string])[] {
  const { reads, secretsReadable, servers, keys, commands, foreignTools, foreignToolsAsked: asked } = reach;
  const commandText = commands.map(({ name, isolation, image, network, outside }) =>
    outside
      ? `${name} (on the project itself, each time asked for)`
      : `${name} (isolation ${isolation === "container" ? `container, image ${image ?? "not named"}` : `${isolation} or stronger`}, network ${network ? "allowed" : "none"})`,
  );
  return [
    ["Agents read", reads.length === 0 ? "nothing" : reads.join("; ")],
    ...(reach.instructions.length === 0 ? [] : [["In prompts", reach.instructions.join(", ")] as const]),
    ...(reach.skills.length === 0
      ? []
      : [["Skills", `${reach.skills.join(", ")}, as text; their scripts are not run`] as const]),
    ...(secretsReadable.length === 0
      ? []
      : [["Secret files too", `those that match ${secretsReadable.join(", ")}`] as const]),
    [
      "Agents write",
      reach.writes
        ? `proposals in the session's Workspace${reach.writesWithoutApproval ? ", in some steps before anybody is asked" : ""}; the project only when you accept`
        : "nothing",
    ],
    ["Sent to", servers.length === 0 ? "no server" : servers.join(", ")],
    [
      "Keys",
      keys.length === 0
        ? "none"
        : keys.map(({ reference, origin }) => `${reference} to ${origin}`).join("; "),
    ],
    ["Commands", commandText.length === 0 ? "none" : commandText.join("; ")],
    ...(foreignTools.length === 0
      ? []
      : [
          [
            "Foreign tools",
            foreignTools
              .map(
                (name) => `${unboundedText(name)}${asked.includes(name) ? " (each call is asked for)" : ""}`,
              )
              .join("; "),
          ] as const,
        ]),
    ["Network", reach.network ? "can be reached" : "this machine only"],
  ];
}
