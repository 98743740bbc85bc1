import assert from "node:assert/strict";
import { once, EventEmitter } from "node:events";
import { Mesh } from "../../../src/adapters/provider/mesh/mesh";
import { MeshWatch } from "../../../src/host/venues/mesh-watch";

/** A mesh of one node, which answers when the test lets it; undefined: it was not asked. */
class AskedMesh {
  asked = 0;
  answer: (() => void) | undefined;
  readonly mesh = new Mesh(
    [{ name: "desk", provider: "ollama", endpoint: "http://desk.invalid", slots: 1 }],
    {
      nowMs: () => performance.now(),
      check: () =>
        new Promise((resolve) => {
          this.asked += 1;
          this.answer = () => resolve({ ok: true, facts: { models: [], listIsWhole: true } });
        }),
    },
  );
}

describe("the meshes that the Library shows", () => {
  let told: EventEmitter<{ changed: [id: string] }>;
  let ids: string[];
  let watch: MeshWatch;
  let one: AskedMesh;
  let two: AskedMesh;

  beforeEach(() => {
    told = new EventEmitter();
    ids = [];
    watch = new MeshWatch((id) => {
      ids.push(id);
      told.emit("changed", id);
    });
    [one, two] = [new AskedMesh(), new AskedMesh()];
  });
  afterEach(() => {
    watch.dispose();
    one.mesh.close();
    two.mesh.close();
  });

  it("are asked only while somebody looks at the open row", () => {
    watch.open("a", one.mesh);
    assert.equal(one.asked, 0);
    watch.look(true);
    assert.deepEqual(ids, ["a"]);
    watch.open("a", one.mesh);
    assert.equal(one.asked, 1);
    watch.look(false);
    assert.ok(one.mesh.isIdle);
    watch.look(true);
    watch.open("a", one.mesh);
    assert.ok(!one.mesh.isIdle);
    watch.close("a");
    assert.ok(one.mesh.isIdle);
    assert.ok(!watch.isOpen("a"));
  });

  it("draw the row again that shows something else now, and no other", async () => {
    watch.look(true);
    watch.open("a", one.mesh);
    watch.open("b", two.mesh);
    one.answer?.();
    await once(told, "changed");
    assert.deepEqual(ids, ["a"]);
    watch.open("a", one.mesh);
    one.mesh.drain("desk");
    two.answer?.();
    await once(told, "changed");
    assert.deepEqual(ids, ["a", "a", "b"]);
  });

  it("leave a row alone that was drawn since", async () => {
    watch.look(true);
    watch.open("a", one.mesh);
    watch.open("b", two.mesh);
    one.mesh.drain("desk");
    watch.open("a", one.mesh);
    two.mesh.drain("desk");
    await once(told, "changed");
    assert.deepEqual(ids, ["b"]);
  });

  it("are let go when the row shows other nodes, or is gone", () => {
    watch.look(true);
    watch.open("a", one.mesh);
    watch.open("a", two.mesh);
    assert.ok(one.mesh.isIdle);
    watch.open("b", one.mesh);
    watch.keep(new Set(["b"]));
    assert.ok(two.mesh.isIdle);
    assert.ok(!one.mesh.isIdle);
  });
});
