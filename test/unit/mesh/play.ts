import assert from "node:assert/strict";
import type { AnsweringModel } from "../../../src/engine/port/model-provider";
import type { ListedModel, NodeFacts } from "../../../src/adapters/provider/mesh/fingerprint";
import type { MeshCall } from "../../../src/adapters/provider/mesh/placing";
import { Scheduler } from "../../../src/adapters/provider/mesh/scheduler";
import type { Action, Outcome, Rejection } from "../../../src/adapters/provider/mesh/scheduler";

export const facts = (...models: ListedModel[]): NodeFacts => ({ models, listIsWhole: true });
/** An OpenAI-compatible server: it answers to any name and gives no digest. */
export const unknownFacts: NodeFacts = { models: [], listIsWhole: false };

/** A scheduler with a clock that the test moves. Checks are answered at once by what `server` says of the node. */
export class Play {
  nowMs = 1_000_000;
  readonly scheduler: Scheduler;
  /** What a node answers to a check; undefined: nothing; refuses: that it wants another key. A missing entry has the model m with the digest d. */
  readonly servers = new Map<string, NodeFacts | "refuses" | undefined>();
  /** Which node works on a call. */
  readonly at = new Map<number, string>();
  readonly models = new Map<number, AnsweringModel>();
  readonly changes: { call: number; from: AnsweringModel; to: AnsweringModel }[] = [];
  readonly rejected = new Map<number, Rejection>();
  /** Times of checks, by node. */
  readonly checks: { node: string; atMs: number }[] = [];
  /** Whether checks are answered at once. */
  answersChecks = true;
  #lastId = 0;
  readonly #names: readonly string[];

  constructor(nodes: Readonly<Record<string, number>>) {
    this.#names = Object.keys(nodes);
    this.scheduler = new Scheduler(Object.entries(nodes).map(([name, slots]) => ({ name, slots })));
  }

  submit(more: Partial<MeshCall> = {}, answeredBy: readonly AnsweringModel[] = []): number {
    const id = (this.#lastId += 1);
    const asked = more.asked ?? "m";
    this.#act(
      this.scheduler.submit(
        {
          id,
          session: "s",
          step: "plan",
          asked,
          models: Object.fromEntries(this.#names.map((name) => [name, asked])),
          routing: "least_busy",
          sameModel: "required",
          patienceMs: 10_000,
          tried: new Map(),
          ...more,
        },
        answeredBy,
        this.nowMs,
      ),
    );
    return id;
  }

  answer(call: number): void {
    this.#release(call, { kind: "answered" });
  }

  fail(
    call: number,
    code: (Outcome & { kind: "failed" })["code"],
    more: { again?: boolean; waitMs?: number } = {},
  ): void {
    this.#release(call, { kind: "failed", code, message: code, again: true, ...more });
  }

  withdraw(call: number): void {
    this.#act(this.scheduler.withdraw(call, this.nowMs));
  }

  drain(node: string, draining = true): void {
    this.#act(this.scheduler.drain(node, draining, this.nowMs));
  }

  watch(watched: boolean): void {
    this.#act(this.scheduler.watch(watched, this.nowMs));
  }

  /** Lets time pass; whatever is due on the way happens at its time. */
  pass(ms: number): void {
    const end = this.nowMs + ms;
    for (let turns = 0; turns < 10_000; turns += 1) {
      const next = this.scheduler.wakeMs(this.nowMs);
      if (next === undefined || next > end) {
        this.nowMs = end;
        return;
      }
      assert(next > this.nowMs || turns < 9_000, "the scheduler wants to be woken without end");
      this.nowMs = next;
      this.#act(this.scheduler.tick(this.nowMs));
    }
  }

  answerCheck(node: string): void {
    const has = this.servers.has(node);
    const found = has ? this.servers.get(node) : facts({ name: "m", digest: "d" });
    const result =
      found === undefined
        ? ({ ok: false, problem: "gone" } as const)
        : found === "refuses"
          ? ({ ok: false, refuses: true, problem: "wrong key" } as const)
          : ({ ok: true, facts: found } as const);
    this.#act(this.scheduler.checked(node, result, this.nowMs));
  }

  #release(call: number, outcome: Outcome): void {
    assert(this.at.delete(call), `call ${call} is on no node`);
    this.#act(this.scheduler.released(call, outcome, this.nowMs));
  }

  #act(actions: readonly Action[]): void {
    for (const action of actions) {
      if (action.kind === "reject") {
        assert(!this.rejected.has(action.call) && !this.at.has(action.call));
        this.rejected.set(action.call, action.rejection);
      } else if (action.kind === "start") {
        assert(!this.at.has(action.call), "a call on two nodes");
        this.at.set(action.call, action.node);
        this.models.set(action.call, action.model);
        if (action.changedFrom !== undefined) {
          this.changes.push({ call: action.call, from: action.changedFrom, to: action.model });
        }
      }
    }
    for (const action of actions) {
      if (action.kind !== "check") continue;
      this.checks.push({ node: action.node, atMs: this.nowMs });
      if (this.answersChecks) this.answerCheck(action.node);
    }
  }
}
