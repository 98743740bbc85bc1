import * as vscode from "vscode";
import * as z from "zod";
import { once } from "../../engine/model/once";
import { argumentsObject, ToolNames, withParams } from "../../adapters/provider/http/chat-body";
import { Deadline } from "../../adapters/provider/http/deadline";
import { measured, ReplyBuilder, usageOf } from "../../adapters/provider/http/reply-builder";
import { ProviderError } from "../../engine/error/provider-error";
import type { TokenCount, TokenUsage } from "../../engine/event/tokens";
import type { Timeouts } from "../../engine/model/venue";
import type { Cancellation } from "../../engine/port/cancellation";
import type {
  ModelDelta,
  ModelMessage,
  ModelProvider,
  ModelReply,
  ModelRequest,
} from "../../engine/port/model-provider";
import { modelName, modelsNamed } from "./model-choice";

/** Some vendors send the counts as a data part of this kind; it is undocumented. */
const usageMime = "usage";
const usageSchema = once(() =>
  z.object({
    prompt_tokens: z.unknown(),
    completion_tokens: z.unknown(),
    prompt_tokens_details: z.object({ cached_tokens: z.unknown() }).nullish().catch(undefined),
  }),
);

/** The models that the editor itself offers. The editor manages consent, keys and quotas. */
export class VsCodeLmProvider implements ModelProvider {
  /** Vendors that have accepted a request: the user need not be asked for them again. */
  readonly #began = new Set<string>();
  readonly #access: Pick<vscode.LanguageModelAccessInformation, "canSendRequest">;
  readonly #timeouts: Timeouts;

  constructor(access: Pick<vscode.LanguageModelAccessInformation, "canSendRequest">, timeouts: Timeouts) {
    this.#access = access;
    this.#timeouts = timeouts;
  }

  /** @throws {ProviderError} */
  async call(
    request: ModelRequest,
    onDelta: (delta: ModelDelta) => void,
    cancellation: Cancellation,
  ): Promise<ModelReply> {
    const deadline = new Deadline(this.#timeouts, cancellation);
    const reply = new ReplyBuilder(deadline, onDelta);
    const stop = new vscode.CancellationTokenSource();
    deadline.signal.addEventListener("abort", () => stop.cancel(), { once: true });
    try {
      return await deadline.run(() => this.#perform(request, reply, deadline, stop.token));
    } catch (error) {
      throw asProviderError(error, reply.text, request.settings.model);
    } finally {
      stop.dispose();
    }
  }

  async #perform(
    request: ModelRequest,
    reply: ReplyBuilder,
    deadline: Deadline,
    token: vscode.CancellationToken,
  ): Promise<ModelReply> {
    await request.recorded;
    deadline.begin();
    const model = await chosenModel(request.settings.model);
    if (this.#access.canSendRequest(model) === false) throw refused(model.name);
    const names = new ToolNames(request.tools, request.messages);
    const messages = asMessages(request.messages, names);
    const options = modelOptions(request);
    await checkFits(messages, model, token);
    // Before the first request VS Code may ask the user, who may take any amount of time. VS Code does not report whether
    // it asks: measured with 1.139, `canSendRequest` is true for every model.
    const mayAsk = !this.#began.has(model.vendor);
    if (mayAsk) deadline.settle();
    const response = await model.sendRequest(
      messages,
      {
        justification: "Orket performs a step of the Flow that you started.",
        modelOptions: options,
        ...(request.tools.length === 0
          ? {}
          : {
              tools: request.tools.map(({ name, description, parameters }) => ({
                name: names.sent(name),
                description,
                inputSchema: parameters,
              })),
            }),
      },
      token,
    );
    this.#began.add(model.vendor);
    if (mayAsk && !deadline.ended) deadline.begin();
    let usage: TokenUsage | undefined;
    for await (const part of response.stream) {
      if (deadline.ended) break;
      if (part instanceof vscode.LanguageModelTextPart) reply.addText(part.value);
      else if (part instanceof vscode.LanguageModelToolCallPart) {
        const { callId, name, input } = part;
        reply.toolCalls.push({ id: callId, name: names.known(name), argumentsJson: JSON.stringify(input) });
      } else if (part instanceof vscode.LanguageModelDataPart && part.mimeType === usageMime) {
        usage = measuredUsage(part) ?? usage;
      } else {
        // A newer kind, such as a model's thoughts: it is ignored, but shows that the model is responding.
        deadline.piece();
        continue;
      }
      deadline.piece();
      reply.arrived();
      reply.flush();
    }
    // A cancelled stream ends like a complete one; `deadline` throws for it.
    if (reply.empty) {
      throw new ProviderError("stream_truncated", `${model.name} ended its reply without a single word.`);
    }
    reply.model = modelName(model);
    reply.finishReason = "stop";
    deadline.settle();
    reply.usage = usage ?? (await countedUsage(messages, reply, model, token));
    reply.notices.push(...noticesOf(request, model, usage === undefined));
    return reply.finish({
      provider: "vscode-lm",
      model: modelName(model),
      family: model.family,
      version: model.version,
      ...options,
      ...(request.tools.length === 0 ? {} : { tools: request.tools.map(({ name }) => name) }),
    });
  }
}

/** @throws {ProviderError} bad_request, not_found. */
async function chosenModel(wanted: string): Promise<vscode.LanguageModelChat> {
  const models = await vscode.lm.selectChatModels();
  const known = models.map(modelName).join(", ");
  if (wanted === "") {
    throw new ProviderError(
      "bad_request",
      `The Venue names no model: add \`model: NAME\` to it. ${known === "" ? "VS Code offers none at the moment." : `VS Code offers: ${known}.`}`,
    );
  }
  const [model] = modelsNamed(models, wanted);
  if (model !== undefined) return model;
  throw new ProviderError(
    "not_found",
    known === ""
      ? `VS Code offers no language model, so '${wanted}' is not available. An extension such as GitHub Copilot Chat brings some, once it is signed in.`
      : `VS Code offers no model '${wanted}'. It offers: ${known}.`,
  );
}

/** Roles are user and assistant only: the system text goes first, as a user message. */
function asMessages(messages: readonly ModelMessage[], names: ToolNames): vscode.LanguageModelChatMessage[] {
  const made: vscode.LanguageModelChatMessage[] = [];
  let results: vscode.LanguageModelToolResultPart[] = [];
  const flush = (): void => {
    // Vendors expect the results of one turn together.
    if (results.length > 0) made.push(vscode.LanguageModelChatMessage.User(results));
    results = [];
  };
  for (const message of messages) {
    if (message.role === "tool") {
      const text = new vscode.LanguageModelTextPart(message.content);
      results.push(new vscode.LanguageModelToolResultPart(message.callId, [text]));
      continue;
    }
    flush();
    if (message.role !== "assistant") {
      made.push(vscode.LanguageModelChatMessage.User(message.content));
      continue;
    }
    const calls = (message.toolCalls ?? []).map(
      ({ id, name, argumentsJson }) =>
        new vscode.LanguageModelToolCallPart(id, names.sent(name), argumentsObject(argumentsJson)),
    );
    const text = message.content === "" ? [] : [new vscode.LanguageModelTextPart(message.content)];
    made.push(vscode.LanguageModelChatMessage.Assistant([...text, ...calls]));
  }
  flush();
  return made;
}

/** Settings that the editor's API does not have are passed as the vendor's own options. */
function modelOptions({ settings }: ModelRequest): Record<string, unknown> {
  const { temperature, seed, max_output_tokens, params } = settings;
  return withParams({ temperature, seed, max_tokens: max_output_tokens }, params);
}

function noticesOf(
  { messages, settings }: ModelRequest,
  model: vscode.LanguageModelChat,
  counted: boolean,
): string[] {
  const notices: string[] = [];
  if (messages.some(({ role }) => role === "system")) {
    notices.push(
      "VS Code's models have no system role: the system prompt was sent first, as a user message.",
    );
  }
  for (const name of ["seed", "temperature"] as const) {
    if (settings[name] === undefined) continue;
    notices.push(`VS Code does not say whether the model takes ${name}: it was sent, and may be ignored.`);
  }
  if (settings.context_tokens > model.maxInputTokens) {
    notices.push(
      `${model.name} takes ${model.maxInputTokens} tokens, less than the Venue's context_tokens (${settings.context_tokens}).`,
    );
  }
  if (counted) notices.push("The vendor reports no token counts: they were counted by its tokenizer.");
  return notices;
}

function partsOf(message: vscode.LanguageModelChatMessage): string {
  return message.content
    .map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : JSON.stringify(part)))
    .join("");
}

/** @throws {ProviderError} context_overflow; asks the tokenizer only when the text may be too long. */
async function checkFits(
  messages: readonly vscode.LanguageModelChatMessage[],
  model: vscode.LanguageModelChat,
  token: vscode.CancellationToken,
): Promise<void> {
  const bytes = messages.reduce((sum, message) => sum + Buffer.byteLength(partsOf(message)), 0);
  // No tokenizer produces more tokens than bytes.
  if (bytes <= model.maxInputTokens) return;
  const tokens = await tokensOf(messages, model, token);
  if (tokens === undefined || tokens <= model.maxInputTokens) return;
  throw new ProviderError(
    "context_overflow",
    `The prompt has ${tokens} tokens, and ${model.name} takes ${model.maxInputTokens}: set \`context_tokens: ${model.maxInputTokens}\` in the Venue.`,
  );
}

async function tokensOf(
  messages: readonly vscode.LanguageModelChatMessage[],
  model: vscode.LanguageModelChat,
  token: vscode.CancellationToken,
): Promise<number | undefined> {
  try {
    const counts = await Promise.all(messages.map((message) => model.countTokens(message, token)));
    return counts.reduce((sum, count) => sum + count, 0);
  } catch {
    return undefined;
  }
}

function measuredUsage(part: vscode.LanguageModelDataPart): TokenUsage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(part.data).toString("utf8"));
  } catch {
    return undefined;
  }
  const { data } = usageSchema().safeParse(value);
  if (data === undefined) return undefined;
  const usage = usageOf(
    measured(data.prompt_tokens, 1),
    measured(data.completion_tokens, 0),
    measured(data.prompt_tokens_details?.cached_tokens, 0),
  );
  return usage.input === undefined && usage.output === undefined ? undefined : usage;
}

/** The count of the vendor's tokenizer; an unavailable count is unknown, not zero. */
async function countedUsage(
  messages: readonly vscode.LanguageModelChatMessage[],
  reply: ReplyBuilder,
  model: vscode.LanguageModelChat,
  token: vscode.CancellationToken,
): Promise<TokenUsage> {
  const calls = reply.toolCalls.map(
    ({ id = "", name, argumentsJson }) =>
      new vscode.LanguageModelToolCallPart(id, name, argumentsObject(argumentsJson)),
  );
  const answer = vscode.LanguageModelChatMessage.Assistant([
    new vscode.LanguageModelTextPart(reply.text),
    ...calls,
  ]);
  const [input, output] = await Promise.all([
    tokensOf(messages, model, token),
    tokensOf([answer], model, token),
  ]);
  return usageOf(estimated(input), estimated(output));
}

function estimated(count: number | undefined): TokenCount | undefined {
  return count === undefined || !Number.isSafeInteger(count) || count < 0
    ? undefined
    : { count, source: "estimated" };
}

function refused(model: string): ProviderError {
  return new ProviderError("refused_by_consent", `Orket was not allowed to use ${model}.`);
}

function asProviderError(error: unknown, partialText: string, model: string): ProviderError {
  const more = { partialText, cause: error };
  if (ProviderError.is(error)) return new ProviderError(error.code, error.message, more);
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof vscode.LanguageModelError) {
    switch (error.code) {
      case vscode.LanguageModelError.NoPermissions.name:
        return new ProviderError("refused_by_consent", `Orket was not allowed to use ${model}.`, more);
      case vscode.LanguageModelError.NotFound.name:
        return new ProviderError("not_found", `VS Code no longer offers ${model}: ${message}`, more);
      case vscode.LanguageModelError.Blocked.name:
        return new ProviderError(
          "bad_request",
          `The vendor of ${model} blocked the request, for a quota or its content: ${message}`,
          more,
        );
    }
  }
  if (error instanceof vscode.CancellationError) {
    return new ProviderError("interrupted", `VS Code ended the request to ${model}.`, more);
  }
  return new ProviderError("unknown", `${model} failed: ${message}`, more);
}
