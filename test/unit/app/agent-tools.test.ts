import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import * as z from "zod";
import { AgentTools } from "../../../src/app/agent/agent-tools";
import type { AgentHost } from "../../../src/app/agent/agent-tools";
import { chatAnswer } from "../../../src/app/agent/chat";
import type { ChatPart } from "../../../src/app/agent/chat";
import type { OfferedProject } from "../../../src/app/agent/run-request";
import { toolInputs } from "../../../src/app/agent/tool-inputs";
import type { ToolName } from "../../../src/app/agent/tool-names";
import { SessionController } from "../../../src/app/session/controller";
import { OrketError } from "../../../src/engine/error/orket-error";
import { CancelSource } from "../../../src/engine/port/cancellation";
import { createProject, flowSummaries } from "../../../src/language";
import { libraryOptions } from "../../fakes/library-run";
import { temporaryFolder } from "../../fakes/session";
import { until } from "../../until";

const files: Readonly<Record<string, string>> = {
  "crew.flow.yaml":
    "version: 1\nname: crew\ndescription: A crew decides.\nband: crew\nvenue: crew\nscore: crew\ntask: Decide.\napproval: none\ninputs:\n  depth: { enum: [quick, full], default: quick }\ncommands:\n  tests: { argv: [node, tests/run.js], isolation: view }\n",
  "needy.flow.yaml":
    "version: 1\nname: needy\nband: crew\nvenue: crew\nscore: crew\ninputs:\n  place: { description: Where. }\n",
  "crew.band.yaml": "version: 1\nname: crew\nroles:\n  writer: { prompt: You write., tools: [write_file] }\n",
  "crew.venue.yaml": "version: 1\nname: crew\nprovider: scripted\nreplies: crew.replies.yaml\n",
  "cloud.venue.yaml":
    "version: 1\nname: cloud\nprovider: openai\nendpoint: https://models.example/v1\nmodel: m\napi_key: secret:cloud\n",
  "crew.replies.yaml":
    'version: 1\nsteps: { write: [{ tool_calls: [{ tool: write_file, args: { path: a.md, content: "A" } }] }, { text: Written. }] }\n',
  "crew.score.yaml": `version: 1
name: crew
result: { step: scope }
steps:
  - { id: write, role: writer }
  - { id: scope, ask: "How large? {{steps.write.summary}}", verdict: [go, smaller], fields: { note: { optional: true } }, agent_may_answer: true }
  - { id: sign, ask: "Sign it off?", verdict: [yes_please, no_thanks] }
`,
};

const never = new CancelSource();

interface Reported {
  readonly session: string;
  readonly state: string;
  readonly waiting: readonly {
    readonly text: string;
    readonly answeredBy: string;
    readonly question?: string;
  }[];
  readonly filesToReview: readonly string[];
  readonly result?: { readonly verdict: string; readonly value: unknown };
}

describe("the tools for an editor's agents", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const open: SessionController[] = [];
  let trusted = true;
  let agrees = true;
  let venue: string | undefined;
  let now = files;

  const offered = (texts: Readonly<Record<string, string>>): OfferedProject => {
    const project = createProject(Object.entries(texts).map(([file, text]) => ({ path: file, text })));
    return { name: "north", project, flows: flowSummaries(project) };
  };
  const host: AgentHost = {
    isTrusted: () => trusted,
    venue: () => venue,
    projects: async () => [offered(now)],
    start: async (_, definition) => {
      if (!agrees) return undefined;
      const controller = await SessionController.start(definition, {
        ...libraryOptions(folder.path),
        commands: { isTrusted: () => true, secret: () => Promise.resolve("") },
      });
      open.push(controller);
      return controller;
    },
    session: async (which) => {
      const found = which === undefined ? open.at(-1) : open.find(({ id }) => id.includes(which));
      if (found === undefined) throw new OrketError("session_not_found", "There is none.");
      return found;
    },
  };
  let tools: AgentTools<OfferedProject>;

  /** As an editor does it: the person is asked first, and agrees. */
  async function call(name: ToolName, input: object): Promise<string> {
    await tools.prepare(name, input);
    return tools.perform(name, input, never);
  }
  const report = async (): Promise<Reported> => JSON.parse(await call("orket_session", {})) as Reported;
  const started = async (): Promise<string> => {
    const said = await call("orket_run_flow", { flow: "crew" });
    return /session (\S+)\. It runs/.exec(said)?.[1] ?? assert.fail(said);
  };
  /** Waits for the question of the step, and gives it as the agent sees it. */
  const asked = (step: string): Promise<Reported["waiting"][number]> =>
    until(`a question of ${step}`, async () =>
      (await report()).waiting.find((wait) => "step" in wait && wait.step === step),
    );

  before(async () => {
    folder = await temporaryFolder();
  });
  beforeEach(() => {
    tools = new AgentTools(host);
    trusted = true;
    agrees = true;
    venue = undefined;
    now = files;
  });
  afterEach(async () => {
    for (const controller of open.splice(0)) await controller.dispose();
  });
  after(() => folder.remove());

  it("name Flow, Venue, servers, keys, commands and the task before a Flow starts", async () => {
    venue = "cloud";
    const asks = await tools.prepare("orket_run_flow", {
      flow: "crew",
      task: "Sing.",
      inputs: { depth: "full" },
    });
    const facts = new Map(asks?.facts);

    assert.equal(asks?.title, "Run the Flow crew?");
    assert.equal(facts.get("Flow"), "crew (crew.flow.yaml)");
    assert.equal(facts.get("Venue"), "cloud (openai, https://models.example/v1)");
    assert.equal(facts.get("Sent to"), "https://models.example");
    assert.equal(facts.get("Keys"), "secret:cloud to https://models.example");
    assert.match(facts.get("Command") ?? "", /tests: runs node tests\/run\.js/);
    assert.equal(facts.get("Task"), "Sing.");
    assert.equal(facts.get("Inputs"), "depth: full");
  });

  it("start a Flow without waiting for its end, and say how to look at it", async () => {
    const said = await call("orket_run_flow", { flow: "crew" });
    const [session] = open;

    assert.ok(session !== undefined);
    assert.ok(said.includes(session.id), said);
    assert.match(said, /runs in the background/);
    assert.match(said, /orket_session with/);
  });

  it("start nothing that was not confirmed exactly so", async () => {
    const input = { flow: "crew" };
    assert.match(await tools.perform("orket_run_flow", input, never), /^Failed: What was confirmed/);
    await tools.prepare("orket_run_flow", input);
    now = { ...files, "crew.band.yaml": files["crew.band.yaml"]?.replace("You write.", "You sell.") ?? "" };
    assert.match(await tools.perform("orket_run_flow", input, never), /has changed since/);
    now = files;
    await tools.perform("orket_run_flow", input, never);
    assert.equal(open.length, 1);
    assert.match(await tools.perform("orket_run_flow", input, never), /has changed since/, "one start each");
    assert.equal(open.length, 1);
  });

  it("say that the user declined what only the user agrees to", async () => {
    agrees = false;

    assert.match(await call("orket_run_flow", { flow: "crew" }), /not started: the user declined/);
  });

  it("do nothing in a folder that is not trusted", async () => {
    await started();
    const { question = "" } = await asked("scope");
    trusted = false;

    for (const [name, input] of [
      ["orket_run_flow", { flow: "crew" }],
      ["orket_answer", { session: open[0]?.id, question, verdict: "go" }],
    ] as const) {
      assert.equal(await tools.prepare(name, input), undefined);
      assert.match(await tools.perform(name, input, never), /not trusted/);
    }
    assert.equal(open.length, 1);
    assert.equal(open[0]?.view.questions.length, 1);
  });

  it("name what is wrong with a request", async () => {
    const cases: readonly (readonly [input: object, said: RegExp])[] = [
      [{ flow: "crw" }, /There is no Flow 'crw'\. Did you mean crew\? The Flows are crew, needy\./],
      [{ flow: "needy" }, /There is no task.*Its inputs: place \(string; required\)/s],
      [{ flow: "needy", task: "x" }, /place/],
      [{ flow: "crew", inputs: { depth: "deep" } }, /depth.*one of quick, full/s],
      [{ flow: "crew", approve: true }, /input of orket_run_flow is not valid.*approve/],
      [{}, /flow/],
    ];
    for (const [input, said] of cases) assert.match(await call("orket_run_flow", input), said);
    now = { ...files, "sub/crew.flow.yaml": files["crew.flow.yaml"] ?? "" };
    assert.match(await call("orket_run_flow", { flow: "crew" }), /north\/crew\.flow\.yaml, north\/sub\/crew/);
  });

  it("report the state, the waiting question's text, who answers it, and the files to review", async () => {
    const id = await started();
    const wait = await asked("scope");
    const { session, state, filesToReview } = await report();

    assert.deepEqual([session, state, filesToReview], [id, "waiting", ["a.md"]]);
    assert.equal(wait.text, "How large? Written.");
    assert.match(wait.question ?? "", /^q1@[0-9a-f]{16}$/);
    assert.match(wait.answeredBy, /orket_answer/);
  });

  it("keep a report short, whatever a model wrote", async () => {
    const long = "x".repeat(90_000);
    now = { ...files, "crew.replies.yaml": `version: 1\nsteps: { write: [{ text: ${long} }] }\n` };
    await started();
    await asked("scope");
    const said = await call("orket_session", {});

    assert.ok(said.length < 6000, String(said.length));
    assert.match(said, /… \(\d+ more characters\)/);
  });

  it("answer where the Score lets an agent answer, recorded as an agent's answer, and nowhere else", async () => {
    const id = await started();
    const { question = "" } = await asked("scope");
    const input = { session: id, question, verdict: "smaller", fields: { note: "half" } };
    const asks = await tools.prepare("orket_answer", input);
    assert.deepEqual(
      asks?.facts.map(([what]) => what),
      ["Session", "Question", "Answer", "Values"],
    );
    assert.match(await tools.perform("orket_answer", input, never), /was answered/);

    const sign = await asked("sign");
    assert.equal(sign.question, undefined);
    assert.match(sign.answeredBy, /^a person/);
    const shown = open[0]?.view.questions[0];
    const forged = { session: id, question: `${shown?.id}@${shown?.sha256}`, verdict: "yes_please" };
    assert.equal(await tools.prepare("orket_answer", forged), undefined, "nobody is asked about it");
    assert.match(await call("orket_answer", forged), /Only a person answers/);
    const direct = { kind: "answer_question", id: shown?.id ?? "", sha256: shown?.sha256 ?? "" } as const;
    await assert.rejects(
      async () => open[0]?.submit({ ...direct, verdict: "yes_please", by: "agent" }),
      /Only a person answers the question of sign/,
    );
    const events = (await open[0]?.readEvents(0, 100)) ?? [];
    const answers = events.flatMap((event) => (event.type === "question_answered" ? [event.data] : []));
    assert.deepEqual(
      answers.map(({ by, verdict, answers: given }) => [by, verdict, given]),
      [["agent", "smaller", { note: "half" }]],
    );
  });

  it("take no answer without the digest of what is shown, nor one that does not fit", async () => {
    const id = await started();
    const { question = "" } = await asked("scope");
    const [name = ""] = question.split("@");

    for (const [given, said] of [
      [{ question: name, verdict: "go" }, /does not name what/],
      [{ question: `${name}@0000000000000000`, verdict: "go" }, /does not name what/],
      [{ question: "q9@0000000000000000", verdict: "go" }, /not open/],
      [{ question, verdict: "maybe" }, /must be one of go, smaller/],
    ] as const)
      assert.match(await call("orket_answer", { session: id, ...given }), said);
    assert.equal(open[0]?.view.questions.length, 1);
  });

  it("give the result once the session has completed", async () => {
    const id = await started();
    const { question = "" } = await asked("scope");
    await call("orket_answer", { session: id, question, verdict: "go", fields: {} });
    await asked("sign");
    const [shown] = open[0]?.view.questions ?? [];
    assert.ok(shown !== undefined);
    const { sha256 } = shown;
    await open[0]?.submit({
      kind: "answer_question",
      id: shown.id,
      sha256,
      verdict: "no_thanks",
      by: "person",
    });

    const done = await until("the end", async () => {
      const one = await report();
      return one.state === "completed" ? one : undefined;
    });
    assert.equal(done.result?.verdict, "go");
  });

  it("are declared in package.json with the schemas that they check", () => {
    const { contributes } = JSON.parse(readFileSync(path.join(process.cwd(), "package.json"), "utf8")) as {
      contributes: {
        languageModelTools: { name: ToolName; inputSchema: object; modelDescription: string }[];
      };
    };
    const declared = contributes.languageModelTools;

    assert.deepEqual(
      declared.map(({ name }) => name),
      Object.keys(toolInputs),
    );
    for (const { name, inputSchema } of declared) {
      const { $schema: _, ...schema } = z.toJSONSchema(toolInputs[name], { target: "draft-7", io: "input" });
      assert.deepEqual(inputSchema, JSON.parse(JSON.stringify(schema)), name);
    }
  });

  describe("and the chat participant", () => {
    const answer = async (prompt: string, command?: string): Promise<readonly ChatPart[]> =>
      chatAnswer(host, { command, prompt });
    const textOf = (parts: readonly ChatPart[]): string =>
      parts.map((part) => ("value" in part ? part.value : `[${part.kind}]`)).join("");

    it("lists the Flows and what can be asked", async () => {
      const said = textOf(await answer("hello"));

      assert.match(said, /\*\*crew\*\* \(crew\.flow\.yaml\) A crew decides\. Inputs: depth/);
      assert.match(said, /`\/run FLOW TASK`/);
    });

    it("offers to run a Flow, and starts nothing by itself", async () => {
      const parts = await answer("crew Sing  a song", "run");
      const offer = parts.find((part) => part.kind === "run");

      assert.equal(offer?.found.flow.path, "crew.flow.yaml");
      assert.equal(offer.task, "Sing  a song");
      assert.match(textOf(parts), /Nothing has started yet/);
      assert.equal(open.length, 0);
      await assert.rejects(answer("nobody", "run"), /no Flow 'nobody'/);
    });

    it("reports on a session, with a button that opens it", async () => {
      const id = await started();
      await asked("scope");
      const parts = await answer("", "session");

      assert.match(textOf(parts), /\*\*crew\*\* is \*\*waiting for you\*\*: 1 of 3 steps/);
      assert.match(textOf(parts), /scope: How large\? Written\./);
      assert.deepEqual(parts.at(-1), { kind: "session", id });
    });

    it("shows names and texts of files as text, not as markup", async () => {
      now = {
        ...files,
        "crew.flow.yaml": files["crew.flow.yaml"]?.replace("A crew decides.", "'[x](command:evil)'") ?? "",
      };
      const parts = await answer("");

      for (const part of parts) if (part.kind === "markdown") assert.doesNotMatch(part.value, /evil/);
      assert.match(textOf(parts), /evil/);
    });
  });
});
