import assert from "node:assert/strict";
import type { SessionEnvironment } from "../../src/adapters/journal/jsonl-session-store";
import type { FetchLike } from "../../src/adapters/provider/http/transport";
import { replaySession, verifySession } from "../../src/app/session/audit";
import { openLiveSession, startSession } from "../../src/app/session/open";
import type { LiveSession, RuntimeOptions } from "../../src/app/session/session";
import { readSession } from "../../src/adapters/journal/session-folder";
import { OrketError } from "../../src/engine/error/orket-error";
import type { SessionEvent } from "../../src/engine/event/event";
import type { Definition, PlanNode } from "../../src/engine/model/definition";
import { viewSession } from "../../src/engine/view/session-view";
import { definitionOf, step } from "../fakes/engine-harness";
import { Killed, SimulatedDisk } from "./disk";
import type { PlantedFaults } from "./disk";
import { SeededRandom } from "./random";

/** The result of one seed. */
export interface Outcome {
  readonly seed: number;
  readonly events: number;
  readonly kills: number;
  readonly powerLosses: number;
  readonly ended: boolean;
  /** Files that agents wrote. */
  readonly written: number;
}

/** The project's path: nothing of it is on the real disk. */
const project = "/orket-simulation/project";
/** Maximum number of lives of one session; the last one is not disturbed. */
const mostLives = 6;

/** The model's server: the seed decides its replies, tool calls and failures. */
function serverOf(random: SeededRandom): FetchLike {
  const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
  const delta = (value: unknown, finish: string | null = null): string =>
    event({ choices: [{ index: 0, delta: value, finish_reason: finish }] });
  const reply = (): string => {
    if (random.chance(0.5)) {
      const name = random.pick(["a.md", "b.md", "deep/c.md"]);
      const content = `${name} ${random.below(1000)}\n`.repeat(1 + random.below(200));
      const call = { name: "write_file", arguments: JSON.stringify({ path: name, content }) };
      return (
        delta({ tool_calls: [{ index: 0, id: `c${random.below(1e6)}`, type: "function", function: call }] }) +
        delta({}, "tool_calls")
      );
    }
    return delta({ content: "What was done. ".repeat(1 + random.below(120)) }) + delta({}, "stop");
  };
  const usage = (): string =>
    event({ choices: [], usage: { prompt_tokens: 10 + random.below(90), completion_tokens: 5 } });
  return () => {
    if (random.chance(0.06)) {
      return Promise.reject(Object.assign(new Error("refused"), { code: "ECONNREFUSED" }));
    }
    const status = random.chance(0.05) ? 500 : 200;
    const whole = status === 500 ? '{"error":{"message":"busy"}}' : `${reply()}${usage()}data: [DONE]\n\n`;
    const text = random.chance(0.05) ? whole.slice(0, random.below(whole.length)) : whole;
    const pieces = [text.slice(0, text.length / 2), text.slice(text.length / 2)];
    return Promise.resolve({
      status,
      headers: { get: () => null },
      text: () => Promise.resolve(text),
      body: {
        getReader: () => ({
          read: () => {
            const piece = pieces.shift();
            return Promise.resolve(
              piece === undefined ? { done: true } : { done: false, value: Buffer.from(piece) },
            );
          },
          cancel: () => Promise.resolve(),
        }),
      },
    });
  };
}

function scoreOf(random: SeededRandom): PlanNode[] {
  const steps: PlanNode[] = [step("plan", "writer", { max_turns: 3 })];
  if (random.chance(0.4)) {
    steps.push({
      kind: "parallel",
      branches: [step("left", "writer", { max_turns: 2 }), step("right", "listener", { max_turns: 2 })],
    });
  }
  if (random.chance(0.4))
    steps.push({ kind: "loop", max: 2, body: [step("again", "writer", { max_turns: 2 })] });
  steps.push(
    step("last", "reviewer", { max_turns: 2, ...(random.chance(0.3) ? { approval: "before_step" } : {}) }),
  );
  return steps;
}

function definitionFrom(random: SeededRandom): Definition {
  const definition = definitionOf(scoreOf(random), {
    limits: { model_calls: 6 + random.below(30), total_tokens: 1_000_000 },
  });
  return {
    ...definition,
    venue: {
      ...definition.venue,
      provider: "openai",
      endpoint: "http://simulated.invalid/v1",
      model: "m",
      timeouts: { connect_seconds: 60, first_token_seconds: 60, idle_seconds: 60, total_seconds: 60 },
      retry: { attempts: 3, backoff_seconds: 1 },
    },
  };
}

/** An event as text, its keys in a fixed order. */
function textOf(event: SessionEvent): string {
  return JSON.stringify(event, (_, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

/** One session from its start to its end, over as many lives as the seed requires. */
class Simulation {
  readonly #random: SeededRandom;
  readonly #disk: SimulatedDisk;
  readonly #options: RuntimeOptions;
  readonly #machine: SessionEnvironment;
  readonly #definition: Definition;
  /** What listeners received: certainly on the disk. */
  readonly #acknowledged = new Map<number, string>();
  #nowMs = Date.UTC(2026, 10, 30);
  #directory: string | undefined;
  #kills = 0;
  #powerLosses = 0;
  #written = 0;

  constructor(
    readonly seed: number,
    faults: PlantedFaults,
  ) {
    this.#random = new SeededRandom(seed);
    this.#disk = new SimulatedDisk(this.#random, faults);
    this.#disk.make(project);
    this.#machine = {
      fs: this.#disk,
      projectFs: this.#disk,
      random: this.#random.bytes,
      clock: {
        nowMs: () => (this.#nowMs += this.#random.below(50)),
        sleep: (ms) => {
          this.#nowMs += ms;
          return new Promise((resolve) => setImmediate(resolve));
        },
      },
    };
    this.#definition = definitionFrom(this.#random);
    this.#options = {
      workDomain: project,
      startDirectory: project,
      engineVersion: "simulation",
      startedBy: "library",
      resolveSecret: () => Promise.resolve(""),
      fetch: serverOf(this.#random),
      environment: this.#machine,
    };
  }

  async run(): Promise<Outcome> {
    let ended = false;
    for (let life = 1; life <= mostLives && !ended; life += 1) {
      const last = life === mostLives;
      this.#disk.killAt = last ? Infinity : this.#disk.operations + 1 + this.#random.below(160);
      this.#disk.failure = !last && this.#random.chance(0.15) ? 0.01 : 0;
      this.#disk.failureCode = this.#random.pick(["EIO", "ENOSPC"]);
      ended = await this.#live();
      this.#disk.failure = 0;
      await this.#checkDisk();
    }
    await this.#checkWhole();
    return {
      seed: this.seed,
      events: this.#acknowledged.size,
      kills: this.#kills,
      powerLosses: this.#powerLosses,
      ended,
      written: this.#written,
    };
  }

  /** One life of the process, until the session has nothing left to do or it dies. @returns whether the session ended. */
  async #live(): Promise<boolean> {
    let session: LiveSession | undefined;
    try {
      session = await this.#open();
      if (this.#random.chance(0.3)) await this.#secondWriter(session.directory);
      const state = await this.#perform(session);
      const { ended } = { ended: state === "ended" };
      await session.close();
      // It can die in work that it does not await, such as an index beside the journal.
      if (this.#disk.dead) this.#die();
      return ended;
    } catch (error) {
      await session?.close().catch(() => undefined);
      const isDisk = OrketError.is(error, "disk_failed", "disk_full") || error instanceof Killed;
      if (!isDisk) throw error;
      this.#die();
      return false;
    }
  }

  #die(): void {
    this.#kills += 1;
    const powerLoss = this.#random.chance(0.6);
    if (powerLoss) this.#powerLosses += 1;
    this.#disk.crash(powerLoss);
  }

  async #open(): Promise<LiveSession> {
    const known = this.#directory;
    if (known === undefined) {
      const fresh = await startSession(this.#definition, this.#options);
      this.#directory = fresh.directory;
      this.#acknowledge(await this.#recorded());
      this.#listen(fresh);
      return fresh;
    }
    const session = await openLiveSession(known, this.#options);
    this.#listen(session);
    const { status } = session.orchestrator.state;
    if (status !== "ended") session.orchestrator.resume("person", session.cutBytes);
    return session;
  }

  #listen(session: LiveSession): void {
    session.orchestrator.listen({ onEvents: (events) => this.#acknowledge(events) });
  }

  #acknowledge(events: readonly SessionEvent[]): void {
    for (const one of events) {
      const { seq } = one;
      const text = textOf(one);
      const told = this.#acknowledged.get(seq);
      if (told === undefined) this.#acknowledged.set(seq, text);
      else assert.equal(text, told, `event ${seq} was told twice, and differently`);
    }
  }

  /** Answers the session's questions as the seed decides, until it rests. */
  async #perform(session: LiveSession): Promise<string> {
    const { orchestrator } = session;
    const answer = (id: string, sha256: string): void => {
      const decision = this.#random.pick<"approve" | "skip">(["approve", "approve", "skip"]);
      setImmediate(() => {
        try {
          orchestrator.submit({ kind: "resolve_approval", id, sha256, decision, by: "person" });
        } catch (error) {
          // The process may have died meanwhile; another life asks again.
          if (!OrketError.is(error)) throw error;
        }
      });
    };
    // A run waits for its answers, so they are given while it runs.
    for (const { id, sha256 } of viewSession(orchestrator.state).approvals) answer(id, sha256);
    orchestrator.listen({
      onEvents: (events) => {
        for (const one of events) {
          if (one.type === "approval_requested") answer(one.data.id, one.data.sha256);
        }
      },
    });
    return (await orchestrator.run()).status;
  }

  /** A second writer tries to write the session at the same time: only one is allowed. */
  async #secondWriter(directory: string): Promise<void> {
    const outcome = await openLiveSession(directory, this.#options).then(
      async (second) => {
        await second.close().catch(() => undefined);
        return "opened" as const;
      },
      (error: unknown) => error,
    );
    if (outcome === "opened") assert.fail("two writers had the session at the same time");
    if (outcome instanceof Killed || OrketError.is(outcome, "disk_failed", "disk_full")) throw outcome;
    assert.ok(OrketError.is(outcome, "session_locked"), String(outcome));
  }

  async #recorded(): Promise<readonly SessionEvent[]> {
    return (await readSession(this.#machine, this.#directory ?? "")).events;
  }

  /** After each life: nothing acknowledged is lost or changed, and nothing was written outside. */
  async #checkDisk(): Promise<void> {
    for (const file of this.#disk.paths()) {
      const inside = file.startsWith(`${project}/.orket`) || `${project}/`.startsWith(`${file}/`);
      assert.ok(inside, `${file} was written outside`);
    }
    if (this.#directory === undefined) return;
    const record = await readSession(this.#machine, this.#directory);
    assert.equal(record.damage, undefined, `the journal is damaged: ${record.damage?.message ?? ""}`);
    for (const [seq, text] of this.#acknowledged) {
      const event = record.events[seq];
      assert.ok(event !== undefined, `event ${seq} was acknowledged and is lost: ${text.slice(0, 200)}`);
      assert.equal(textOf(event), text, `event ${seq} was acknowledged and is another one`);
    }
  }

  /** At the end: verified, replays identically, within its limits, nothing done twice, a truthful end. */
  async #checkWhole(): Promise<void> {
    const directory = this.#directory;
    if (directory === undefined) return;
    const verified = await verifySession(directory, this.#machine);
    assert.deepEqual(verified.findings, []);
    const replayed = await replaySession(directory, this.#machine);
    assert.equal(replayed.identical, true, JSON.stringify(replayed.divergence));
    const events = await this.#recorded();
    this.#written = events.filter(({ type }) => type === "artifact_written").length;
    const calls = events.filter(({ type }) => type === "model_call_start").length;
    assert.ok(calls <= (this.#definition.flow.limits.model_calls ?? 0), `${calls} model calls`);
    const ends = events.filter(({ type }) => type === "step_end").map(({ step: key }) => key);
    assert.equal(new Set(ends).size, ends.length, `a step ended twice: ${ends.join(" ")}`);
    const results = events.flatMap((one) =>
      one.type === "tool_result" ? [`${one.step ?? ""} ${one.data.call_id}`] : [],
    );
    assert.equal(new Set(results).size, results.length, "a tool call was performed twice");
    const last = events.findLast(({ type }) => type === "session_end" || type === "session_paused");
    if (last?.type === "session_end" && last.data.outcome === "completed") {
      const begun = new Set(events.flatMap((one) => (one.type === "step_start" ? [one.step] : [])));
      const done = new Set(
        events.flatMap((one) => (one.type === "step_end" || one.type === "step_skipped" ? [one.step] : [])),
      );
      for (const key of begun) assert.ok(done.has(key), `completed, and ${key ?? ""} did not end`);
    }
  }
}

/** Turns of 100 ms after which a world counts as stuck: one takes a few milliseconds. */
const standstillTurns = 200;

/** Runs the world of a seed. @throws the broken promise. */
export async function simulate(seed: number, faults: PlantedFaults = {}): Promise<Outcome> {
  let timer: NodeJS.Timeout | undefined;
  const standstill = new Promise<never>((_, reject) => {
    // Turns, not time: on a busy machine a process that gets no time takes no turns, and its world is not at fault.
    const turn = (left: number): void => {
      if (left === 0) reject(new Error("the session stands still"));
      else timer = setTimeout(turn, 100, left - 1);
    };
    turn(standstillTurns);
  });
  try {
    return await Promise.race([new Simulation(seed, faults).run(), standstill]);
  } finally {
    clearTimeout(timer);
  }
}

/** The first `most` seeds that break a promise, each with its error. */
export async function failures(
  seeds: Iterable<number>,
  faults: PlantedFaults = {},
  most = 1,
): Promise<{ readonly seed: number; readonly error: unknown }[]> {
  const found: { seed: number; error: unknown }[] = [];
  for (const seed of seeds) {
    try {
      await simulate(seed, faults);
    } catch (error) {
      found.push({ seed, error });
      if (found.length >= most) break;
    }
  }
  return found;
}
