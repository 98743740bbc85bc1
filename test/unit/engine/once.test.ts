import assert from "node:assert/strict";
import { once, onceEach } from "../../../src/engine/model/once";

describe("What is made on first use", () => {
  it("is made once, also where it is undefined", () => {
    let made = 0;
    const value = once(() => {
      made += 1;
      return undefined;
    });

    assert.equal(made, 0);
    assert.equal(value(), undefined);
    assert.equal(value(), undefined);
    assert.equal(made, 1);
  });

  it("is made one by one in an object, whose names are known before", () => {
    const made: string[] = [];
    const values = onceEach({
      one: () => made.push("one"),
      two: () => made.push("two"),
    });

    assert.deepEqual(Object.keys(values), ["one", "two"]);
    assert.equal(values.two, 1);
    assert.equal(values.two, 1);
    assert.deepEqual(made, ["two"]);
  });
});
