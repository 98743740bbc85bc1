/** Where the replies of a provider come from, which decides what a Venue must specify. */
export type AnsweredBy =
  /** One server at an endpoint, over HTTP. */
  | "server"
  /** The servers that the Venue lists as `nodes`. */
  | "nodes"
  /** VS Code and its extensions; they are only available inside the editor. */
  | "editor"
  /** A file of replies; no model is asked. */
  | "file";

/** What is known about a provider without calling it: read by validation, plan, help, templates, adapters and both hosts. */
export interface ProviderFacts {
  /** Its display name. */
  readonly title: string;
  /** One line next to the title in a list. */
  readonly summary: string;
  readonly answeredBy: AnsweredBy;
  /** Where calls go when the Venue names no `endpoint`; undefined where an endpoint has no meaning. */
  readonly defaultEndpoint: string | undefined;
  /** Whether the default endpoint refuses calls without an `api_key`. */
  readonly defaultNeedsKey: boolean;
  /** Whether the Venue, or a role in it, must name a `model`. */
  readonly needsModel: boolean;
  /** A model that an example or a new Venue names; undefined where there are no models to name. */
  readonly exampleModel: string | undefined;
  /** The model of a call where the Venue names none. */
  readonly fixedModel: string | undefined;
  /** Whether a mesh may list it as a node. */
  readonly canBeNode: boolean;
  /** Whether its list of models can be queried, in the editor or over HTTP. */
  readonly listsModels: boolean;
  /** Whether a model that is missing from the list cannot be called. Some servers list only part of the models they serve. */
  readonly listIsWhole: boolean;
  /** Keys of a Venue that only have an effect with this provider, or with others that list them too. */
  readonly ownKeys: readonly string[];
}

/**
 * The providers, in the order in which help lists them. `satisfies` and the tables that are keyed by `ProviderName`
 * elsewhere make the compiler name every place that a new provider must be added to.
 */
export const providerTable = {
  ollama: {
    title: "Ollama",
    summary: "Models on this machine or in the network",
    answeredBy: "server",
    // Ollama's own default (OLLAMA_HOST).
    defaultEndpoint: "http://127.0.0.1:11434",
    defaultNeedsKey: false,
    needsModel: true,
    exampleModel: "qwen3-coder:latest",
    fixedModel: undefined,
    canBeNode: true,
    listsModels: true,
    listIsWhole: true,
    ownKeys: ["endpoint", "slots"],
  },
  openai: {
    title: "OpenAI-compatible",
    summary: "llama.cpp, vLLM, LM Studio, or a hosted service",
    answeredBy: "server",
    // The base URL that OpenAI's own SDK uses.
    defaultEndpoint: "https://api.openai.com/v1",
    defaultNeedsKey: true,
    needsModel: true,
    exampleModel: "local-model",
    fixedModel: undefined,
    canBeNode: true,
    listsModels: true,
    listIsWhole: false,
    ownKeys: ["endpoint", "slots"],
  },
  "vscode-lm": {
    title: "VS Code's language models",
    summary: "What extensions such as Copilot offer; in the editor only",
    answeredBy: "editor",
    defaultEndpoint: undefined,
    defaultNeedsKey: false,
    needsModel: false,
    exampleModel: "gpt-4o",
    fixedModel: undefined,
    canBeNode: false,
    listsModels: true,
    listIsWhole: true,
    ownKeys: ["slots"],
  },
  mesh: {
    title: "Mesh",
    summary: "Several servers that share the calls",
    answeredBy: "nodes",
    defaultEndpoint: undefined,
    defaultNeedsKey: false,
    needsModel: true,
    exampleModel: undefined,
    fixedModel: undefined,
    canBeNode: false,
    listsModels: false,
    listIsWhole: false,
    ownKeys: ["nodes", "routing", "same_model"],
  },
  scripted: {
    title: "No model yet",
    summary: "Recorded replies, to see how a run goes",
    answeredBy: "file",
    defaultEndpoint: undefined,
    defaultNeedsKey: false,
    needsModel: false,
    exampleModel: undefined,
    fixedModel: "scripted",
    canBeNode: false,
    listsModels: false,
    listIsWhole: true,
    ownKeys: ["replies", "slots"],
  },
} as const satisfies Readonly<Record<string, ProviderFacts>>;

export type ProviderName = keyof typeof providerTable;
/** The providers whose table entry has one of `Value` under `Key`. */
export type ProvidersWhere<Key extends keyof ProviderFacts, Value extends ProviderFacts[Key]> = {
  [Name in ProviderName]: (typeof providerTable)[Name][Key] extends Value ? Name : never;
}[ProviderName];

export const providerNames = Object.keys(providerTable) as [ProviderName, ...ProviderName[]];

/** The providers whose table entry has one of `values` under `key`, in the table's order. */
export function providersWhere<Key extends keyof ProviderFacts, const Value extends ProviderFacts[Key]>(
  key: Key,
  ...values: Value[]
): ProvidersWhere<Key, Value>[] {
  return providerNames.filter((name): name is ProvidersWhere<Key, Value> =>
    values.some((value) => factsOf(name)[key] === value),
  );
}

/** A provider's table entry. */
export function factsOf(name: ProviderName): ProviderFacts {
  return providerTable[name];
}

/** The table entry for a provider name from a file or an old journal; undefined for a name that is not in it. */
export function factsOfText(name: string | undefined): ProviderFacts | undefined {
  return name !== undefined && Object.hasOwn(providerTable, name)
    ? providerTable[name as ProviderName]
    : undefined;
}

/** Providers that are one server at an endpoint. */
export type ServerProvider = ProvidersWhere<"answeredBy", "server">;

export function isServer(name: ProviderName): name is ServerProvider {
  return providerTable[name].answeredBy === "server";
}

/** Whether replies come from a file, so that no model is called. Takes a name as written in a journal. */
export function isFromFile<Name extends string>(
  name: Name,
): name is Name & ProvidersWhere<"answeredBy", "file"> {
  return factsOfText(name)?.answeredBy === "file";
}
