import assert from "node:assert/strict";
import { joined } from "../../../src/host/artifacts/joined";

describe("Work whose calls are joined", () => {
  it("runs once for all calls that come before it begins, and once more for those during it", async () => {
    const rounds: (() => void)[] = [];
    const call = joined(() => new Promise((resolve) => rounds.push(resolve)));
    const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    const early = Promise.all([call(), call(), call()]);
    await settle();
    assert.equal(rounds.length, 1);
    let isLateOver = false;
    const late = Promise.all([call(), call()]).then(() => (isLateOver = true));
    rounds[0]?.();
    await early;
    await settle();
    assert.equal(rounds.length, 2);
    assert.equal(isLateOver, false, "a call during a round waits for the one after it");
    rounds[1]?.();
    await late;
  });

  it("goes on after a failure", async () => {
    let rounds = 0;
    const call = joined(() => {
      rounds += 1;
      return rounds === 1 ? Promise.reject(new Error("disk")) : Promise.resolve();
    });
    await call();
    await call();
    assert.equal(rounds, 2);
  });
});
