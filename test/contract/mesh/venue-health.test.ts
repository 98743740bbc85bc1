import assert from "node:assert/strict";
import { endpointsOf } from "../../../src/app/venue/capability-memory";
import { healthOf } from "../../../src/app/venue/venue-health";
import { venueFileSchema } from "../../../src/engine/model/venue";
import type { VenueFile } from "../../../src/engine/model/venue";
import { oneRow } from "../../../src/host/venues/venue-row";
import { FakeNode, openAiNode } from "./mesh-node";

const deps = { resolveSecret: () => Promise.resolve("") };
const venueOf = (text: object): VenueFile => venueFileSchema.parse({ version: 1, name: "v", ...text });

describe("The health of a Venue", () => {
  const desk = new FakeNode("desk");
  const rack = openAiNode("rack");
  before(() => Promise.all([desk.start(), rack.start()]));
  after(() => Promise.all([desk.kill(), rack.kill()]));

  it("says of each node which of its own models it lacks", async () => {
    const venue = venueOf({
      provider: "mesh",
      model: "base",
      roles: { reviewer: { model: "small" }, judge: { model: "m" } },
      nodes: [
        { ...desk.spec(), model: "m" },
        { ...rack.spec(), model: "gone:1b" },
      ],
    });
    const found = await healthOf(venue, deps);
    assert.deepEqual(
      found.map(({ node, missing, health: { reachable } }) => ({ node, missing, reachable })),
      [
        { node: "desk", missing: ["small"], reachable: true },
        { node: "rack", missing: ["gone:1b", "small"], reachable: true },
      ],
    );
    const row = oneRow(found);
    assert.deepEqual(row.missing, ["small on desk", "gone:1b on rack", "small on rack"]);
    assert.equal(row.version, "2 of 2 nodes answer");
    assert.deepEqual(
      row.models.map(({ name }) => name),
      ["m:latest", "m"],
    );
  });

  it("knows the model of a node where the Venue itself names none", async () => {
    const venue = venueOf({ provider: "mesh", nodes: [{ ...desk.spec(), model: "other" }] });
    assert.deepEqual(
      endpointsOf(venue).map(({ node, model }) => [node, model]),
      [["desk", "other"]],
    );
    assert.deepEqual((await healthOf(venue, deps))[0]?.missing, ["other"]);
  });

  it("takes a model without a tag for the newest, and says which node is silent", async () => {
    const away = new FakeNode("away");
    await away.start();
    const nodes = [desk.spec(), away.spec()];
    await away.kill();
    const found = await healthOf(venueOf({ provider: "mesh", model: "m", nodes }), deps);
    const row = oneRow(found);
    assert.deepEqual(row.missing, []);
    assert.equal(row.reachable, true);
    assert.equal(row.version, "1 of 2 nodes answer");
    assert.match(row.problem ?? "", /^away: Cannot reach Ollama at /);
  });

  it("answers where a node gives no list of its models, with what is missing unknown", async () => {
    const loft = openAiNode("loft");
    loft.lists = false;
    await loft.start();
    try {
      const venue = venueOf({ provider: "mesh", model: "m", nodes: [desk.spec(), loft.spec()] });
      const row = oneRow(await healthOf(venue, deps));
      assert.equal(row.version, "2 of 2 nodes answer");
      assert.deepEqual(row.missing, []);
      assert.match(
        row.problem ?? "",
        /^loft: The server returned no list of models\..* where the API begins\?$/,
      );
    } finally {
      await loft.kill();
    }
  });

  it("has one entry for a Venue that is no mesh", async () => {
    const { endpoint } = rack.spec();
    const venue = venueOf({ provider: "openai", endpoint, model: "m", roles: { coder: { model: "x" } } });
    const [one, ...others] = await healthOf(venue, deps);
    assert.deepEqual(others, []);
    assert.equal(one?.node, undefined);
    assert.deepEqual(one?.missing, ["x"]);
    assert.deepEqual(oneRow([one]).missing, ["x"]);
    assert.deepEqual((await healthOf(venueOf({ provider: "scripted" }), deps))[0]?.missing, []);
  });
});
