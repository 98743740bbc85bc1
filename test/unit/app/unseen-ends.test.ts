import assert from "node:assert/strict";
import { UnseenEnds } from "../../../src/app/session/unseen-ends";

const end = (directory: string, word = "completed") => ({
  directory,
  flow: "shapes",
  word,
  sentence: `shapes ${word}.`,
});

describe("the ends that nobody saw", () => {
  const memory = (kept?: unknown) => {
    const values = new Map<string, unknown>(kept === undefined ? [] : [["orket.unseenEnds", kept]]);
    return {
      get: (key: string) => values.get(key),
      update: (key: string, value: unknown) => values.set(key, value),
    };
  };

  it("are there after a reload, until they are looked at", () => {
    const kept = memory();
    const ends = new UnseenEnds(kept);
    ends.add(end("/a"));
    ends.add(end("/b"));
    ends.add(end("/a", "failed"));
    const reloaded = new UnseenEnds(kept);
    assert.deepEqual(
      reloaded.all.map(({ directory, word }) => [directory, word]),
      [
        ["/b", "completed"],
        ["/a", "failed"],
      ],
    );
    reloaded.retain(({ directory }) => directory !== "/b");
    assert.deepEqual(
      new UnseenEnds(kept).all.map(({ directory }) => directory),
      ["/a"],
    );
  });

  it("tell their listeners of each change, and of nothing else", () => {
    const ends = new UnseenEnds(memory());
    let changes = 0;
    ends.listen(() => (changes += 1));
    ends.add(end("/a"));
    ends.retain(() => true);
    assert.equal(changes, 1);
    ends.retain(() => false);
    assert.equal(changes, 2);
  });

  it("are few, and none where what was kept cannot be read", () => {
    const ends = new UnseenEnds(memory());
    for (let index = 0; index < 60; index += 1) ends.add(end(`/${index}`));
    assert.equal(ends.all.length, 50);
    assert.equal(ends.all.at(-1)?.directory, "/59");
    assert.deepEqual(new UnseenEnds(memory([{ directory: 1 }])).all, []);
  });
});
