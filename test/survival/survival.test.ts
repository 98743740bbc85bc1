import assert from "node:assert/strict";
import { fork, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import path from "node:path";
import type { SessionEvent } from "../../src/engine/event/event";
import { changingOperations, inProject, look, measure, pointsOf, refusedBy } from "./killing";
import type { Measured } from "./killing";
import { Witness } from "./journey";
import type { Answer, Job } from "./worker";

/*
 * Limited to a few minutes; ORKET_SURVIVAL=all takes every moment of every kill and failure, and more real kills.
 */
const everything = process.env["ORKET_SURVIVAL"] === "all";
const hook = path.join(__dirname, "..", "..", "scripts", "transpile-hook.cjs");
const codes = ["ENOSPC", "EIO", "EROFS"] as const;

/** Runs the jobs in parallel processes, and collects the problems. */
async function perform(
  jobs: readonly Job[],
  { done }: Measured,
): Promise<{ reached: number; problems: string[] }> {
  const left = [...jobs].reverse();
  const problems: string[] = [];
  let reached = 0;
  const work = async (): Promise<void> => {
    const child = fork(path.join(__dirname, "worker.ts"), { execArgv: ["-r", hook] });
    const died = once(child, "exit").then((): [Answer] => [{ reached: true, problem: "the worker died" }]);
    child.send({ done });
    for (let job = left.pop(); job !== undefined && problems.length < 20; job = left.pop()) {
      const answer = await ask(child, job, died);
      if (answer.reached) reached += 1;
      if (answer.problem !== undefined) problems.push(`${JSON.stringify(job)}: ${answer.problem}`);
    }
    child.disconnect();
  };
  await Promise.all(Array.from({ length: Math.min(4, Math.max(2, availableParallelism())) }, work));
  return { reached, problems };
}

async function ask(child: ChildProcess, job: Job, died: Promise<[Answer]>): Promise<Answer> {
  const answered = once(child, "message");
  child.send({ job });
  const [answer] = (await Promise.race([answered, died])) as [Answer];
  return answer;
}

describe("A session of twelve steps", function () {
  this.timeout(everything ? 3_600_000 : 600_000);

  let journey: Measured;

  before(async () => {
    journey = await measure();
  });

  it("goes on, wherever its process was killed, as if it had not been", async () => {
    // The gate takes every other moment, odd or even by ORKET_SEED or the day.
    const parity = Number(process.env["ORKET_SEED"] ?? Math.floor(Date.now() / 86_400_000)) % 2;
    const points = pointsOf(journey).filter((_, index) => everything || index % 2 === parity);
    // Every fifth is killed again while it resumes.
    const again = (index: number): { again?: number } =>
      index % 5 === 0 ? { again: ((index * 37) % journey.operations.length) + 1 } : {};
    const jobs = points.map((point, index): Job => ({ kind: "kill", point, ...again(index) }));
    const { reached, problems } = await perform(jobs, journey);
    assert.deepEqual(problems, []);
    const least = everything ? 2000 : 1000;
    assert.ok(reached >= least, `${reached} of ${points.length} moments were reached (parity ${parity})`);
  });

  it("tells a full, a failing and a read-only disk at every write, and goes on when it works again", async () => {
    const operations = await changingOperations();
    const jobs = codes.flatMap((code, number) =>
      [true, false].flatMap((lasting, half) =>
        refusedBy(code, operations)
          .filter((_, index) => everything || index % 6 === number * 2 + half)
          .map((operation): Job => ({ kind: "fail", code, operation, lasting })),
      ),
    );
    const { reached, problems } = await perform(jobs, journey);
    assert.deepEqual(problems, []);
    assert.ok(reached >= jobs.length * 0.8, `only ${reached} of ${jobs.length} failures were told`);
  });

  it("survives the system's own SIGKILL", async () => {
    const kills = everything ? 200 : 16;
    let hit = 0;
    const dies = (operation: number, moment: string): Promise<boolean> =>
      inProject(async (folder) => {
        const witness = new Witness();
        const { events, signal } = await doom([folder, moment, operation.toString()]);
        witness.events.push(...events);
        await look(folder, journey.done, [witness]);
        return signal === "SIGKILL";
      });
    const one = async (number: number): Promise<void> => {
      const operation = Math.round(((number + 0.5) / kills) * journey.operations.length * 0.85);
      const moment = number % 2 === 0 ? "before" : "after";
      // On a busy machine more is written at once, so that a late operation may not come: then an earlier one is aimed at.
      for (const share of [1, 0.9, 0.8]) {
        if (!(await dies(Math.round(operation * share), moment))) continue;
        hit += 1;
        return;
      }
    };
    for (let number = 0; number < kills; number += 2) await Promise.all([one(number), one(number + 1)]);
    assert.ok(hit >= kills - 1, `${hit} of ${kills} processes were killed`);
  });
});

async function doom(args: readonly string[]): Promise<{ events: SessionEvent[]; signal: string | null }> {
  const child = spawn(process.execPath, ["-r", hook, path.join(__dirname, "doomed.ts"), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  const [, signal] = (await once(child, "close")) as [number | null, string | null];
  const events = text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as SessionEvent);
  return { events, signal };
}
