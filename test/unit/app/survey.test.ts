import assert from "node:assert/strict";
import type { SessionEvent } from "../../../src/engine/event/event";
import { initialState } from "../../../src/engine/state/state";
import { SessionSurvey } from "../../../src/app/panel/survey";
import { definitionWith, stepEvents } from "../../fakes/long-session";

/** A session of many small steps that grows. */
class Growing {
  total = 0;
  readonly read: number[] = [];
  readonly events: SessionEvent[] = [];
  readonly calls = { made: 0 };

  grow(steps: number): void {
    for (let step = 0; step < steps; step += 1) {
      for (const one of stepEvents(this.events.length, 1, this.calls)) {
        const seq = this.events.length;
        this.events.push({ ...one, seq, at: new Date(1e12 + seq * 10).toISOString() });
      }
    }
    this.total = this.events.length;
  }

  readEvents(from: number, count: number): Promise<readonly SessionEvent[]> {
    this.read.push(count);
    return Promise.resolve(this.events.slice(from, Math.min(this.total, from + count)));
  }

  readText(): Promise<string> {
    return Promise.resolve("");
  }
}

const state = initialState(definitionWith(1));

async function finish(survey: SessionSurvey): Promise<void> {
  do await survey.advance();
  while (survey.usage(state).scanned !== undefined);
}

describe("the survey of a session", () => {
  it("looks at a bounded number of events at a time, and says how far it came", async () => {
    const source = new Growing();
    source.grow(30_000);
    const survey = new SessionSurvey(source);
    await survey.advance();

    const first = survey.usage(state);
    assert.ok(first.scanned !== undefined && first.scanned < first.total);
    assert.ok(Math.max(...source.read) <= 512, "the thread would be held too long");
    await finish(survey);
    assert.equal(survey.usage(state).session.calls, 30_000);
  });

  it("goes on with what comes, and looks at nothing twice", async () => {
    const source = new Growing();
    source.grow(10);
    const survey = new SessionSurvey(source);
    await Promise.all([survey.advance(), survey.advance()]);
    assert.equal(survey.usage(state).session.calls, 10);
    source.grow(5);
    await survey.advance();

    assert.equal(survey.usage(state).session.calls, 15);
    const lanes = survey.timeline(0, 1, 100).lanes;
    assert.deepEqual(
      lanes.map(({ name, steps }) => [name, steps]),
      [["writer", 15]],
    );
  });

  it("begins again when the session turns out to be shorter", async () => {
    const source = new Growing();
    source.grow(10);
    const survey = new SessionSurvey(source);
    await survey.advance();
    source.total = 5;
    await survey.advance();

    assert.equal(survey.usage(state).session.calls, 1);
  });

  it("sums the steps beyond the largest hundred in one row", async () => {
    const source = new Growing();
    source.grow(250);
    const survey = new SessionSurvey(source);
    await finish(survey);

    const { steps, otherSteps, session } = survey.usage(state);
    assert.deepEqual([steps.length, otherSteps], [101, 150]);
    const sum = steps.reduce((all, { usage }) => all + usage.calls, 0);
    assert.equal(sum, session.calls);
  });

  it("knows limits with what counts against them, and no others", () => {
    const survey = new SessionSurvey(new Growing());
    const limited = { ...state, limits: { total_tokens: 5000 } };

    assert.deepEqual(survey.usage(limited).limits, [
      { limit: "total_tokens", value: 5000, used: 0, reserved: 0 },
    ]);
  });

  it("cuts a timeline at what is visible", async () => {
    const source = new Growing();
    source.grow(100);
    const survey = new SessionSurvey(source);
    await finish(survey);

    const part = survey.timeline(0.5, 0.6, 200);
    assert.ok(part.startMs > survey.timeline(0, 1, 200).startMs);
    assert.ok((part.lanes[0]?.steps ?? 0) < 15);
  });
});
