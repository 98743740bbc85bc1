/*
 * A separate process that runs journeys, one after another, as its parent requests: `job` in, `answer` out.
 */
import process from "node:process";
import { failAt, killAt } from "./killing";
import type { FaultCode, Point } from "./killing";
import type { Outcome } from "./journey";

export type Job =
  | { readonly kind: "kill"; readonly point: Point; readonly again?: number }
  | {
      readonly kind: "fail";
      readonly code: FaultCode;
      readonly operation: number;
      readonly lasting: boolean;
    };
export interface Answer {
  /** Whether the moment was reached: the process died, or the failure was reported. */
  readonly reached: boolean;
  /** The problem, if there was one. */
  readonly problem?: string;
}

let done: Outcome | undefined;

async function perform(job: Job): Promise<Answer> {
  if (done === undefined) throw new Error("no outcome to compare with");
  try {
    const reached =
      job.kind === "kill"
        ? await killAt(job.point, done, job.again)
        : await failAt(job.code, job.operation, job.lasting, done);
    return { reached };
  } catch (error) {
    return {
      reached: true,
      problem: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

process.on("message", (message: { done: Outcome } | { job: Job }) => {
  if ("done" in message) done = message.done;
  else void perform(message.job).then((answer) => process.send?.(answer));
});
