import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import { ProviderError } from "../../src/engine/error/provider-error";
import { CancelSource } from "../../src/engine/port/cancellation";
import type { ModelDelta, ModelRequest } from "../../src/engine/port/model-provider";
import { EditorTools } from "../../src/host/provider/editor-tools";
import { VsCodeLmProvider } from "../../src/host/provider/vscode-lm";
import { armingMs } from "../../src/protocol/press-guard";
import { pace, until } from "../until";

interface Call {
  readonly model: string;
  readonly messages: readonly vscode.LanguageModelChatRequestMessage[];
  readonly options: vscode.ProvideLanguageModelChatResponseOptions;
}

/** What test/integration/fixtures/models hands out. */
interface Script {
  answer: (
    call: Call,
    report: (part: vscode.LanguageModelResponsePart) => void,
    token: vscode.CancellationToken,
  ) => Promise<void>;
  tool: (input: { place: string }, token: vscode.CancellationToken) => Promise<string>;
  calls: Call[];
  counted: number;
}

const timeouts = { connect_seconds: 10, first_token_seconds: 20, idle_seconds: 20, total_seconds: 60 };
const text = (value: string): vscode.LanguageModelTextPart => new vscode.LanguageModelTextPart(value);

function request(
  more: Partial<ModelRequest> = {},
  settings: Partial<ModelRequest["settings"]> = {},
): ModelRequest {
  return {
    messages: [
      { role: "system", content: "Be brief." },
      { role: "user", content: "What is the weather?" },
    ],
    settings: {
      model: "orket-test/large",
      context_tokens: 4096,
      max_output_tokens: 512,
      params: {},
      tool_calls: "native",
      ...settings,
    },
    tools: [],
    origin: { session: "s", stepId: "a", stepKey: "a", role: "r", answeredCalls: 0 },
    ...more,
  };
}

async function failureOf(work: Promise<unknown>): Promise<ProviderError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof ProviderError, String(error));
    return error;
  }
  throw new assert.AssertionError({ message: "it did not fail" });
}

async function scriptOf(): Promise<Script> {
  const extension = vscode.extensions.getExtension<Script>("orket-test.models");
  assert.ok(extension, "the extension with the models is not loaded");
  return extension.activate();
}

describe("the editor's own models", () => {
  let script: Script;
  let standard: Pick<Script, "answer" | "tool">;
  const never = new CancelSource();
  const provider = new VsCodeLmProvider({ canSendRequest: () => true }, timeouts);
  const call = (asked: ModelRequest, deltas: ModelDelta[] = []): ReturnType<VsCodeLmProvider["call"]> =>
    provider.call(asked, (delta) => deltas.push(delta), never);

  before(async () => {
    script = await scriptOf();
    standard = { answer: script.answer, tool: script.tool };
  });

  beforeEach(() => {
    Object.assign(script, standard, { calls: [], counted: 0 });
  });

  it("stream a reply, and say what was sent", async () => {
    script.answer = async (_call, report) => {
      report(text("It rains"));
      report(text(" today."));
    };
    const deltas: ModelDelta[] = [];
    const reply = await call(request(), deltas);

    assert.equal(reply.text, "It rains today.");
    assert.equal(reply.finishReason, "stop");
    assert.equal(reply.model, "orket-test/large");
    assert.equal(
      deltas.map((delta) => (delta.kind === "text" ? delta.text : "")).join(""),
      "It rains today.",
    );
    assert.equal(reply.sent["provider"], "vscode-lm");
  });

  it("get the system prompt first, as a user's message, and the reply says so", async () => {
    const reply = await call(request());
    const [sent] = script.calls;

    assert.deepEqual(
      sent?.messages.map(({ role }) => role),
      [vscode.LanguageModelChatMessageRole.User, vscode.LanguageModelChatMessageRole.User],
    );
    assert.match(JSON.stringify(sent?.messages[0]), /Be brief/);
    assert.match((reply.notices ?? []).join("\n"), /no system role/);
  });

  it("are chosen by vendor/id, id, vendor/family and family, the first by name of several", async () => {
    for (const model of ["orket-test/small-2", "small-2", "orket-test/small", "small"]) {
      await call(request({}, { model }));
    }

    assert.deepEqual(
      script.calls.map(({ model }) => model),
      ["small-2", "small-2", "small-1", "small-1"],
    );
  });

  it("are named when the wanted one is not there, or none is named", async () => {
    const missing = await failureOf(call(request({}, { model: "medium" })));
    const none = await failureOf(call(request({}, { model: "" })));

    assert.equal(missing.code, "not_found");
    assert.match(missing.message, /orket-test\/large/);
    assert.equal(none.code, "bad_request");
  });

  it("call tools, and get their results back, under names that VS Code takes", async () => {
    script.answer = async (_call, report) =>
      report(new vscode.LanguageModelToolCallPart("c1", "vscode_weather", { place: "Rome" }));
    const tools = [
      { name: "vscode:weather", description: "Weather.", parameters: { type: "object", properties: {} } },
    ];
    const first = await call(request({ tools }));
    assert.deepEqual(first.toolCalls, [
      { id: "c1", name: "vscode:weather", argumentsJson: '{"place":"Rome"}' },
    ]);
    assert.equal(first.finishReason, "tool_calls");

    script.answer = standard.answer;
    await call(
      request({
        tools,
        messages: [
          { role: "user", content: "Weather?" },
          {
            role: "assistant",
            content: "",
            toolCalls: [{ id: "c1", name: "vscode:weather", argumentsJson: "{}" }],
          },
          { role: "tool", callId: "c1", toolName: "vscode:weather", content: "It rains." },
        ],
      }),
    );
    const [, asked, answered] = script.calls[1]?.messages ?? [];
    const toolCall = asked?.content[0];
    const result = answered?.content[0];
    assert.ok(toolCall instanceof vscode.LanguageModelToolCallPart);
    assert.equal(toolCall.name, "vscode_weather");
    assert.ok(result instanceof vscode.LanguageModelToolResultPart);
    assert.equal(result.callId, "c1");
  });

  it("give measured tokens where a usage part arrives, and estimated ones otherwise", async () => {
    const counted = await call(request());
    script.answer = async (_call, report) => {
      report(text("Hello."));
      const usage = { prompt_tokens: 12, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 4 } };
      report(new vscode.LanguageModelDataPart(Buffer.from(JSON.stringify(usage)), "usage"));
    };
    script.counted = 0;
    const said = await call(request());

    assert.equal(counted.usage.input?.source, "estimated");
    assert.equal(counted.usage.output?.source, "estimated");
    assert.deepEqual(said.usage, {
      input: { count: 12, source: "measured" },
      cached_input: { count: 4, source: "measured" },
      output: { count: 3, source: "measured" },
    });
    assert.equal(script.counted, 0);
  });

  it("skip parts of kinds that nobody knows", async () => {
    script.answer = async (_call, report) => {
      report(new vscode.LanguageModelDataPart(Buffer.from([1, 2]), "application/x-thought"));
      report(text("Hello."));
    };

    assert.equal((await call(request())).text, "Hello.");
  });

  it("promise no seed and no temperature, and the reply says so", async () => {
    const reply = await call(request({}, { seed: 7, temperature: 0 }));

    assert.match((reply.notices ?? []).join("\n"), /takes seed[^]*takes temperature/);
    const { modelOptions } = script.calls[0]?.options ?? {};
    assert.equal(modelOptions?.["seed"], 7);
  });

  it("refuse a prompt that does not fit before anything is sent", async () => {
    const long = "word ".repeat(6000);
    const failure = await failureOf(call(request({ messages: [{ role: "user", content: long }] })));

    assert.equal(failure.code, "context_overflow");
    assert.equal(script.calls.length, 0);
  });

  it("end at once when the call is cancelled, and the part that came is no reply", async () => {
    const stop = new CancelSource();
    let told = false;
    script.answer = async (_call, report, token) => {
      report(text("It "));
      await new Promise<void>((resolve) => token.onCancellationRequested(() => resolve()));
      told = true;
      report(text("rains."));
    };
    const work = provider.call(request(), () => stop.cancel(), stop);
    const failure = await failureOf(work);

    assert.equal(failure.code, "cancelled");
    assert.equal(failure.partialText, "It ");
    await until("the model was told", () => told);
  });

  it("fail with the error that VS Code names", async () => {
    const cases: readonly [() => Error, ProviderError["code"], RegExp][] = [
      [() => vscode.LanguageModelError.NoPermissions("no"), "refused_by_consent", /not allowed/],
      [() => vscode.LanguageModelError.NotFound("gone"), "not_found", /no longer offers/],
      [() => vscode.LanguageModelError.Blocked("quota"), "bad_request", /quota/],
      [() => new Error("the vendor's own trouble"), "unknown", /own trouble/],
    ];
    for (const [make, code, message] of cases) {
      script.answer = async () => {
        throw make();
      };
      const failure = await failureOf(call(request()));
      assert.equal(failure.code, code);
      assert.match(failure.message, message);
    }
  });

  it("are not asked when they were refused before", async () => {
    const refused = new VsCodeLmProvider({ canSendRequest: () => false }, timeouts);
    const failure = await failureOf(refused.call(request(), () => undefined, never));

    assert.equal(failure.code, "refused_by_consent");
    assert.equal(script.calls.length, 0);
  });

  it("do not pass off an empty stream as a reply", async () => {
    script.answer = async () => undefined;

    assert.equal((await failureOf(call(request()))).code, "stream_truncated");
  });
});

describe("the editor's tools", () => {
  const tools = new EditorTools();
  const never = new CancelSource();
  const name = "vscode:orket_test_weather";
  let script: Script;

  before(async () => {
    script = await scriptOf();
  });

  it("are described as their extension describes them, and only by their name", () => {
    assert.match(tools.find(name)?.description ?? "", /weather/);
    assert.deepEqual(tools.find(name)?.parameters["required"], ["place"]);
    assert.equal(tools.find("orket_test_weather"), undefined);
  });

  it("answer", async () => {
    assert.deepEqual(await tools.invoke(name, { place: "Rome" }, never), {
      ok: true,
      text: "It rains in Rome.",
    });
  });

  it("are not invoked with what does not fit their schema", async () => {
    const missing = await tools.invoke(name, {}, never);
    const wrong = await tools.invoke(name, { place: "Rome", days: "two" }, never);

    assert.deepEqual([missing.ok, wrong.ok], [false, false]);
    assert.match(missing.text, /'place' is missing/);
    assert.match(wrong.text, /'days' must be of the type integer/);
  });

  it("say that they are not there", async () => {
    const answer = await tools.invoke("vscode:nothing", {}, never);

    assert.equal(answer.ok, false);
    assert.match(answer.text, /no tool vscode:nothing/);
  });

  it("fail and are cancelled with a result, not with an exception", async () => {
    script.tool = async () => {
      throw new Error("no satellite");
    };
    const failed = await tools.invoke(name, { place: "Rome" }, never);
    assert.equal(failed.ok, false);
    assert.match(failed.text, /no satellite/);

    const stop = new CancelSource();
    script.tool = async () => new Promise<string>(() => stop.cancel());
    assert.deepEqual(await tools.invoke(name, { place: "Rome" }, stop), {
      ok: false,
      text: `${name} was cancelled.`,
    });
    script.tool = async ({ place }) => `It rains in ${place}.`;
  });
});

/** The journal of the Flow's session when it holds `text`; `meanwhile` is done again and again until then. */
async function journalWith(
  folder: string,
  flow: string,
  wanted: string,
  meanwhile: () => Thenable<unknown> = () => Promise.resolve(),
): Promise<string> {
  const sessions = path.join(folder, ".orket", "sessions");
  let journal = "";
  await until(`${wanted} in the journal`, async () => {
    try {
      const id = readdirSync(sessions).find((name) => name.includes(`-${flow}-`)) ?? "";
      journal = readFileSync(path.join(sessions, id, "journal.jsonl"), "utf8");
    } catch {
      return false; // Not there yet.
    }
    if (!journal.includes(wanted)) await meanwhile();
    return journal.includes(wanted);
  });
  return journal;
}

/** The first press shows the question. One counts when a person could have read it, and nobody presses in a hurry. */
async function pressed(command: string): Promise<void> {
  await vscode.commands.executeCommand(command);
  await pace(2 * armingMs);
}

describe("a Flow on the editor's own models", () => {
  /** Starts a Flow whose role has a tool of the editor. */
  async function start(flow: string, policy: string): Promise<string> {
    const folder = vscode.workspace.workspaceFolders?.[0];
    assert.ok(folder);
    const script = await scriptOf();
    script.calls = [];
    script.answer = async ({ messages }, report) => {
      const asked = JSON.stringify(messages).includes("It rains in Rome");
      report(
        asked
          ? text("Take an umbrella.")
          : new vscode.LanguageModelToolCallPart("c1", "vscode_orket_test_weather", { place: "Rome" }),
      );
    };
    const place = path.join(folder.uri.fsPath, "editor-models", flow);
    await mkdir(place, { recursive: true });
    const files = {
      [`${flow}.flow.yaml`]: `version: 1\nname: ${flow}\nband: ./crew.band.yaml\nvenue: ./inside.venue.yaml\nscore: ./ask.score.yaml\ntask: Umbrella or not?\napproval: none\n${policy}`,
      "crew.band.yaml": `version: 1\nname: ${flow}-crew\nroles:\n  forecaster: { prompt: You know the weather., tools: ['vscode:orket_test_weather'] }\n`,
      "inside.venue.yaml": `version: 1\nname: ${flow}-inside\nprovider: vscode-lm\nmodel: orket-test/large\n`,
      "ask.score.yaml": `version: 1\nname: ${flow}-ask\nsteps:\n  - { id: ask, role: forecaster, instruction: Say it. }\n`,
    };
    for (const [name, content] of Object.entries(files)) await writeFile(path.join(place, name), content);
    void vscode.commands.executeCommand(
      "orket.runFlow",
      vscode.Uri.file(path.join(place, `${flow}.flow.yaml`)),
    );
    return folder.uri.fsPath;
  }

  it("runs to its end, with a tool of the editor that its policy lists", async () => {
    const folder = await start("weather", "policy: { foreign_tools: ['vscode:orket_test_weather'] }\n");
    const journal = await journalWith(folder, "weather", '"session_end"');

    assert.doesNotMatch(journal, /question_asked/);
    assert.match(journal, /"outcome":"completed"/);
    assert.match(journal, /It rains in Rome/);
    assert.match(journal, /Take an umbrella/);
    assert.match(journal, /no system role/);
  });

  it("asks for each call of a tool that its policy does not list, and takes the answer from the view", async () => {
    const folder = await start("asked", "");
    const asked = await journalWith(folder, "asked", '"question_asked"');
    assert.match(asked, /may do whatever vscode:orket_test_weather can, in the project itself/);
    assert.doesNotMatch(asked, /It rains in Rome/);

    const journal = await journalWith(folder, "asked", '"session_end"', () => pressed("orket.approve"));

    assert.match(journal, /"verdict":"approve"/);
    assert.match(journal, /It rains in Rome/);
    assert.match(journal, /"outcome":"completed"/);
  });

  it("tells the model when a person refuses the call, and performs nothing", async () => {
    const folder = await start("refused", "");
    const script = await scriptOf();
    const seen: string[] = [];
    script.answer = async ({ messages }, report) => {
      const sent = JSON.stringify(messages);
      seen.push(sent);
      report(
        sent.includes("A person refused this call")
          ? text("Then I do not know.")
          : new vscode.LanguageModelToolCallPart("c1", "vscode_orket_test_weather", { place: "Rome" }),
      );
    };
    const journal = await journalWith(folder, "refused", '"session_end"', () => pressed("orket.refuse"));

    assert.match(journal, /foreign-tool-refused/);
    assert.doesNotMatch(journal, /It rains in/);
    assert.match(seen.at(-1) ?? "", /A person refused this call of vscode:orket_test_weather/);
  });
});
