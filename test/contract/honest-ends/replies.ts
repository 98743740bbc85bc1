import type { Chance } from "../../fakes/generated-session";

/** A tool call that a reply makes, as the model means it. */
export interface Call {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What a reply of the fault server means for the step, told apart from how it travels. */
export interface Meaning {
  /** What must come of it: calls that must be performed, in order. */
  readonly performed: readonly Call[];
  /** The reply made calls, also such as come to nothing: the model has not said its last word. */
  readonly calls: boolean;
  /** The reply itself is not whole or cannot be read: the step must not end with it. */
  readonly broken: boolean;
  /** It says nothing at all. */
  readonly empty: boolean;
  /** It ends with a call in a quotation: the model is asked once whether it is meant. */
  readonly quoted: boolean;
  /** The policy or the Band denied one of its calls. */
  readonly denied: boolean;
}

/** One answer of the fault server: bytes, and what they mean. */
export type Sent =
  | {
      readonly kind: "reply";
      readonly name: string;
      /** `stream`: events as they are; `document`: one JSON document in place of the stream. */
      readonly body: string;
      readonly contentType: string;
      readonly status: number;
      readonly meaning: Meaning;
    }
  | {
      readonly kind: "failure";
      readonly name: string;
      readonly status: number;
      readonly body: string;
      readonly contentType: string;
      /** The connection is reset behind the body. */
      readonly reset: boolean;
      /** Whether another try makes sense. */
      readonly again: boolean;
    };

type Reply = Extract<Sent, { kind: "reply" }>;
type Failure = Extract<Sent, { kind: "failure" }>;

const nothing: Meaning = {
  performed: [],
  calls: false,
  broken: false,
  empty: false,
  quoted: false,
  denied: false,
};

interface Delta {
  readonly content?: string;
  readonly refusal?: string;
  readonly reasoning_content?: string;
  readonly tool_calls?: readonly {
    readonly index?: number;
    readonly id?: string;
    readonly function: { readonly name?: string; readonly arguments: string };
  }[];
}

const event = (delta: Delta, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: "x", model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

const done = "data: [DONE]\n\n";
const eventStream = "text/event-stream";
const json = "application/json";

function streamed(
  name: string,
  deltas: readonly Delta[],
  finish: string | null,
  meaning: Partial<Meaning>,
): Reply {
  const body = `${deltas.map((delta) => event(delta)).join("")}${finish === null ? "" : event({}, finish)}${done}`;
  return {
    kind: "reply",
    name,
    body,
    contentType: eventStream,
    status: 200,
    meaning: { ...nothing, ...meaning },
  };
}

const native = (index: number, { tool, args }: Call, text = JSON.stringify(args)): Delta => ({
  tool_calls: [{ index, id: `call_${index}`, function: { name: tool, arguments: text } }],
});

const halfOf = (text: string): string => text.slice(0, Math.floor(text.length * 0.6));

/** A call that does what the step needs, in one of the ways in which servers send calls. */
export function goodNative(chance: Chance, calls: readonly Call[]): Reply {
  const meaning = { performed: calls, calls: true };
  const plain = calls.map((call, index) => native(index, call));
  const pieces = (call: Call): string[] => JSON.stringify(call.args).match(/[^]{1,7}/g) ?? [];
  const first = calls[0];
  const ways: (() => Reply)[] = [
    () => streamed("calls", plain, "tool_calls", meaning),
    () => streamed("calls that end with stop", plain, "stop", meaning),
    () => streamed("calls without a reason for the end", plain, null, meaning),
    () =>
      streamed(
        "calls in pieces",
        calls.flatMap((call, index) =>
          pieces(call).map((piece, at): Delta =>
            at === 0
              ? native(index, call, piece)
              : { tool_calls: [{ index, function: { arguments: piece } }] },
          ),
        ),
        "tool_calls",
        meaning,
      ),
    () =>
      streamed(
        "calls sent again as a whole",
        calls.flatMap((call, index) => [
          ...pieces(call).map((piece, at): Delta =>
            at === 0
              ? native(index, call, piece)
              : { tool_calls: [{ index, function: { arguments: piece } }] },
          ),
          { tool_calls: [{ index, function: { arguments: JSON.stringify(call.args) } }] },
        ]),
        "tool_calls",
        meaning,
      ),
    () =>
      streamed(
        "each call under two indexes",
        [
          ...plain,
          ...calls.map((call, index) =>
            native(calls.length + index, call, JSON.stringify(call.args, null, 2)),
          ),
        ],
        "tool_calls",
        meaning,
      ),
    () =>
      streamed(
        "calls without ids",
        calls.map(({ tool, args }, index): Delta => ({
          tool_calls: [{ index, function: { name: tool, arguments: JSON.stringify(args) } }],
        })),
        "tool_calls",
        meaning,
      ),
    () =>
      streamed(
        "arguments that are encoded twice",
        calls.map((call, index) => native(index, call, JSON.stringify(JSON.stringify(call.args)))),
        "tool_calls",
        meaning,
      ),
    () =>
      streamed(
        "a call thought about and made",
        [{ reasoning_content: asJson(first) }, ...plain],
        "tool_calls",
        meaning,
      ),
    () => ({
      kind: "reply",
      name: "calls in one document",
      contentType: json,
      status: 200,
      meaning: { ...nothing, ...meaning },
      body: JSON.stringify({
        choices: [
          {
            message: {
              role: "assistant",
              content: null,
              tool_calls: calls.map(({ tool, args }, index) => ({
                id: `call_${index}`,
                type: "function",
                function: { name: tool, arguments: JSON.stringify(args) },
              })),
            },
            finish_reason: "tool_calls",
          },
        ],
      }),
    }),
  ];
  return chance.pick(ways)();
}

const asJson = (call: Call | undefined): string =>
  call === undefined ? "" : JSON.stringify({ tool: call.tool, args: call.args });

/** A call in a model's text, in a form that models are trained on. */
function inText(chance: Chance, { tool, args }: Call): string {
  return chance.pick([
    () => JSON.stringify({ tool, args }),
    () => `<tool_call>\n${JSON.stringify({ name: tool, arguments: args })}\n</tool_call>`,
    () => JSON.stringify({ name: tool, parameters: args }),
    () => JSON.stringify({ tool, args }, null, 2),
  ])();
}

/** The calls of a step whose tools travel as text. */
export function goodText(chance: Chance, calls: readonly Call[]): Reply {
  const written = calls.map((call) => inText(chance, call)).join("\n");
  const meaning = { performed: calls, calls: true };
  const ways = [
    () => streamed("calls in text", [{ content: written }], "stop", meaning),
    () => streamed("prose and calls in text", [{ content: `I do it now.\n\n${written}` }], "stop", meaning),
    () => streamed("each text call twice", [{ content: `${written}\n${written}` }], "stop", meaning),
    () =>
      streamed(
        "thoughts before calls in text",
        [{ content: `<think>${asJson(calls[0])} or not?</think>\n${written}` }],
        "stop",
        meaning,
      ),
    () => streamed("a fence of calls", [{ content: `\`\`\`json\n${written}\n\`\`\`` }], "stop", meaning),
  ];
  return chance.pick(calls.length === 1 ? ways : ways.slice(0, 4))();
}

/** A last word. */
export function goodWord(chance: Chance, text: string): Reply {
  return chance.pick([
    () => streamed("a last word", [{ content: text }], "stop", {}),
    () => streamed("a last word without a reason for the end", [{ content: text }], null, {}),
    () =>
      streamed("a last word after thoughts", [{ content: `<think>All there?</think>${text}` }], "stop", {}),
  ])();
}

/** A call that comes to something other than what the step needs. */
export interface FaultParts {
  readonly chance: Chance;
  readonly mode: "native" | "text";
  /** What the step would have to do next. */
  readonly wanted: readonly Call[];
  readonly stepId: string;
  /** A number that no other reply of the session has. */
  readonly number: number;
}

/** A reply that is not what it seems. */
export function faultyReply(parts: FaultParts): Reply {
  const { chance, mode, wanted, stepId, number } = parts;
  const call: Call = wanted[0] ?? {
    tool: "write_file",
    args: { path: `${stepId}-more.md`, content: `more ${number}` },
  };
  const sentence = `Now ${stepId} is nearly done (${number}), and`;
  const cut = chance.pick(["length", "content_filter", "abort", "safety", "max_tokens"]);
  const argsText = JSON.stringify(call.args);
  const shared = [
    () => streamed(`text cut by ${cut}`, [{ content: sentence }], cut, { broken: true }),
    () => streamed("nothing at all", [], "stop", { empty: true }),
    () => streamed("marks and nothing else", [{ content: "\u200b<|im_end|>\n" }], "stop", { empty: true }),
    () => streamed("a refusal", [{ refusal: `I cannot help with ${stepId}.` }], "stop", { broken: true }),
    () => streamed("white space", [{ content: " \n " }], "stop", { empty: true }),
    () =>
      streamed("thoughts and nothing else", [{ content: `<think>${asJson(call)}</think>` }], "stop", {
        empty: true,
      }),
    () =>
      streamed("reasoning and nothing else", [{ reasoning_content: `I call ${asJson(call)}` }], "stop", {
        empty: true,
      }),
    () =>
      streamed(
        "a call in thoughts, then a claim",
        [{ content: `<think>\n${asJson(call)}\n</think>\nI have done ${stepId} (${number}).` }],
        "stop",
        {},
      ),
    () =>
      streamed("a claim without a call", [{ content: `I have written everything (${number}).` }], "stop", {}),
    () =>
      streamed(
        "a verdict in prose",
        [{ content: `My verdict for ${stepId} is approve (${number}).` }],
        "stop",
        {},
      ),
  ];
  const nativeOnly = [
    () =>
      streamed("a call that was announced and did not come", [{ content: sentence }], "tool_calls", {
        broken: true,
      }),
    () =>
      streamed("a call cut in its arguments", [native(0, call, halfOf(argsText))], "length", {
        calls: true,
        broken: true,
      }),
    () =>
      streamed("a call that the server closed when it cut it", [native(0, call)], cut, {
        calls: true,
        broken: true,
      }),
    () => {
      const whole: Call = {
        tool: "write_file",
        args: { path: `${stepId}-extra.md`, content: `extra ${number}` },
      };
      return streamed(
        "a whole call, then a cut one",
        [native(0, whole), native(1, call, halfOf(argsText))],
        "length",
        {
          performed: [whole],
          calls: true,
          broken: true,
        },
      );
    },
    () =>
      streamed(
        "arguments that are not whole, and an end that says they are",
        [native(0, call, halfOf(argsText))],
        "tool_calls",
        {
          calls: true,
        },
      ),
    () =>
      streamed("arguments that are no JSON", [native(0, call, `path = ${stepId}`)], "tool_calls", {
        calls: true,
      }),
    () =>
      streamed(
        "a call of a tool that is not there",
        [native(0, { tool: "run_shell", args: { command: "ls" } })],
        "tool_calls",
        {
          calls: true,
          denied: true,
        },
      ),
    () =>
      streamed(
        "a denied call",
        [native(0, { tool: "write_file", args: { path: ".git/config", content: "x" } })],
        "tool_calls",
        { calls: true, denied: true },
      ),
    () =>
      streamed(
        "a verdict that the step does not know",
        [native(0, { tool: "set_verdict", args: { verdict: "perhaps" } })],
        "tool_calls",
        { calls: true },
      ),
    (): Reply => ({
      kind: "reply",
      name: "a call that the server could not parse",
      status: 400,
      contentType: json,
      body: JSON.stringify({
        error: {
          message:
            "Failed to call a function. Please adjust your prompt. See 'failed_generation' for more details.",
          type: "invalid_request_error",
          code: "tool_use_failed",
          failed_generation: `<function=${call.tool}>${halfOf(argsText)}`,
        },
      }),
      meaning: { ...nothing, broken: true },
    }),
  ];
  const textOnly = [
    () =>
      streamed(
        "a text call that is cut",
        [{ content: halfOf(asJson(call)) }],
        chance.pick(["stop", "length"]),
        {
          broken: true,
        },
      ),
    () => {
      const whole: Call = {
        tool: "write_file",
        args: { path: `${stepId}-extra.md`, content: `extra ${number}` },
      };
      return streamed(
        "a whole text call in a reply that is cut",
        [{ content: `${asJson(whole)}\nAnd then` }],
        cut,
        {
          performed: [whole],
          calls: true,
          broken: true,
        },
      );
    },
    () =>
      streamed(
        "a tagged call that cannot be read",
        [
          {
            content: `<tool_call>\n{"name": "${call.tool}", "arguments": {"path" "${stepId}"}}\n</tool_call>`,
          },
        ],
        "stop",
        { broken: true },
      ),
    () =>
      streamed(
        "a text call of a tool that is not there",
        [{ content: JSON.stringify({ tool: "run_shell", args: { command: "ls" } }) }],
        "stop",
        { broken: true },
      ),
    () =>
      streamed(
        "a call in a quotation at the end",
        [{ content: `For ${stepId} one could do this (${number}):\n\`\`\`json\n${asJson(call)}\n\`\`\`` }],
        "stop",
        { quoted: true },
      ),
    () =>
      streamed(
        "a quoted call in the middle",
        [{ content: `One could do this:\n> ${asJson(call)}\nbut it is not needed (${number}).` }],
        "stop",
        {},
      ),
    () =>
      streamed(
        "a denied text call",
        [{ content: JSON.stringify({ tool: "write_file", args: { path: ".git/config", content: "x" } }) }],
        "stop",
        { calls: true, denied: true },
      ),
  ];
  return chance.pick(chance.happens(0.45) ? shared : mode === "native" ? nativeOnly : textOnly)();
}

/** A call that gives no reply. `again`: another try makes sense. */
export function failure(chance: Chance, again: boolean, stepId: string): Failure {
  const begun = event({ content: `Now ${stepId} will be` });
  const failed = (name: string, more: Partial<Failure>): Failure => ({
    kind: "failure",
    name,
    status: 200,
    contentType: eventStream,
    body: "",
    reset: false,
    again,
    ...more,
  });
  const error = (message: string, type: string): string => JSON.stringify({ error: { message, type } });
  if (!again)
    return chance.pick([
      failed("a bad request", {
        status: 400,
        contentType: json,
        body: error("Bad field.", "invalid_request_error"),
      }),
      failed("a refused key", {
        status: 401,
        contentType: json,
        body: error("No such key.", "authentication_error"),
      }),
    ]);
  return chance.pick([
    failed("a stream that ends early", { body: begun }),
    failed("a stream that is reset", { body: begun, reset: true }),
    failed("a stream that ends within an event", { body: begun.slice(0, -20) }),
    failed("a call whose stream ends early", {
      body: event(native(0, { tool: "write_file", args: { path: `${stepId}.md`, content: "half" } })),
    }),
    failed("an event that cannot be read", { body: `${begun}data: {"choices": [}\n\n${done}` }),
    failed("an error within the stream", { body: `${begun}data: ${error("It broke.", "server_error")}\n\n` }),
    failed("an error with status 200", { contentType: json, body: error("It broke.", "server_error") }),
    failed("a failing server", { status: 500, contentType: json, body: error("It broke.", "server_error") }),
    failed("too many requests", {
      status: 429,
      contentType: json,
      body: error("Slow down.", "rate_limit_error"),
    }),
    failed("half a document", {
      contentType: json,
      body: '{"choices": [{"message": {"role": "assistant", "cont',
    }),
  ]);
}
