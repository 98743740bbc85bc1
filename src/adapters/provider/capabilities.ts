import { ProviderError } from "../../engine/error/provider-error";
import type { CallSettings } from "../../engine/model/definition";
import type { Cancellation } from "../../engine/port/cancellation";
import type { ModelProvider, ModelReply } from "../../engine/port/model-provider";
import type { Capabilities } from "./health-types";
import type { Access } from "./http/access";
import { credentialsFor, transportOf } from "./http/access";
import { boundedText, longestListBytes } from "./http/bounds";
import { defined } from "../../engine/model/defined";
import type { ServerProvider } from "../../engine/model/providers";

/** The model and endpoint to probe. */
export interface ProbedEndpoint {
  readonly provider: ServerProvider;
  readonly endpoint: string;
  readonly model: string;
  readonly api_key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Longest reply of a probe, in tokens: four short calls are the cost. */
const probeTokens = 32;

const schema = {
  type: "object",
  properties: { answer: { type: "integer" } },
  required: ["answer"],
  additionalProperties: false,
} as const;

/**
 * Probes what an endpoint can do, with four short calls; they cost tokens, so do it only when the user asks.
 * What cannot be determined is left out.
 * @throws {ProviderError} when the first call fails: then nothing is known.
 */
export async function probeCapabilities(
  at: ProbedEndpoint,
  provider: ModelProvider,
  deps: Access,
  cancellation: Cancellation,
): Promise<Capabilities> {
  const words = "Write eight random words in one line.";
  const call = (prompt: string, seed: number, params: CallSettings["params"] = {}): Promise<ModelReply> =>
    provider.call(
      {
        messages: [{ role: "user", content: prompt }],
        settings: {
          model: at.model,
          context_tokens: 2048,
          max_output_tokens: probeTokens,
          temperature: 1,
          seed,
          params,
          tool_calls: "native",
        },
        tools: [],
        origin: { session: "probe", stepId: "probe", stepKey: "probe", role: "probe", answeredCalls: 0 },
      },
      () => undefined,
      cancellation,
    );
  const first = await call(words, 1);
  const again = await call(words, 1);
  const other = await call(words, 2);
  const seed = seedHonoured(first.text, again.text, other.text);
  const jsonSchema = await takesSchema(
    (params) => call("How much is two and three?", 1, params),
    at.provider,
  );
  const parallelSlots = await slotsOf[at.provider](at, deps);
  return {
    ...defined({ seed }),
    usageInStream: first.usage.output?.source === "measured",
    ...defined({ jsonSchema, parallelSlots }),
  };
}

/** How to ask each kind of server for a reply that follows the schema. */
const schemaParams: Readonly<Record<ServerProvider, CallSettings["params"]>> = {
  ollama: { format: schema },
  openai: { response_format: { type: "json_schema", json_schema: { name: "sum", strict: true, schema } } },
};

/** Equal replies to every seed prove nothing: the model may have only one possible reply. */
function seedHonoured(first: string, again: string, other: string): boolean | undefined {
  if (first !== again) return false;
  return first === other ? undefined : true;
}

async function takesSchema(
  call: (params: CallSettings["params"]) => Promise<ModelReply>,
  provider: ProbedEndpoint["provider"],
): Promise<boolean | undefined> {
  try {
    const { text, finishReason } = await call(schemaParams[provider]);
    // A truncated reply says nothing about its form.
    return finishReason === "length" ? undefined : fits(text);
  } catch (error) {
    if (ProviderError.is(error) && error.code === "bad_request") return false;
    if (ProviderError.is(error) && error.code === "cancelled") throw error;
    return undefined;
  }
}

function fits(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && Object.keys(value).join() === "answer";
  } catch {
    return false;
  }
}

/** How to ask each kind of server how many calls it processes at the same time. */
const slotsOf: Readonly<
  Record<ServerProvider, (at: ProbedEndpoint, deps: Access) => Promise<number | undefined>>
> = {
  ollama: () => Promise.resolve(undefined),
  openai: slotsOfLlamaCpp,
};

/**
 * Of the OpenAI-compatible servers only llama.cpp's reports how many calls it processes in parallel: `total_slots` of `/props`,
 * beside its `/v1`. The request needs the key.
 */
async function slotsOfLlamaCpp(at: ProbedEndpoint, deps: Access): Promise<number | undefined> {
  try {
    const { headers } = await credentialsFor(deps, at, at.endpoint);
    const response = await transportOf(deps)(
      `${at.endpoint.replace(/\/+$/, "").replace(/\/v1$/, "")}/props`,
      {
        method: "GET",
        headers: {
          accept: "application/json",
          "user-agent": "orket",
          ...headers,
        },
        signal: AbortSignal.timeout(2000),
        redirect: "manual",
      },
    );
    const props: unknown =
      response.status === 200
        ? JSON.parse(await boundedText(response, longestListBytes, at.endpoint))
        : undefined;
    const slots =
      typeof props === "object" && props !== null && "total_slots" in props ? props.total_slots : 0;
    return typeof slots === "number" && Number.isSafeInteger(slots) && slots > 0 ? slots : undefined;
  } catch {
    return undefined;
  }
}

/** The findings in words: "seed kept, tokens counted, JSON Schema unknown, 4 calls at once". */
export function describeCapabilities(found: Capabilities): string {
  const say = (known: boolean | undefined, what: string, done: string): string =>
    `${what} ${known === undefined ? "unknown" : known ? done : `not ${done}`}`;
  return [
    say(found.seed, "seed", "kept"),
    say(found.usageInStream, "tokens", "counted"),
    say(found.jsonSchema, "JSON Schema", "kept"),
    ...(found.parallelSlots === undefined ? [] : [`${found.parallelSlots} calls at once`]),
  ].join(", ");
}
