import assert from "node:assert/strict";
import { Later } from "../../../src/host/later";

/** An event as the editor's are, with its listeners. */
function event() {
  const listeners = new Set<(value: string) => unknown>();
  const listen = (listener: (value: string) => unknown, self?: unknown, all?: { dispose(): unknown }[]) => {
    const bound = listener.bind(self);
    listeners.add(bound);
    const ends = { dispose: () => listeners.delete(bound) };
    all?.push(ends);
    return ends;
  };
  return { listeners, listen, fire: (value: string) => listeners.forEach((each) => each(value)) };
}

function tree() {
  const changed = event();
  return {
    changed,
    onDidChange: changed.listen,
    rows: ["a"],
    children(prefix: string): string[] {
      return this.rows.map((row) => prefix + row);
    },
  };
}

function later() {
  const made: ReturnType<typeof tree>[] = [];
  const value = new Later(() => {
    made.push(tree());
    return Promise.resolve({ tree: made[0] ?? tree() });
  });
  return { made, value };
}

describe("A value that is loaded later", () => {
  it("is loaded once, by the first call of a method of a part", async () => {
    const { made, value } = later();
    const part = value.part("tree", "children");
    const before = value.asked;

    const answers = await Promise.all([part.children("x"), part.children("y")]);

    assert.equal(before, undefined);
    assert.deepEqual(answers, [["xa"], ["ya"]]);
    assert.equal(made.length, 1);
    assert.equal(await value.asked, await value.value());
  });

  it("is not loaded by listening, and tells those who listened before as well as after", async () => {
    const { made, value } = later();
    const heard: string[] = [];
    value.event("tree", "onDidChange")((text) => heard.push(`before ${text}`));
    assert.equal(made.length, 0);

    await value.value();
    value.event("tree", "onDidChange")((text) => heard.push(`after ${text}`));
    made[0]?.changed.fire("now");

    assert.deepEqual(heard, ["before now", "after now"]);
  });

  it("tells nobody who has stopped listening, whether before it was loaded or after", async () => {
    const { made, value } = later();
    const all: { dispose(): unknown }[] = [];
    const listen = value.event("tree", "onDidChange");
    listen(() => assert.fail("stopped before")).dispose();
    listen(() => assert.fail("stopped after"), undefined, all);

    await value.value();
    for (const ends of all) ends.dispose();
    made[0]?.changed.fire("now");

    assert.equal(made[0]?.changed.listeners.size, 0);
  });

  it("fails each call where it cannot be loaded", async () => {
    const value = new Later<{ tree: { children(): string[] } }>(() => Promise.reject(new Error("gone")));
    const part = value.part("tree", "children");

    await assert.rejects(part.children(), /gone/);
    await assert.rejects(part.children(), /gone/);
  });
});
