import assert from "node:assert/strict";
import { firstWaitMs } from "../../../src/adapters/provider/mesh/circuit";
import { checkEveryMs, firstLookMs, freshMs } from "../../../src/adapters/provider/mesh/scheduler";
import { Chance } from "../../fakes/generated-session";
import { facts, Play, unknownFacts } from "./play";

const other = facts({ name: "m", digest: "other" });

describe("The mesh's scheduler: which node", () => {
  it("takes the least busy node by its share of slots, then by the file's order", () => {
    const play = new Play({ small: 1, large: 4 });
    const nodes = Array.from({ length: 5 }, () => play.at.get(play.submit()));
    assert.deepEqual(nodes, ["small", "large", "large", "large", "large"]);
    const sixth = play.submit();
    assert.equal(play.at.get(sixth), undefined);
    play.answer(1);
    assert.equal(play.at.get(sixth), "small");
  });

  it("keeps to the file's order when the Venue says so", () => {
    const play = new Play({ first: 2, second: 4 });
    const nodes = Array.from({ length: 3 }, () => play.at.get(play.submit({ routing: "ordered" })));
    assert.deepEqual(nodes, ["first", "first", "second"]);
  });

  it("prefers a node that has the model in memory, but not to one that stands idle while it is busy", () => {
    const play = new Play({ cold: 4, warm: 4 });
    const listed = { name: "m", digest: "d" };
    play.servers.set("cold", facts({ ...listed, loaded: false }));
    play.servers.set("warm", facts({ ...listed, loaded: true }));
    const nodes = Array.from({ length: 4 }, () => play.at.get(play.submit()));
    assert.deepEqual(nodes, ["warm", "warm", "cold", "cold"]);
  });

  it("remembers which model a node was used for, where the node does not say", () => {
    const play = new Play({ one: 1, two: 1 });
    const both = facts({ name: "m", digest: "d" }, { name: "n", digest: "e" });
    play.servers.set("one", both);
    play.servers.set("two", both);
    for (const asked of ["m", "n"]) play.submit({ asked });
    play.answer(1);
    play.answer(2);
    assert.equal(play.at.get(play.submit({ asked: "n" })), "two");
    assert.equal(play.at.get(play.submit({ asked: "m" })), "one");
  });

  it("prefers the node for which fewer calls wait", () => {
    const play = new Play({ one: 1, two: 1 });
    const bound = (node: string): [{ node: string; digest: string }] => [{ node, digest: `d-${node}` }];
    play.servers.set("one", facts({ name: "m", digest: "d-one" }));
    play.servers.set("two", facts({ name: "m", digest: "d-two" }));
    play.answersChecks = false;
    play.submit({ session: "free", sameModel: "allowed" });
    play.submit({ session: "a" }, bound("one"));
    play.submit({ session: "a" }, bound("one"));
    play.answerCheck("one");
    play.answerCheck("two");
    assert.equal(play.at.get(1), "two");
    assert.equal(play.at.get(2), "one");
  });

  it("waits a moment for every node's first answer, so that the choice hangs on no race", () => {
    const play = new Play({ slow: 1, quick: 1 });
    play.answersChecks = false;
    const call = play.submit();
    play.answerCheck("quick");
    assert.equal(play.at.get(call), undefined);
    play.pass(firstLookMs);
    assert.equal(play.at.get(call), "quick");
  });

  it("serves the sessions in turn, however many calls one of them has", () => {
    const play = new Play({ one: 1 });
    const session = (name: string): number => play.submit({ session: name });
    session("greedy");
    for (let n = 0; n < 5; n += 1) session("greedy");
    session("modest");
    session("other");
    const order: number[] = [];
    while (play.at.size > 0) {
      const [call] = play.at.keys();
      assert(call !== undefined);
      order.push(call);
      play.answer(call);
    }
    assert.deepEqual(order, [1, 2, 7, 8, 3, 4, 5, 6]);
  });

  it("gives a drained node no new call, lets its calls end, and uses it again afterwards", () => {
    const play = new Play({ one: 2, two: 1 });
    const first = play.submit();
    assert.equal(play.at.get(first), "one");
    play.drain("one");
    assert.equal(play.at.get(play.submit()), "two");
    const waiting = play.submit();
    assert.equal(play.at.get(waiting), undefined);
    play.drain("one", false);
    assert.equal(play.at.get(waiting), "one");
    play.answer(first);
  });
});

describe("The mesh's scheduler: failures", () => {
  it("moves a call of a node that is gone at once, and asks that node again with growing waits", () => {
    const play = new Play({ one: 1, two: 1 });
    const call = play.submit();
    play.servers.set("one", undefined);
    play.checks.length = 0;
    const from = play.nowMs;
    play.fail(call, "connection_lost");
    assert.equal(play.at.get(call), "two");
    play.pass(100_000);
    const waits = play.checks.filter(({ node }) => node === "one").map(({ atMs }) => atMs - from);
    assert.deepEqual(waits, [250, 750, 1750, 3750, 7750, 15_750, 31_750, 61_750, 91_750]);
  });

  it("tries a node that came back with one call before it trusts it with more", () => {
    const play = new Play({ one: 3 });
    const calls = [play.submit(), play.submit(), play.submit()];
    for (const call of calls) play.fail(call, "connection_lost");
    assert.equal(play.at.size, 0);
    play.pass(250);
    assert.deepEqual([...play.at.keys()], [calls[2]]);
    play.answer(3);
    assert.equal(play.at.size, 2);
  });

  it("counts calls that fail together as one failure of the node", () => {
    const play = new Play({ one: 4 });
    const calls = Array.from({ length: 4 }, () => play.submit());
    for (const call of calls) play.fail(call, "connection_lost");
    play.pass(250);
    assert.equal(play.at.size, 1);
  });

  it("goes on using a node that failed with one call, until three in a row have failed", () => {
    const play = new Play({ one: 1 });
    for (let n = 0; n < 2; n += 1) play.fail(play.submit(), "server_error", { again: false });
    const third = play.submit();
    assert.equal(play.at.get(third), "one");
    play.fail(third, "server_error", { again: false });
    assert.equal(play.at.get(play.submit()), undefined);
    play.pass(250);
    assert.equal(play.at.size, 1);
  });

  it("leaves a node alone for as long as it asked to be", () => {
    const play = new Play({ one: 1 });
    const call = play.submit({ patienceMs: 60_000 });
    play.fail(call, "rate_limited", { waitMs: 20_000 });
    play.pass(19_000);
    assert.equal(play.at.size, 0);
    play.pass(1000);
    assert.equal(play.at.get(call), "one");
  });

  it("tries each node once, then gives the call back at once when none of them is gone", () => {
    const play = new Play({ one: 1, two: 1 });
    const call = play.submit();
    play.fail(call, "malformed_reply");
    assert.equal(play.at.get(call), "two");
    play.fail(call, "malformed_reply");
    assert.equal(play.rejected.get(call)?.waitedMs, 0);
  });

  it("waits for a node to come back while all are gone, as long as the call's patience lasts", () => {
    const play = new Play({ one: 1, two: 1 });
    play.servers.set("one", undefined);
    play.servers.set("two", undefined);
    const [lost, saved] = [play.submit({ patienceMs: 3000 }), play.submit({ patienceMs: 60_000 })];
    play.pass(2999);
    assert.equal(play.rejected.size, 0);
    play.pass(1);
    assert.deepEqual([...play.rejected.keys()], [lost]);
    play.servers.delete("two");
    play.pass(5000);
    assert.equal(play.at.get(saved), "two");
  });

  it("says at once that no node has the model", () => {
    const play = new Play({ one: 1, two: 1 });
    const call = play.submit({ asked: "x" });
    const kinds = play.rejected.get(call)?.nodes.map(({ prospect }) => prospect.kind);
    assert.deepEqual(kinds, ["never", "never"]);
  });

  it("gives a call back at once when every node refuses the key, and asks again for the next one", () => {
    const play = new Play({ one: 1, two: 1 });
    play.servers.set("one", "refuses");
    play.servers.set("two", "refuses");
    const refused = play.submit();
    assert.equal(play.rejected.get(refused)?.waitedMs, 0);
    assert.deepEqual(
      play.rejected.get(refused)?.nodes.map(({ prospect }) => "because" in prospect && prospect.because),
      ["refused", "refused"],
    );
    play.servers.delete("two");
    const corrected = play.submit();
    play.pass(firstWaitMs);
    assert.equal(play.at.get(corrected), "two");
  });

  it("waits for a node that is gone although another one refuses the key, and lets no call wait for that one", () => {
    const play = new Play({ one: 1, gone: 1 });
    play.servers.set("one", "refuses");
    play.servers.set("gone", undefined);
    const waiting = play.submit();
    play.pass(1000);
    assert.equal(play.rejected.has(waiting), false);
    play.servers.delete("gone");
    play.pass(1000);
    assert.equal(play.at.get(waiting), "gone");
    play.answer(waiting);
    assert.equal(play.at.get(play.submit()), "gone");
  });

  it("trusts the connections of running calls more than a check that gets no answer in time", () => {
    const play = new Play({ one: 2 });
    play.submit();
    play.answersChecks = false;
    play.pass(checkEveryMs);
    play.scheduler.checked("one", { ok: false, slow: true, problem: "slow" }, play.nowMs);
    assert.equal(play.at.get(play.submit()), "one");
  });

  it("asks nothing and needs no timer while there is no work, unless somebody looks", () => {
    const play = new Play({ one: 1 });
    assert.equal(play.scheduler.wakeMs(play.nowMs), undefined);
    const call = play.submit();
    assert.notEqual(play.scheduler.wakeMs(play.nowMs), undefined);
    play.answer(call);
    assert.equal(play.scheduler.wakeMs(play.nowMs), undefined);
    play.watch(true);
    play.checks.length = 0;
    play.pass(4 * checkEveryMs);
    assert.equal(play.checks.length, 4);
    play.watch(false);
    assert.equal(play.scheduler.wakeMs(play.nowMs), undefined);
  });

  it("asks a node again after a rest before it relies on what it said", () => {
    const play = new Play({ one: 1 });
    play.answer(play.submit());
    play.pass(freshMs + 1);
    play.answersChecks = false;
    const call = play.submit();
    assert.equal(play.at.get(call), undefined);
    play.answerCheck("one");
    assert.equal(play.at.get(call), "one");
  });
});

describe("The mesh's scheduler: one model for a session", () => {
  it("binds a session to the model that has the most slots, and never moves it", () => {
    const play = new Play({ odd: 1, one: 1, two: 1 });
    play.servers.set("odd", other);
    const calls = [play.submit(), play.submit(), play.submit()];
    assert.deepEqual(
      calls.map((call) => play.at.get(call)),
      ["one", "two", undefined],
    );
    play.fail(calls[0] ?? 0, "connection_lost");
    play.fail(calls[1] ?? 0, "connection_lost");
    assert.equal(play.at.size, 0);
    play.pass(250);
    assert(!["odd"].includes(play.at.get(calls[0] ?? 0) ?? ""));
  });

  it("goes by the session's journal after a new start", () => {
    const play = new Play({ one: 1, two: 1, odd: 1 });
    play.servers.set("odd", other);
    assert.equal(play.at.get(play.submit({}, [{ node: "elsewhere", digest: "other" }])), "odd");
    play.submit({ session: "t" }, [{ node: "elsewhere", digest: "gone" }]);
    assert.equal(play.rejected.get(2)?.nodes.length, 3);
  });

  it("does not move a call to a node that does not say what it has, but goes on with the one it began with", () => {
    const play = new Play({ one: 1, two: 1 });
    play.servers.set("one", unknownFacts);
    play.servers.set("two", unknownFacts);
    const call = play.submit();
    play.fail(call, "connection_lost");
    assert.equal(play.at.get(call), undefined);
    play.pass(250);
    assert.equal(play.at.get(call), "one");
  });

  it("notices that a node came back with another model", () => {
    const play = new Play({ one: 1 });
    play.answer(play.submit());
    const call = play.submit();
    play.servers.set("one", other);
    play.fail(call, "connection_lost");
    play.pass(250);
    assert.equal(play.at.size, 0);
    assert.equal(play.rejected.get(call)?.nodes[0]?.prospect.kind, "never");
  });

  it("forgets what a call was bound to when it was never answered", () => {
    const play = new Play({ one: 1, two: 1 });
    play.servers.set("two", other);
    const call = play.submit();
    play.servers.set("one", undefined);
    play.fail(call, "connection_lost");
    play.pass(10_000);
    assert(play.rejected.has(call));
    assert.equal(play.at.get(play.submit()), "two");
  });

  it("tells of every new model when changes are allowed, and avoids a model that is known to be another one", () => {
    const play = new Play({ one: 1, two: 1, odd: 1 });
    play.servers.set("odd", other);
    const calls = [1, 2, 3].map(() => play.submit({ sameModel: "allowed" }));
    assert.deepEqual(
      calls.map((call) => play.at.get(call)),
      ["one", "two", "odd"],
    );
    assert.deepEqual(play.changes, [
      { call: 3, from: { node: "one", digest: "d" }, to: { node: "odd", digest: "other" } },
    ]);
  });
});

describe("The mesh's scheduler: any history", () => {
  it("loses no call, ends none twice, keeps to the slots and changes no model in silence", () => {
    for (let seed = 1; seed <= 200; seed += 1) playAny(new Chance(seed), seed);
  });
});

const failures = ["connection_lost", "idle_timeout", "server_error", "rate_limited", "not_found"] as const;

function playAny(chance: Chance, seed: number): void {
  const slots = { a: 1 + chance.below(3), b: 1 + chance.below(3), c: 1 };
  const play = new Play(slots);
  const digests = ["d", "d", "e", ""];
  const reset = (node: string): void => {
    const digest = chance.pick(digests);
    play.servers.set(node, facts({ name: "m", ...(digest === "" ? {} : { digest }) }));
  };
  for (const node of Object.keys(slots)) reset(node);
  const required = chance.happens(0.7);
  const submitted: number[] = [];
  const answered = new Map<number, string>();
  const over = new Set<number>();
  const sessions = new Map<number, string>();
  for (let turn = 0; turn < 60; turn += 1) {
    const [running] = [...play.at.keys()].slice(chance.below(Math.max(1, play.at.size)));
    if (chance.happens(0.4)) {
      const session = chance.pick(["s", "t", "u"]);
      const call = play.submit({ session, sameModel: required ? "required" : "allowed" });
      submitted.push(call);
      sessions.set(call, session);
    } else if (running !== undefined && chance.happens(0.5)) {
      const model = play.models.get(running);
      answered.set(running, model?.digest ?? `unknown ${model?.node ?? ""}`);
      play.answer(running);
    } else if (running !== undefined && chance.happens(0.6)) {
      const again = chance.happens(0.9);
      play.fail(running, chance.pick(failures), { again });
      if (!again) over.add(running);
    } else if (chance.happens(0.2)) {
      const node = chance.pick(["a", "b", "c"]);
      if (chance.happens(0.5)) play.servers.set(node, undefined);
      else if (play.scheduler.nodes().every(({ name, running: own }) => name !== node || own.size === 0)) {
        if (!required) reset(node);
      }
    } else if (chance.happens(0.1)) play.drain(chance.pick(["a", "b", "c"]), chance.happens(0.5));
    else play.pass(chance.below(20_000));
    for (const node of play.scheduler.nodes()) assert(node.running.size <= node.slots, `seed ${seed}`);
  }
  for (const node of ["a", "b", "c"]) play.drain(node, false);
  for (let turn = 0; turn < 500 && play.scheduler.queue().length + play.at.size > 0; turn += 1) {
    for (const call of [...play.at.keys()]) {
      const model = play.models.get(call);
      answered.set(call, model?.digest ?? `unknown ${model?.node ?? ""}`);
      play.answer(call);
    }
    play.pass(5000);
  }
  for (const call of submitted) {
    const ends = [answered.has(call), play.rejected.has(call), over.has(call)].filter(Boolean).length;
    assert.equal(ends, 1, `seed ${seed}: call ${call} ended ${ends} times`);
  }
  for (const session of ["s", "t", "u"]) {
    const used = new Set([...answered].filter(([call]) => sessions.get(call) === session).map(([, d]) => d));
    const changes = play.changes.filter(({ call }) => sessions.get(call) === session).length;
    assert(used.size - 1 <= (required ? 0 : changes), `seed ${seed}: ${[...used].join(", ")}`);
  }
}
