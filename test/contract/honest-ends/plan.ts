import type { Definition, PlanNode, StepNode } from "../../../src/engine/model/definition";
import { definitionOf, step } from "../../fakes/engine-harness";
import { Chance } from "../../fakes/generated-session";
import { failure, faultyReply, goodNative, goodText, goodWord } from "./replies";
import type { Call, Sent } from "./replies";

/** How often a model call is tried. */
const callAttempts = 2;

/** What must come of a session, written before it runs. */
export interface Expected {
  readonly completed: boolean;
  /** Of a session that is not completed and had nothing beside its failed step: how it failed last. */
  readonly failed: { readonly key: string; readonly exit: 4 | 5 | 11 } | undefined;
  /** Files that are written, in order, by step id. Only of sessions without branches that others may stop. */
  readonly written: ReadonlyMap<string, readonly string[]>;
  /** Contents of the files at the end, by path. */
  readonly files: ReadonlyMap<string, string>;
  /** Verdicts that are given, in order, by step id. */
  readonly verdicts: ReadonlyMap<string, readonly string[]>;
  /** Steps and groups that came to an end that the Score lets pass, and that must be named. */
  readonly unfinished: readonly string[];
  /** Failed branches that a group goes on without. */
  readonly lost: readonly string[];
  /** Only some of it is told, since what runs beside a failure may come to its end or not. */
  readonly partly: boolean;
}

/** A session: its definition, what its server and its people say, and what must come of it. */
export interface Plan {
  readonly definition: Definition;
  readonly replies: ReadonlyMap<string, readonly Sent[]>;
  /** Exit codes of the command, in order. */
  readonly exits: readonly number[];
  readonly answers: readonly string[];
  /** How often a person resumes a session whose step failed. */
  readonly resumes: number;
  readonly expected: Expected;
}

type Mode = "native" | "text";

/** How a step came out. */
type Outcome =
  | { readonly kind: "done"; readonly verdict: string | undefined }
  | { readonly kind: "failed"; readonly exit: 4 | 5 | 11 };

/** Raised where the session comes to its end without being completed. */
class Ended extends Error {
  constructor(
    readonly key: string,
    readonly exit: 4 | 5 | 11,
  ) {
    super(key);
  }
}

const verdictWords = ["approve", "revise"];

class Planner {
  readonly replies = new Map<string, Sent[]>();
  readonly exits: number[] = [];
  readonly answers: string[] = [];
  readonly written = new Map<string, string[]>();
  readonly files = new Map<string, string>();
  readonly verdicts = new Map<string, string[]>();
  readonly unfinished: string[] = [];
  readonly lost: string[] = [];
  readonly nodes: PlanNode[] = [];
  resumesLeft: number;
  partly = false;
  #number = 0;
  readonly #chance: Chance;
  readonly #mode: Mode;
  readonly #faults: number;

  constructor(chance: Chance, mode: Mode, resumes: number) {
    this.#chance = chance;
    this.#mode = mode;
    this.#faults = chance.pick([0, 0.1, 0.25, 0.45, 0.7]);
    this.resumesLeft = resumes;
  }

  /** The whole Score, step after step, with what comes of it. */
  perform(hasParallel: boolean): Ended | undefined {
    const count = 1 + this.#chance.below(4);
    const kinds = Array.from({ length: count }, () => this.#chance.below(6));
    let ended: Ended | undefined;
    for (const kind of kinds) {
      const plan = this.#node(kind === 3 && !hasParallel ? 2 : kind);
      this.nodes.push(plan.node);
      if (ended !== undefined) continue;
      try {
        plan.perform();
      } catch (error) {
        if (!(error instanceof Ended)) throw error;
        ended = error;
      }
    }
    return ended;
  }

  #node(kind: number): { node: PlanNode; perform: () => void } {
    switch (kind) {
      case 0:
        return this.#loop();
      case 1:
        return this.#command();
      case 3:
        return this.#parallel();
      default: {
        const node = this.#step();
        return { node, perform: () => void this.#through(node, node.id) };
      }
    }
  }

  #id(stem: string): string {
    return `${stem}${++this.#number}`;
  }

  #step(verdict = this.#chance.happens(0.3)): StepNode {
    const id = this.#id("s");
    return step(id, "writer", {
      ...(verdict ? { verdict: verdictWords } : {}),
      produces: this.#chance.happens(0.6) ? [`${id}.md`] : [],
      max_turns: 2 + this.#chance.below(4),
      retry_attempts: 1 + this.#chance.below(2),
      ...(this.#chance.happens(0.5) ? { retry_feedback: true as const } : {}),
    });
  }

  /** One step until it is done, by its own attempts and by people who resume. */
  #through(node: StepNode, key: string): string | undefined {
    let most = node.retry_attempts;
    for (;;) {
      const outcome = this.#attempts(node, most);
      if (outcome.kind === "done") return outcome.verdict;
      if (!this.#resumed()) throw new Ended(key, outcome.exit);
      // A person's attempt comes after those of the Score.
      most = 1;
    }
  }

  #resumed(): boolean {
    if (this.resumesLeft === 0) return false;
    this.resumesLeft -= 1;
    return true;
  }

  #attempts(node: StepNode, most: number): Outcome {
    for (let attempt = 1; ; attempt += 1) {
      const { outcome, final } = this.#attempt(node);
      if (outcome.kind === "done" || attempt >= most || final) return outcome;
    }
  }

  /** One attempt: what its replies are, and what they come to. */
  #attempt(node: StepNode): { outcome: Outcome; final: boolean } {
    let verdict: string | undefined;
    let asked = false;
    let denied = false;
    const failed = (exit: 4 | 5 | 11, final = false): { outcome: Outcome; final: boolean } => ({
      outcome: { kind: "failed", exit: exit === 11 && denied ? 5 : exit },
      final,
    });
    for (let turn = 1; turn <= node.max_turns; turn += 1) {
      for (let tries = 1; this.#chance.happens(this.#faults / 5); tries += 1) {
        const again = this.#chance.happens(0.85);
        this.#send(node.id, failure(this.#chance, again, node.id));
        if (!again) return failed(4, true);
        if (tries === callAttempts) return failed(4);
      }
      const reply = this.#reply(node, verdict, turn);
      this.#send(node.id, reply);
      const { performed, calls, broken, empty, quoted, denied: refused } = reply.meaning;
      if (refused) denied = true;
      for (const call of performed) verdict = this.#performed(node, call) ?? verdict;
      const isAsked = quoted && !asked && turn < node.max_turns;
      if (isAsked) asked = true;
      const whole = !broken && !empty && !isAsked;
      const lacks =
        node.produces.some((path) => !this.files.has(path)) ||
        (node.verdict !== undefined && verdict === undefined);
      if (whole && !lacks && (!calls || verdict !== undefined))
        return { outcome: { kind: "done", verdict }, final: false };
    }
    return failed(11);
  }

  #reply(node: StepNode, verdict: string | undefined, turn: number): Extract<Sent, { kind: "reply" }> {
    const number = ++this.#number;
    const wanted: Call[] = [];
    for (const path of node.produces) {
      if (!this.files.has(path) || turn === 1)
        wanted.push({ tool: "write_file", args: { path, content: `${node.id} wrote ${number}\n` } });
    }
    if (node.verdict !== undefined && verdict === undefined)
      wanted.push({
        tool: "set_verdict",
        args: { verdict: this.#chance.pick(verdictWords), reason: `Because of ${number}.` },
      });
    const parts = { chance: this.#chance, mode: this.#mode, wanted, stepId: node.id, number };
    if (this.#chance.happens(this.#faults)) return faultyReply(parts);
    if (wanted.length === 0) return goodWord(this.#chance, `${node.id} is done (${number}).`);
    const now = this.#chance.happens(0.5) ? wanted : wanted.slice(0, 1);
    return this.#mode === "native" ? goodNative(this.#chance, now) : goodText(this.#chance, now);
  }

  /** What a call that is performed leaves behind; the verdict, if it gives one. */
  #performed(node: StepNode, { tool, args }: Call): string | undefined {
    if (tool === "set_verdict") {
      const word = String(args["verdict"]);
      // Faulty replies may call it in steps that take none.
      if (node.verdict === undefined) return undefined;
      put(this.verdicts, node.id, word);
      return word;
    }
    const path = String(args["path"]);
    put(this.written, node.id, path);
    this.files.set(path, String(args["content"]));
    return undefined;
  }

  #send(id: string, sent: Sent): void {
    const list = this.replies.get(id) ?? [];
    list.push(sent);
    this.replies.set(id, list);
  }

  #loop(): { node: PlanNode; perform: () => void } {
    const id = this.#id("loop");
    const build = this.#step(false);
    const check = { ...this.#step(true), produces: [] };
    const max = 1 + this.#chance.below(3);
    const onExhausted = this.#chance.pick(["fail", "ask", "continue"] as const);
    const node: PlanNode = {
      kind: "loop",
      id,
      max,
      until: [{ step: check.id, verdict: ["approve"] }],
      on_exhausted: onExhausted,
      body: [build, check],
    };
    const perform = (): void => {
      let rounds = 0;
      for (;;) {
        for (let round = 1; round <= max; round += 1) {
          rounds += 1;
          this.#through(build, `${build.id}#${rounds}`);
          if (this.#through(check, `${check.id}#${rounds}`) === "approve") return;
        }
        if (onExhausted === "fail") throw new Ended(id, 11);
        const answer = onExhausted === "continue" ? "go_on" : this.#chance.pick(["more", "go_on", "fail"]);
        if (onExhausted === "ask") this.answers.push(answer);
        if (answer === "fail") throw new Ended(id, 11);
        if (answer === "go_on") {
          this.unfinished.push(id);
          return;
        }
      }
    };
    return { node, perform };
  }

  #command(): { node: PlanNode; perform: () => void } {
    const id = this.#id("c");
    const attempts = 1 + this.#chance.below(2);
    const node = step(id, "command tests", {
      does: { kind: "run", command: "tests" },
      instruction: "",
      must: ["pass"],
      retry_attempts: attempts,
    });
    const perform = (): void => {
      let most = attempts;
      for (;;) {
        for (let attempt = 1; attempt <= most; attempt += 1) {
          const code = this.#chance.happens(this.#faults / 2) ? 1 : 0;
          this.exits.push(code);
          if (code === 0) return;
        }
        if (!this.#resumed()) throw new Ended(id, 11);
        most = 1;
      }
    };
    return { node, perform };
  }

  #parallel(): { node: PlanNode; perform: () => void } {
    const id = this.#id("p");
    const branches = [this.#step(), this.#step()];
    const onFailure = this.#chance.pick(["stop", "continue"] as const);
    const node: PlanNode = { kind: "parallel", id, on_failure: onFailure, branches };
    const perform = (): void => {
      const outcomes = branches.map((branch) => this.#attempts(branch, branch.retry_attempts));
      const failed = outcomes.flatMap((one, at) =>
        one.kind === "failed" ? [{ key: branches[at]?.id ?? "", exit: one.exit }] : [],
      );
      const [first] = failed;
      if (first === undefined) return;
      if (onFailure === "continue" && failed.length < branches.length) {
        this.lost.push(first.key);
        return;
      }
      this.partly = true;
      throw new Ended(first.key, first.exit);
    };
    return { node, perform };
  }
}

function put(map: Map<string, string[]>, key: string, value: string): void {
  map.set(key, [...(map.get(key) ?? []), value]);
}

/** The same seed gives the same session and the same expectations. */
export function planSession(seed: number): Plan {
  const chance = new Chance(seed);
  const mode: Mode = chance.pick(["native", "text"]);
  const hasParallel = chance.happens(0.3);
  // Beside a failure others may or may not come to their end: who resumes there cannot be told beforehand.
  const resumes = hasParallel ? 0 : chance.below(3);
  const planner = new Planner(chance, mode, resumes);
  const ended = planner.perform(hasParallel);
  const definition = definitionOf(planner.nodes);
  definition.score.result = { step: "none" };
  const last = planner.nodes.at(-1);
  if (last !== undefined) definition.score.result = { step: last.id ?? "" };
  definition.flow.commands = {
    tests: {
      argv: ["t"],
      timeout_seconds: 1,
      env: {},
      network: "none",
      writes: [],
      output: "text",
      isolation: "view",
      effects: "none",
    },
  };
  definition.venue = {
    ...definition.venue,
    provider: "openai",
    model: "m",
    tool_calls: mode,
    retry: { attempts: callAttempts, backoff_seconds: 0 },
    timeouts: { connect_seconds: 10, first_token_seconds: 30, idle_seconds: 30, total_seconds: 60 },
  };
  return {
    definition,
    replies: planner.replies,
    exits: planner.exits,
    answers: planner.answers,
    resumes,
    expected: {
      completed: ended === undefined,
      failed: ended === undefined || planner.partly ? undefined : { key: ended.key, exit: ended.exit },
      written: planner.written,
      files: planner.files,
      verdicts: planner.verdicts,
      unfinished: planner.unfinished,
      lost: planner.lost,
      partly: planner.partly,
    },
  };
}
