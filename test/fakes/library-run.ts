import type { RuntimeOptions } from "../../src/app/session/session";
import type { Definition } from "../../src/engine/model/definition";
import type { RepliesFile } from "../../src/engine/model/venue";

/** Options of a run that a program starts in the project folder, without secrets. */
export function libraryOptions(project: string, more: Partial<RuntimeOptions> = {}): RuntimeOptions {
  return {
    workDomain: project,
    startDirectory: project,
    engineVersion: "test",
    startedBy: "library",
    resolveSecret: () => Promise.resolve(""),
    ...more,
  };
}

/** The definition, answered at once by these replies; calls beyond them by a text. */
export function withReplies(definition: Definition, steps: RepliesFile["steps"] = {}): Definition {
  definition.venue.replies = {
    version: 1,
    chunk_delay_ms: 0,
    steps,
    otherwise: { text: "nothing more", tool_calls: [] },
  };
  return definition;
}
