import assert from "node:assert/strict";
import { MeshPool } from "../../../src/adapters/provider/mesh/mesh-pool";
import type { Mesh } from "../../../src/adapters/provider/mesh/mesh";
import { CancelSource } from "../../../src/engine/port/cancellation";

/** Nobody answers. */
const deps = {
  resolveSecret: (): Promise<string> => Promise.resolve("key"),
  fetch: (): Promise<never> => Promise.reject(new Error("there is no network")),
};

describe("a pool of meshes", () => {
  let pool: MeshPool;
  const meshOf = (name: string): Mesh =>
    pool.mesh([{ name, provider: "ollama", endpoint: `http://${name}.invalid`, slots: 1 }], deps);
  const names = (): string[] => pool.snapshot().flatMap(({ nodes }) => nodes.map(({ name }) => name));
  /** As when somebody edits the nodes of a Venue and saves it again and again. */
  const manyOthers = (): void => {
    for (let number = 0; number < 100; number += 1) meshOf(`other-${number}`);
  };

  beforeEach(() => {
    pool = new MeshPool();
  });
  afterEach(() => pool.close());

  it("is the same for the same nodes", () => {
    assert.equal(meshOf("desk"), meshOf("desk"));
    assert.notEqual(meshOf("desk"), meshOf("rack"));
  });

  it("forgets meshes that nobody uses, those first that were asked for longest ago", () => {
    manyOthers();
    const kept = names();
    assert.ok(kept.length < 20, `${kept.length} are kept`);
    const first = meshOf(kept[0] ?? "");
    meshOf("one more");
    assert.equal(meshOf(kept[0] ?? ""), first);
    assert.ok(!names().includes(kept[1] ?? ""));
  });

  it("keeps one that somebody looks at, until nobody does", () => {
    const mesh = meshOf("desk");
    const stop = mesh.watch(() => undefined);
    manyOthers();
    assert.equal(meshOf("desk"), mesh);
    stop();
    manyOthers();
    assert.ok(!names().includes("desk"));
  });

  it("keeps one with a drained node, until it is put back", () => {
    const mesh = meshOf("desk");
    mesh.drain("desk");
    manyOthers();
    assert.equal(meshOf("desk"), mesh);
    mesh.restore("desk");
    manyOthers();
    assert.ok(!names().includes("desk"));
  });

  it("keeps one with a call that waits, until the call has ended", async () => {
    const mesh = meshOf("desk");
    const ticket = mesh.enter(
      {
        session: "s",
        step: "a",
        asked: "m",
        models: { desk: "m" },
        routing: "ordered",
        sameModel: "required",
        patienceMs: 3_600_000,
      },
      [],
    );
    manyOthers();
    assert.equal(meshOf("desk"), mesh);
    const cancellation = new CancelSource();
    const placement = ticket.placement(cancellation);
    cancellation.cancel();
    await assert.rejects(placement, /cancelled/);
    manyOthers();
    assert.ok(!names().includes("desk"));
  });
});
