import assert from "node:assert/strict";
import type { PlantedFaults } from "./disk";
import { failures, simulate } from "./world";

/** `ORKET_SEED=N` runs that seed alone, as a failure message states. */
const only = process.env.ORKET_SEED;
const seedsInGate = 2000;
const seedsOfPlanted = 300;

function seeds(count: number): number[] {
  return only === undefined ? Array.from({ length: count }, (_, index) => index + 1) : [Number(only)];
}

describe("A simulated world", function () {
  this.timeout(300_000);

  it(`keeps every promise in the worlds of ${seedsInGate} seeds`, async () => {
    const [first] = await failures(seeds(seedsInGate));
    if (first === undefined) return;
    const text =
      first.error instanceof Error ? (first.error.stack ?? first.error.message) : String(first.error);
    assert.fail(`seed ${first.seed} (again with ORKET_SEED=${first.seed}): ${text}`);
  });

  // Seeds outside the gate's range that once found a bug.
  for (const seed of [5_007_239]) {
    it(`keeps every promise in the world of seed ${seed}`, async () => {
      await simulate(seed);
    });
  }

  it("is one in which agents write: what it says would mean little otherwise", async () => {
    let written = 0;
    for (let seed = 1; seed <= 50; seed += 1) written += (await simulate(seed)).written;
    assert.ok(written > 50, `${written} files in 50 worlds`);
  });

  it("is the same for the same seed", async () => {
    assert.deepEqual(await simulate(17), await simulate(17));
  });

  const planted: Readonly<Record<string, PlantedFaults>> = {
    "a sync of the journal that was dropped": { dropsSyncOf: "journal.jsonl" },
    "a lock that is gone early": { unlocksEarly: true },
    "a line before its contents": { dropsSyncOf: "contents" },
    "a session that two resume at once": { sharesLocks: true },
    "a rename that is lost": { losesRenames: true },
  };
  for (const [what, faults] of Object.entries(planted)) {
    it(`would tell ${what}`, async () => {
      const found = await failures(seeds(seedsOfPlanted), faults);
      assert.equal(found.length, 1, "no seed found it");
    });
  }
});
