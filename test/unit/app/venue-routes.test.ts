import assert from "node:assert/strict";
import { createHttpFetch } from "../../../src/adapters/provider/http/http-fetch";
import { replaySession } from "../../../src/app/session/audit";
import { forkSession } from "../../../src/app/session/fork";
import { repeatSession } from "../../../src/app/session/repeat";
import { startSession, openLiveSession } from "../../../src/app/session/open";
import type { LiveSession, RuntimeOptions } from "../../../src/app/session/session";
import { sentRoles, withSentModels } from "../../../src/app/venue/sent-models";
import { changeDefinition } from "../../../src/engine/history/fork";
import { providerOf } from "../../../src/engine/model/called-venues";
import { callSettings, venueOf } from "../../../src/engine/model/definition";
import { definitionSchema } from "../../../src/engine/model/definition-schema";
import type { Definition } from "../../../src/engine/model/definition";
import { planFlow } from "../../../src/engine/model/plan-flow";
import type { FlowPlan } from "../../../src/engine/model/plan-flow";
import { reachOf } from "../../../src/engine/model/reach";
import { contentOf, createProject, resolveFlow } from "../../../src/language";
import type { Project } from "../../../src/language";
import { definitionProblems } from "../../../src/language/flow/check-definition";
import { temporaryFolder } from "../../fakes/session";

const price = "pricing: { input_per_million_usd: 1, output_per_million_usd: 1 }";
const files: Readonly<Record<string, string>> = {
  "main.flow.yaml":
    "version: 1\nname: main\nband: team\nvenue: desk\nscore: steps\ntask: Build it.\napproval: none\n",
  "team.band.yaml":
    "version: 1\nname: team\nroles:\n  coder: { prompt: Write. }\n  judge: { prompt: Judge. }\n  critic: { prompt: Find faults. }\n",
  "steps.score.yaml":
    "version: 1\nname: steps\nsteps:\n  - { id: code, role: coder }\n  - { id: rule, role: judge }\n  - { id: fault, role: critic }\n",
  "desk.venue.yaml":
    "version: 1\nname: desk\nprovider: scripted\nreplies: desk.replies.yaml\nseed: 7\nroles:\n  judge: { venue: bench, temperature: 0.5, params: { a: 1 } }\n  critic: { venue: ./deep/bench.venue.yaml, max_output_tokens: 99 }\n",
  "desk.replies.yaml": "version: 1\nsteps:\n  code: [{ text: desk codes }]\n  rule: [{ text: desk rules }]\n",
  // It sends the judge on; the Venue that answers has the name of this one.
  "bench.venue.yaml":
    "version: 1\nname: bench\nprovider: scripted\nreplies: desk.replies.yaml\nroles:\n  judge: { venue: court, temperature: 0.1, model: judgemental, params: { b: 2 } }\n",
  "court.venue.yaml": `version: 1\nname: court\nprovider: scripted\nreplies: court.replies.yaml\n${price}\nretry: { attempts: 5 }\ntimeouts: { total_seconds: 7 }\n`,
  "court.replies.yaml":
    "version: 1\nsteps:\n  rule: [{ text: court rules }]\n  fault: [{ text: court faults }]\n",
  "deep/bench.venue.yaml":
    "version: 1\nname: under\nprovider: scripted\nreplies: ../court.replies.yaml\nmax_output_tokens: 50\n",
};

const project = (changes: Readonly<Record<string, string>> = {}): Project =>
  createProject(Object.entries({ ...files, ...changes }).map(([path, text]) => ({ path, text })));

function resolved(changes: Readonly<Record<string, string>> = {}, venue?: string): Definition {
  const options = venue === undefined ? {} : { venue };
  const { definition, diagnostics } = resolveFlow(project(changes), "main.flow.yaml", options);
  assert.ok(definition, JSON.stringify(diagnostics));
  return definition;
}

const named = (plan: FlowPlan): string[] =>
  plan.otherVenues.map(({ name, roles }) => `${name}: ${roles.join(", ")}`);

describe("A role on another Venue", () => {
  it("is resolved along its way: the nearest override counts, and the last Venue answers", () => {
    const definition = resolved();
    assert.deepEqual(definitionSchema.parse(JSON.parse(JSON.stringify(definition))), definition);
    assert.deepEqual(definitionProblems(definition), []);
    assert.equal(venueOf(definition, "coder").name, "desk");
    assert.equal(venueOf(definition, "judge").name, "court");
    assert.equal(venueOf(definition, "critic").name, "under");
    const judge = callSettings(definition, "judge");
    assert.equal(judge.temperature, 0.5);
    assert.equal(judge.model, "judgemental");
    assert.deepEqual(judge.params, { a: 1, b: 2 });
    // What the Flow's own Venue says of all roles is about its own backend.
    assert.equal(judge.seed, undefined);
    assert.equal(callSettings(definition, "coder").seed, 7);
    assert.equal(callSettings(definition, "critic").max_output_tokens, 99);
  });

  it("keeps two Venues of one name apart, and leaves out what the Band has no role for", () => {
    const definition = resolved({
      "deep/bench.venue.yaml": (files["deep/bench.venue.yaml"] ?? "").replace("under", "court"),
      "bench.venue.yaml": (files["bench.venue.yaml"] ?? "").replace(
        "venue: court",
        "venue: ./court.venue.yaml",
      ),
      "desk.venue.yaml": `${files["desk.venue.yaml"] ?? ""}  nobody: { venue: ./court.venue.yaml }\n`,
    });
    assert.deepEqual(Object.keys(definition.venue.venues ?? {}), ["court", "deep/bench.venue.yaml"]);
    assert.equal(venueOf(definition, "critic").source, "deep/bench.venue.yaml");
    assert.equal(definition.venue.roles.nobody, undefined);
  });

  it("is counted with its own prices, waits and attempts; the plan names it", () => {
    const plan = planFlow(resolved());
    assert.deepEqual(named(plan), ["court: judge", "under: critic"]);
    const rule = plan.steps.find(({ id }) => id === "rule");
    assert.equal(rule?.venue, "court");
    assert.ok((rule.worst.usd ?? 0) > 0);
    assert.equal(plan.steps.find(({ id }) => id === "code")?.worst.usd, undefined);
    // Each call up to five times, seven seconds each, and waits of 1, 2, 4 and 8 seconds.
    assert.equal(rule.worst.seconds, rule.worst.calls * (5 * 7 + 15));
    // A Flow without limits gets one on the cost as soon as one of its Venues has prices.
    assert.equal(resolved().flow.limits.cost_usd, 5);
  });

  it("belongs to the servers and keys that a run can reach, if a step is given to it", () => {
    const remote = {
      "court.venue.yaml":
        "version: 1\nname: court\nprovider: openai\nmodel: m\nendpoint: https://court.example:8443/v1\napi_key: secret:court\nheaders: { x-tenant: env:TENANT }\n",
    };
    const reach = reachOf(resolved(remote));
    assert.deepEqual(reach.servers, ["https://court.example:8443"]);
    assert.deepEqual(
      reach.keys.map(({ reference, origin }) => `${reference} ${origin}`),
      ["secret:court https://court.example:8443", "env:TENANT https://court.example:8443"],
    );
    assert.ok(reach.network);
    assert.equal(providerOf(resolved(remote)), "openai");
    assert.equal(providerOf(resolved()), "scripted");
    const unused = resolved({
      ...remote,
      "steps.score.yaml": "version: 1\nname: steps\nsteps:\n  - role: coder\n",
    });
    assert.deepEqual(reachOf(unused).keys, []);
  });

  describe("in a run", () => {
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    let options: RuntimeOptions;
    let asked: string[];
    let fetch: ReturnType<typeof createHttpFetch>;
    beforeEach(async () => {
      folder = await temporaryFolder();
      fetch = createHttpFetch();
      asked = [];
      options = {
        workDomain: folder.path,
        startDirectory: folder.path,
        engineVersion: "0.0.0",
        startedBy: "library",
        fetch,
        confirmKey: (reference, origin) => {
          asked.push(`${reference}@${origin}`);
          return Promise.resolve();
        },
        resolveSecret: (reference) => Promise.resolve(`value of ${reference}`),
      };
    });
    afterEach(async () => {
      await fetch.close();
      await folder.remove();
    });

    async function performed(live: LiveSession): Promise<string[]> {
      await live.orchestrator.run();
      const { steps } = live.orchestrator.state;
      const said: string[] = [];
      for (const { key, summary } of steps.slice())
        said.push(`${key}: ${summary === undefined ? "" : await live.readText(summary)}`);
      await live.close();
      return said;
    }

    it("is answered there; replay finds the same, and a repetition asks there again", async () => {
      const live = await startSession(resolved(), options);
      assert.deepEqual(await performed(live), [
        "code: desk codes",
        "rule: court rules",
        "fault: court faults",
      ]);
      assert.equal(live.orchestrator.state.status, "ended");
      const { divergence } = await replaySession(live.directory);
      assert.equal(divergence, undefined, JSON.stringify(divergence));
      const { same, provider } = await repeatSession(live.directory, options, { times: 2 });
      assert.deepEqual([same, provider], [2, "scripted"]);
      const fork = await forkSession(live.directory, "rule", (definition) => definition, options);
      assert.deepEqual((await performed(fork)).slice(1), ["rule: court rules", "fault: court faults"]);
    });

    it("follows the Venue that a session goes on with, also after it was closed in between", async () => {
      const short = resolved();
      short.flow.limits = { model_calls: 1 };
      const live = await startSession(short, options);
      await live.orchestrator.run();
      assert.equal(live.orchestrator.state.status, "paused");
      const changed = {
        "desk.venue.yaml": (files["desk.venue.yaml"] ?? "").replace("venue: bench", "venue: under"),
        "court.replies.yaml":
          "version: 1\nsteps:\n  rule: [{ text: under rules }]\n  fault: [{ text: under faults }]\n",
      };
      live.orchestrator.submit({ kind: "change_venue", by: "person", venue: resolved(changed).venue });
      await live.close();

      const again = await openLiveSession(live.directory, options);
      assert.equal(venueOf(again.orchestrator.state.definition, "judge").name, "under");
      again.orchestrator.submit({
        kind: "adjust",
        adjustment: { kind: "set_limit", by: "person", limit: "model_calls", value: null },
      });
      again.orchestrator.resume("person", again.cutBytes);
      assert.deepEqual(await performed(again), [
        "code: desk codes",
        "rule: under rules",
        "fault: under faults",
      ]);
      const { divergence } = await replaySession(live.directory);
      assert.equal(divergence, undefined, JSON.stringify(divergence));
    });

    it("has its key asked for before anything begins", async () => {
      const keyed = resolved({
        "court.venue.yaml":
          "version: 1\nname: court\nprovider: openai\nmodel: m\nendpoint: http://127.0.0.1:9/v1\napi_key: secret:court\n",
      });
      await (await startSession(keyed, options)).close();
      assert.deepEqual(asked, ["secret:court@http://127.0.0.1:9"]);
    });
  });

  it("keeps its Venue in a fork that changes the model of the others", () => {
    const changed = changeDefinition(resolved(), { model: "other", models: { critic: "sharp" } });
    assert.equal(callSettings(changed, "coder").model, "other");
    assert.equal(callSettings(changed, "judge").model, "judgemental");
    assert.equal(callSettings(changed, "critic").model, "sharp");
    assert.equal(venueOf(changed, "critic").name, "under");
  });

  it("is refused in a definition that does not have the Venue", () => {
    const { venues: _venues, ...venue } = resolved().venue;
    assert.deepEqual(definitionProblems({ ...resolved(), venue }), [
      'The Venue sends a role to "court", which is not there.',
      'The Venue sends a role to "under", which is not there.',
    ]);
  });

  it("is listed with the Venue that sends it, and its model asked of the one that answers", () => {
    const known = project();
    assert.deepEqual(sentRoles(known, "desk.venue.yaml"), [
      { role: "judge", to: "court" },
      { role: "critic", to: "under" },
    ]);
    const source = known.sources.get("court.venue.yaml");
    const court = source === undefined ? undefined : contentOf(source, "venue");
    assert.ok(court);
    assert.deepEqual(
      Object.values(withSentModels(known, "court.venue.yaml", court).roles).map(({ model }) => model),
      ["judgemental", "judgemental"],
    );
  });
});
