import * as z from "zod";
import { idSchema, nameSchema, referenceSchema } from "./names";
import { providerNames, providersWhere, providerTable } from "./providers";

const providerNameSchema = z.enum(providerNames);

/** The providers that a mesh may list as nodes. */
const nodeProviderSchema = z.enum(providersWhere("canBeNode", true));

/** How tool calls are sent: in the backend's own format, as text in the reply, or native with text accepted too. */
export const toolCallModeSchema = z.enum(["native", "text", "auto"]);

/** Where the role's prompt goes: a system message, the first user message, or the latter once the server rejected the former. */
export const systemRoleSchema = z.enum(["auto", "system", "merge"]);

const secretReference = z.string().regex(/^(secret|env):[A-Za-z0-9_.-]+$/, {
  error:
    "name a stored secret as secret:NAME or an environment variable as env:NAME; a key itself never stands in a file",
});

/** `localhost:11434` would be a URL of the scheme `localhost`; only an HTTP URL is an address. */
const endpointSchema = z.url({
  protocol: /^https?$/,
  error: "it must be an address such as http://127.0.0.1:11434",
});

/** Headers that the transport sets itself, or that would change where a request goes. */
const ownHeaders =
  /^(host|content-length|content-type|connection|transfer-encoding|accept|accept-encoding|te|upgrade|expect|keep-alive|proxy-.*|user-agent)$/i;
/** Headers whose values are usually secrets. */
const secretHeaders =
  /^(authorization|cookie|x-goog-api-key|.*(api|access|subscription|auth)[-_]?(key|token).*|.*secret.*|.*token)$/i;
const secretValue = /^(?:[A-Za-z][\w-]* )?(secret|env):[A-Za-z0-9_.-]+$/;

const headersSchema = z
  .record(
    z
      .string()
      .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, { error: "it must be the name of an HTTP header" }),
    z
      .string()
      .regex(/^[\x20-\x7e]{1,4000}$/, { error: "a header's value must be one line of plain characters" }),
  )
  .check((context) => {
    for (const [name, value] of Object.entries(context.value)) {
      const message = ownHeaders.test(name)
        ? `${name} is a header that Orket makes itself`
        : secretHeaders.test(name) && !secretValue.test(value)
          ? "name a stored secret as secret:NAME or an environment variable as env:NAME; a key itself never stands in a file"
          : undefined;
      if (message !== undefined) context.issues.push({ code: "custom", message, input: value, path: [name] });
    }
  })
  .describe(
    "Headers that each request has, such as `api-key: secret:gateway`; a secret by its name (secret:NAME, env:NAME), never its value.",
  );

export const timeoutsSchema = z
  .strictObject({
    connect_seconds: z.number().positive().default(10).describe("Until the server accepts the connection."),
    first_token_seconds: z
      .number()
      .positive()
      .default(120)
      .describe("From the request to the first piece of the reply (a model may have to load)."),
    idle_seconds: z.number().positive().default(60).describe("Between two pieces of a reply."),
    total_seconds: z.number().positive().default(600).describe("For the whole call."),
  })
  .describe("When a call is given up, in seconds.");
export type Timeouts = z.infer<typeof timeoutsSchema>;

export const venueRetrySchema = z
  .strictObject({
    attempts: z.int().min(1).max(20).default(3).describe("How often a call is tried in all."),
    backoff_seconds: z
      .number()
      .min(0)
      .default(1)
      .describe("Wait before the second try; doubled for each further one."),
    max_wait_seconds: z
      .number()
      .min(0)
      .optional()
      .describe(
        "The longest wait that a server may ask for (Retry-After); beyond it the session pauses. 300 unless said otherwise.",
      ),
  })
  .describe("What happens after a failed call. Each try is an event.");
export type VenueRetry = z.infer<typeof venueRetrySchema>;
/** The longest wait that a server may ask for where the Venue does not set it, in seconds. */
export const defaultMaxWaitSeconds = 300;

export const pricingSchema = z
  .strictObject({
    input_per_million_usd: z.number().min(0).describe("US dollars for a million input tokens."),
    cached_input_per_million_usd: z
      .number()
      .min(0)
      .optional()
      .describe("US dollars for a million input tokens read from the backend's cache."),
    output_per_million_usd: z.number().min(0).describe("US dollars for a million output tokens."),
  })
  .describe("What the backend costs. Without it the cost is unknown.");
export type Pricing = z.infer<typeof pricingSchema>;

const modelSettings = {
  model: z.string().min(1).optional().describe("The model, as the backend names it."),
  temperature: z.number().min(0).max(2).optional().describe("Randomness of the reply; 0 for the least."),
  seed: z.int().optional().describe("Asks the backend for the same reply to the same prompt."),
  context_tokens: z.int().min(256).optional().describe("The context window that prompts are fitted into."),
  max_output_tokens: z.int().min(1).optional().describe("The longest reply."),
  params: z.record(z.string(), z.unknown()).optional().describe("Passed to the backend as they are."),
  tool_calls: toolCallModeSchema.optional().describe("How tool calls are sent: native, text or auto."),
  system_role: systemRoleSchema
    .optional()
    .describe(
      "Where the role's prompt goes: a system message (system), the first user message (merge), or the latter once the model refused the former (auto).",
    ),
  pricing: pricingSchema.optional(),
};

const roleOverrideSchema = z
  .strictObject({
    venue: referenceSchema
      .optional()
      .describe(
        "Sends the role's calls to another Venue: its name, or a path relative to this file. The settings beside it count before that Venue's own.",
      ),
    ...modelSettings,
  })
  .describe("What is different for one role.");
export type RoleOverride = z.infer<typeof roleOverrideSchema>;

export const nodeSchema = z
  .strictObject({
    name: nameSchema.describe("The node's name."),
    provider: nodeProviderSchema.describe("What the node speaks."),
    endpoint: endpointSchema.describe("Its address."),
    slots: z.int().min(1).max(1024).default(1).describe("Calls it may work on at once."),
    model: z.string().min(1).optional().describe("The model's name on this node, where it differs."),
    api_key: secretReference.optional().describe("secret:NAME or env:NAME."),
    headers: headersSchema.optional(),
  })
  .describe("One machine of a mesh.");
export type MeshNode = z.infer<typeof nodeSchema>;

/** A `*.venue.yaml` file. */
export const venueFileSchema = z
  .strictObject({
    version: z.literal(1).describe("The version of the file format: 1."),
    name: nameSchema.describe("The Venue's name, unique among the project's venues."),
    description: z.string().optional().describe("One line, for people."),
    provider: providerNameSchema.describe(
      "What answers: ollama, openai (any compatible endpoint), vscode-lm, mesh, or scripted (replies from a file).",
    ),
    endpoint: endpointSchema
      .optional()
      .describe(
        `The backend's address. Ollama: ${providerTable.ollama.defaultEndpoint} unless said otherwise.`,
      ),
    ...modelSettings,
    api_key: secretReference
      .optional()
      .describe("secret:NAME for a stored secret, env:NAME for an environment variable; never the key."),
    headers: headersSchema.optional(),
    timeouts: timeoutsSchema.default({
      connect_seconds: 10,
      first_token_seconds: 120,
      idle_seconds: 60,
      total_seconds: 600,
    }),
    retry: venueRetrySchema.default({ attempts: 3, backoff_seconds: 1 }),
    slots: z
      .int()
      .min(1)
      .max(1024)
      .optional()
      .describe(
        "Calls that it may work on at once, of all of your sessions on this machine; further ones wait in order. Without it there is no bound.",
      ),
    roles: z.record(idSchema, roleOverrideSchema).default({}).describe("What is different for a role."),
    replies: z
      .string()
      .min(1)
      .optional()
      .describe("provider scripted: the file with the replies, relative to this file."),
    nodes: z.array(nodeSchema).optional().describe("provider mesh: the machines."),
    routing: z.enum(["least_busy", "ordered"]).optional().describe("provider mesh: which node gets a call."),
    same_model: z
      .enum(["required", "allowed"])
      .optional()
      .describe("provider mesh: may a call move to a node whose model digest differs?"),
  })
  .describe("The model backend: provider, model, parameters, overrides for roles.");
/** A Venue as written in its file, with defaults filled in. */
export type VenueFile = z.infer<typeof venueFileSchema>;

const scriptedReplySchema = z
  .strictObject({
    text: z.string().default("").describe("The reply's text."),
    tool_calls: z
      .array(z.strictObject({ tool: z.string().min(1), args: z.record(z.string(), z.unknown()) }))
      .default([])
      .describe("Tool calls that the reply makes."),
    fail: z
      .enum(["unreachable", "rate_limited", "server_error", "stalled"])
      .optional()
      .describe("Fails the call instead of answering, to try out failures."),
  })
  .describe("One reply.");

/** A file of replies for `provider: scripted`: for each step id, its replies in the order of the calls. */
export const repliesFileSchema = z
  .strictObject({
    version: z.literal(1).describe("The version of the file format: 1."),
    chunk_delay_ms: z
      .number()
      .min(0)
      .default(0)
      .describe("Wait between two words of a reply, to watch it stream."),
    steps: z
      .record(idSchema, z.array(scriptedReplySchema))
      .describe("Step id to the replies of its calls, in order."),
    further: z
      .enum(["fail", "repeat"])
      .optional()
      .describe(
        "What a further call gets when the list of a step has ended and there is no `otherwise`: a failure (fail, also without this key), or the list from its beginning (repeat).",
      ),
    otherwise: scriptedReplySchema
      .optional()
      .describe("The reply where the list of a step has ended or is missing."),
  })
  .describe("Replies for a Venue whose provider is scripted.");
export type RepliesFile = z.infer<typeof repliesFileSchema>;
