import assert from "node:assert/strict";
import type { Definition, PlanNode } from "../../src/engine/model/definition";
import type { Json } from "../../src/engine/model/field";
import type { CommandResult, CommandRunner } from "../../src/engine/port/commands";
import { replay } from "../../src/engine/history/replay";
import { activeRuns } from "../../src/engine/state/cursor";
import type { Answer, Harness } from "./engine-harness";
import { definitionOf, step } from "./engine-harness";
import { replayPorts } from "./replay-ports";

const roles = {
  tools: ["set_verdict", "set_result", "write_file"] as ("set_verdict" | "set_result" | "write_file")[],
};

/** A definition under the rules since results, with a command `tests`. */
export function grown(steps: readonly PlanNode[], result: string): Definition {
  const definition = definitionOf(steps);
  definition.score.result = { step: result };
  for (const role of Object.values(definition.band.roles)) role.tools = roles.tools;
  definition.flow.commands = {
    tests: {
      argv: ["node", "--test"],
      timeout_seconds: 10,
      env: {},
      network: "none",
      writes: [],
      output: "text",
      isolation: "view",
      effects: "none",
    },
  };
  return definition;
}

export const run = (id: string, more: Partial<PlanNode & { kind: "step" }> = {}): PlanNode =>
  step(id, "command tests", { does: { kind: "run", command: "tests" }, instruction: "", ...more });

/** Commands that end with these exit codes, one after another; the last one repeats. */
export function commands(...codes: number[]): CommandRunner & { readonly started: string[] } {
  const started: string[] = [];
  return {
    started,
    run: (request) => {
      started.push(request.run);
      const code = codes[Math.min(started.length, codes.length) - 1] ?? 0;
      const result: CommandResult = {
        end: { kind: "exited", code },
        place: "view",
        output: `exit ${code}\n`,
        files: [],
        discarded: { files: 0, bytes: 0 },
        durationMs: 5,
      };
      return Promise.resolve(result);
    },
  };
}

export const says = (verdict: string): ReturnType<Answer> => ({ calls: [["set_verdict", { verdict }]] });
export const gives = (result: Json): ReturnType<Answer> => ({
  calls: [["set_result", result as Record<string, unknown>]],
});

export async function replays({ definition, store }: Harness): Promise<void> {
  const { divergence } = await replay(definition, store.events, replayPorts(store));
  assert.equal(divergence, undefined, JSON.stringify(divergence));
}

export const keysOf = (
  session: Harness,
  type: "step_end" | "step_skipped" | "group_end",
): (string | null)[] => session.eventsOf(type).map(({ step: key }) => key);

/** Answers each question as it arrives. */
export function answerAll(
  session: Harness,
  of: (number: number) => { verdict?: string; answers?: Json },
): void {
  let asked = 0;
  session.orchestrator.listen({
    onEvents: (events) => {
      for (const event of events) {
        if (event.type !== "question_asked") continue;
        const open = activeRuns(session.orchestrator.state.score).some(
          ({ run: one }) => one.question?.id === event.data.id,
        );
        if (!open) continue;
        const { id, sha256 } = event.data;
        session.orchestrator.submit({ kind: "answer_question", id, sha256, by: "person", ...of(++asked) });
      }
    },
  });
}
