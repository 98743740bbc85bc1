import assert from "node:assert/strict";
import {
  factsOf,
  factsOfText,
  isFromFile,
  providerNames,
  providersWhere,
} from "../../../src/engine/model/providers";
import { nodeSchema, venueFileSchema } from "../../../src/engine/model/venue";

describe("the table of providers", () => {
  it("gives a default endpoint to exactly those that are one server", () => {
    const servers = providersWhere("answeredBy", "server");

    assert.deepEqual(
      providerNames.filter((name) => factsOf(name).defaultEndpoint !== undefined),
      servers,
    );
    for (const name of servers) assert.ok(URL.canParse(factsOf(name).defaultEndpoint ?? ""), name);
  });

  it("lists only servers as nodes of a mesh, and the schema takes just those", () => {
    for (const provider of providerNames) {
      const node = { name: "desk", provider, endpoint: "http://127.0.0.1:1" };

      assert.equal(nodeSchema.safeParse(node).success, factsOf(provider).canBeNode, provider);
      assert.ok(!factsOf(provider).canBeNode || factsOf(provider).answeredBy === "server", provider);
    }
  });

  it("names only keys that a Venue's file has", () => {
    for (const name of providerNames)
      for (const key of factsOf(name).ownKeys)
        assert.ok(Object.hasOwn(venueFileSchema.shape, key), `${name}: ${key}`);
  });

  it("knows nothing of a name that is not in it, not even an inherited one", () => {
    for (const name of ["toString", "constructor", "", "Ollama", undefined])
      assert.equal(factsOfText(name), undefined);
    assert.equal(isFromFile("__proto__"), false);
    assert.equal(isFromFile("scripted"), true);
  });
});
