import { parseLoose } from "../../../engine/agent/reader/loose-json";
import { ProviderError } from "../../../engine/error/provider-error";
import type { ModelMessage, ModelRequest, ToolSpec } from "../../../engine/port/model-provider";

/** What a provider uses of a Venue. */
export interface ProviderVenue {
  readonly endpoint?: string | undefined;
  readonly api_key?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Fields that define the call; the Venue's `params` may not change them. */
const fixedFields = ["model", "messages", "stream"];

/**
 * Merges the Venue's `params` over the default fields; null removes a field.
 * @throws {ProviderError} bad_request when `params` change what the adapter decides.
 */
export function withParams(
  defaults: Readonly<Record<string, unknown>>,
  params: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  for (const field of Object.keys(params)) {
    if (fixedFields.includes(field)) {
      throw new ProviderError(
        "bad_request",
        `\`params\` in the Venue cannot change \`${field}\`: take it out.`,
      );
    }
  }
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries({ ...defaults, ...params }))
    if (value !== undefined && value !== null) fields[name] = value;
  return fields;
}

/** @throws {ProviderError} bad_request when the Venue names no model. */
export function requireModel(request: ModelRequest): string {
  const { model } = request.settings;
  if (model === "") {
    throw new ProviderError("bad_request", "The Venue names no model: add `model: NAME` to it.");
  }
  return model;
}

/** The request for the record: tools by name, no messages. */
export function recorded(
  address: string,
  body: Readonly<Record<string, unknown>>,
  tools: readonly ToolSpec[],
): Record<string, unknown> {
  const { messages: _messages, tools: sentTools, ...rest } = body;
  return {
    endpoint: address,
    ...rest,
    ...(sentTools === undefined ? {} : { tools: tools.map(({ name }) => name) }),
  };
}

/** The same as text: as the model wrote it where that is a JSON object. Servers with templates reject anything else. */
export function argumentsText(argumentsJson: string): string {
  try {
    const value: unknown = JSON.parse(argumentsJson);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return argumentsJson;
  } catch {
    // Falls through: not JSON.
  }
  return JSON.stringify(argumentsObject(argumentsJson));
}

/**
 * The arguments of an earlier call as an object. The model may have written something other than a JSON object; servers that
 * parse it would refuse the whole conversation, so the text is then wrapped in an object.
 */
export function argumentsObject(argumentsJson: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(argumentsJson);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Falls through: not strict JSON.
  }
  const loose = parseLoose(argumentsJson)?.value;
  if (typeof loose === "object" && loose !== null && !Array.isArray(loose))
    return loose as Record<string, unknown>;
  return { not_json: argumentsJson };
}

/**
 * Tool names in the form that OpenAI's API accepts: letters, digits, `_` and `-`, at most 64 characters. `vscode:NAME` and
 * similar names are rewritten in requests and restored in replies. A pure function of the tools on offer.
 */
export class ToolNames {
  readonly #sent = new Map<string, string>();
  readonly #known = new Map<string, string>();

  constructor(tools: readonly ToolSpec[], messages: readonly ModelMessage[]) {
    for (const { name } of tools) this.#add(name);
    for (const message of messages) {
      if (message.role === "assistant") for (const { name } of message.toolCalls ?? []) this.#add(name);
    }
  }

  /** The name as it is sent. */
  sent(name: string): string {
    return this.#sent.get(name) ?? name;
  }

  /** The engine's name for the tool that a model called. */
  known(sent: string): string {
    return this.#known.get(sent) ?? sent;
  }

  #add(name: string): void {
    if (this.#sent.has(name)) return;
    const plain = name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, 64) || "tool";
    let sent = plain;
    for (let n = 2; this.#known.has(sent); n += 1) sent = `${plain.slice(0, 60)}_${n}`;
    this.#sent.set(name, sent);
    this.#known.set(sent, name);
  }
}
