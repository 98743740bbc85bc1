import assert from "node:assert/strict";
import { errorCodes } from "../../../src/engine/error/orket-error";
import { exitCodeOf, exitCodeOfError, Obstacles } from "../../../src/cli/exit-code";
import type { FinalState } from "../../../src/cli/exit-code";
import { draft } from "../../../src/engine/event/event";
import type { EventDraft } from "../../../src/engine/event/event";

/** What a run has met that recorded these events. */
function met(...drafts: readonly EventDraft[]): Obstacles {
  const obstacles = new Obstacles();
  drafts.forEach((one, seq) => {
    obstacles.see({ ...one, seq, at: "2026-01-01T00:00:00.000Z" });
  });
  return obstacles;
}

const nobody = met();

const denied = (step: string): EventDraft =>
  draft("tool_denied", step, {
    call_id: "c",
    tool: "write_file",
    code: "path_denied",
    reason: "no",
  } as never);

function refused(reason: "consent" | "isolation" | "secret" | "untrusted"): EventDraft {
  const end = { kind: "refused", reason, message: "It is missing." };
  return draft("command_end", "tests", { command: "tests", end } as never);
}

function paused(
  reason: NonNullable<FinalState["pause"]>["reason"],
  failed: FinalState["failed"] = [],
): FinalState {
  return { status: "paused", pause: { reason, message: "" }, failed };
}

describe("the exit code of a run", () => {
  it("is 0 when the session completed", () => {
    assert.equal(exitCodeOf({ status: "ended", outcome: "completed", failed: [] }, nobody), 0);
  });

  it("is 7 when a person refused by stopping it", () => {
    assert.equal(exitCodeOf({ status: "ended", outcome: "stopped", failed: [] }, nobody), 7);
  });

  it("says what the session waits for", () => {
    assert.equal(exitCodeOf(paused("cancelled"), nobody), 130);
    assert.equal(exitCodeOf(paused("limit"), nobody), 6);
    assert.equal(exitCodeOf(paused("drift"), nobody), 8);
    assert.equal(exitCodeOf(paused("approval"), nobody), 7);
    assert.equal(exitCodeOf(paused("person"), nobody), 7);
  });

  it("is 4 when a step failed for its provider", () => {
    const failed = [{ step: "build", code: "model_unreachable", message: "" }];
    assert.equal(exitCodeOf(paused("step_failed", failed), nobody), 4);
  });

  it("is 5 when a step failed that was denied something, and the provider is not to blame", () => {
    const missing = [{ step: "build", code: "artifact_missing", message: "" }];
    const unreachable = [{ step: "build", code: "model_unreachable", message: "" }];
    assert.equal(exitCodeOf(paused("step_failed", missing), met(denied("build"))), 5);
    assert.equal(exitCodeOf(paused("step_failed", missing), met(denied("plan"))), 11);
    assert.equal(exitCodeOf(paused("step_failed", unreachable), met(denied("build"))), 4);
  });

  it("says what a refused command lacked: isolation, a secret, or the yes of a person", () => {
    const failed = [{ step: "tests", code: "command_refused", message: "" }];
    const codeAfter = (...drafts: readonly EventDraft[]): number =>
      exitCodeOf(paused("step_failed", failed), met(...drafts));
    assert.equal(codeAfter(refused("isolation")), 5);
    assert.equal(codeAfter(refused("secret")), 4);
    assert.equal(codeAfter(refused("consent")), 7);
    assert.equal(codeAfter(refused("untrusted")), 7);
    const again = draft("step_start", "tests", {} as never);
    assert.equal(codeAfter(refused("consent"), again), 11);
    assert.equal(codeAfter(refused("consent"), again, refused("isolation")), 5);
  });

  it("is 11 when the work did not reach what the Score asks, and goes by the last failure", () => {
    const provider = { step: "plan", code: "model_unreachable", message: "" };
    for (const code of ["reply_cut", "call_unreadable", "max_turns", "verdict_missing", "artifact_missing"]) {
      assert.equal(exitCodeOf(paused("step_failed", [{ step: "build", code, message: "" }]), nobody), 11);
      assert.equal(
        exitCodeOf(paused("step_failed", [provider, { step: "build", code, message: "" }]), nobody),
        11,
      );
    }
    const isolation = { step: "tests", code: "isolation_missing", message: "" };
    assert.equal(exitCodeOf(paused("step_failed", [isolation]), nobody), 5);
    assert.equal(exitCodeOf(paused("step_failed", [isolation, provider]), nobody), 4);
  });

  it("is 1 when a session is left running, which no run should do", () => {
    assert.equal(exitCodeOf({ status: "running", failed: [] }, nobody), 1);
  });
});

describe("the exit code of an error", () => {
  it("is never 0, and 1 only for what the user cannot change by calling it otherwise", () => {
    const internal = errorCodes.filter((code) => exitCodeOfError(code) === 1);
    assert.deepEqual(internal, ["disk_full", "disk_failed", "internal"]);
    assert.ok(errorCodes.every((code) => Number(exitCodeOfError(code)) > 0));
  });

  it("tells a damaged journal, an invalid definition and a conflict apart", () => {
    assert.equal(exitCodeOfError("journal_damaged"), 10);
    assert.equal(exitCodeOfError("definition_invalid"), 3);
    assert.equal(exitCodeOfError("acceptance_conflict"), 7);
    assert.equal(exitCodeOfError("session_not_found"), 2);
  });
});
