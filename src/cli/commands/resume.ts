import { openLiveSession } from "../../app/session/open";
import { ensureRunsHere } from "../../app/session/runs-here";
import type { LiveSession } from "../../app/session/session";
import { OrketError } from "../../engine/error/orket-error";
import type { Command as SessionCommand } from "../../engine/conductor/command";
import type { Adjustment } from "../../engine/event/event";
import { limitNames } from "../../engine/model/flow";
import { viewSession } from "../../engine/view/session-view";
import { nearest } from "../../language/text/nearest";
import { changedVenue, flowWithVenue } from "../../app/venue/venue-now";
import { loadProject } from "../project";
import { allowCommandsOption, callOf, foreignOption, jsonOption, sessionArgument } from "../command";
import type { Command, CommandContext, Given, OptionSpec } from "../command";
import { readAnswers } from "../run/answers";
import { requireConsent } from "../run/consent";
import { performSession } from "../run/perform";
import { sessionOf, withRuntime } from "../runtime";
import { safeLine } from "../text/safe";
import { answerOption, approveOption, closing, readPairs } from "./run";

type SetLimit = Extract<Adjustment, { kind: "set_limit" }>;

/** `--limit NAME=VALUE` as adjustments. @throws {OrketError} usage. */
export function readLimits(pairs: readonly string[]): SetLimit[] {
  return Object.entries(readPairs("limit", pairs)).map(([name, written]) => {
    const limit = limitNames.find((known) => known === name);
    if (limit === undefined) {
      const near = nearest(name, limitNames);
      throw new OrketError("usage", `There is no limit '${safeLine(name)}'.`, {
        hint: near === undefined ? `The limits are ${limitNames.join(", ")}.` : `Did you mean ${near}?`,
      });
    }
    const value = written === "none" ? null : Number(written.replaceAll("_", "") || Number.NaN);
    const whole = limit === "total_tokens" || limit === "model_calls";
    if (value !== null && !(value > 0 && Number.isFinite(value) && (!whole || Number.isInteger(value)))) {
      throw new OrketError(
        "usage",
        `The limit ${limit} is ${whole ? "a whole number" : "a number"} above 0, or none, not '${safeLine(written)}'.`,
      );
    }
    return { kind: "set_limit", by: "command_line", limit, value };
  });
}

/**
 * With `--venue`, resumes with that Venue from its current file; without it, reports when the session's own has changed.
 * @throws {OrketError} usage, definition_invalid.
 */
async function takeVenue(live: LiveSession, context: CommandContext): Promise<void> {
  const { io, given } = context;
  const { definition, session } = live.orchestrator.state;
  const asked = given.value("venue");
  const project = await loadProject(context).catch((error: unknown) => {
    if (asked === undefined) return undefined;
    throw error;
  });
  if (project === undefined) return;
  if (asked !== undefined) {
    const venue = flowWithVenue(project, definition, asked);
    if (venue.definition === undefined) {
      const [first] = venue.diagnostics.filter(({ severity }) => severity === "error");
      throw new OrketError(
        first?.origin === "options" ? "usage" : "definition_invalid",
        first?.message ?? `The Venue '${safeLine(asked)}' cannot be used.`,
        { hint: first?.hint ?? "`orket validate` checks all files of the project." },
      );
    }
    live.orchestrator.submit({ kind: "change_venue", by: "command_line", venue: venue.definition.venue });
    return;
  }
  const failedAtModel = viewSession(live.orchestrator.state).failed.some(({ code }) =>
    code.startsWith("model_"),
  );
  const now = failedAtModel ? changedVenue(project, definition) : undefined;
  if (now === undefined) return;
  io.stderr.line(
    `The Venue ${safeLine(now.name)} has changed since the session began, and the session uses it as it was; ` +
      `${callOf(context)} resume ${session} --venue ${safeLine(now.name)} goes on with the new one.`,
  );
}

/** `--suggestion ID=take|dismiss` as commands. @throws {OrketError} usage. */
function readSuggestions(
  pairs: readonly string[],
): Extract<SessionCommand, { kind: "resolve_suggestion" }>[] {
  return Object.entries(readPairs("suggestion", pairs)).map(([id, written]) => {
    if (written !== "take" && written !== "dismiss") {
      throw new OrketError(
        "usage",
        `A suggestion is answered with take or dismiss, not '${safeLine(written)}'.`,
        {
          hint: `Write --suggestion ${safeLine(id)}=take or --suggestion ${safeLine(id)}=dismiss.`,
        },
      );
    }
    const decision = written === "take" ? "taken" : "dismissed";
    return { kind: "resolve_suggestion", id, decision, by: "command_line" };
  });
}

/** Records what was requested, and that the session resumes. */
function goOn(
  live: LiveSession,
  given: Given,
  asked: { readonly limits: readonly SetLimit[]; readonly suggestions: readonly SessionCommand[] },
): void {
  const { orchestrator } = live;
  const { limits } = asked;
  const before = orchestrator.state.status;
  for (const command of asked.suggestions) orchestrator.submit(command);
  // A retried step resumes the session by itself.
  const goesOn = before !== "running" && viewSession(orchestrator.state).status === "running";
  for (const adjustment of limits) orchestrator.submit({ kind: "adjust", adjustment });
  const failed = viewSession(orchestrator.state).failed.map(({ step }) => step);
  for (const step of given.all("skip")) {
    if (!failed.includes(step)) {
      const known = failed.length === 0 ? "No step has failed." : `What failed: ${failed.join(", ")}.`;
      throw new OrketError("usage", `The step '${safeLine(step)}' has not failed, so it is not skipped.`, {
        hint: known,
      });
    }
    orchestrator.submit({ kind: "adjust", adjustment: { kind: "skip", by: "command_line", step } });
  }
  // A skip resumes the session by itself; other failed steps are retried only by resuming.
  if (
    (given.all("skip").length === 0 && !goesOn) ||
    viewSession(orchestrator.state).failed.length > 0 ||
    live.cutBytes > 0
  ) {
    orchestrator.resume("command_line", live.cutBytes);
  }
}

async function resume(context: CommandContext) {
  const { io, given } = context;
  const json = given.flag("json");
  const limits = readLimits(given.all("limit"));
  const suggestions = readSuggestions(given.all("suggestion"));
  const answers = readAnswers(given.all("answer"));
  const session = await sessionOf(context);
  return withRuntime(context, async (options) => {
    const live = await openLiveSession(session.path, options);
    return closing(live, async () => {
      if (!json) io.stderr.line(`Session ${live.id}`);
      await takeVenue(live, context);
      ensureRunsHere(live.orchestrator.state.definition, options);
      await requireConsent(
        live.orchestrator.state.definition,
        context,
        options,
        `${callOf(context)} resume ${live.id}`,
      );
      goOn(live, given, { limits, suggestions });
      const approve = given.value("approve") as "none" | "all" | undefined;
      return performSession(
        live,
        { approve, json, answers, fromStart: false, orket: callOf(context), access: options },
        io,
      );
    });
  });
}

export const resumeCommand: Command = {
  name: "resume",
  summary: "Resume a session that paused or was interrupted.",
  details: [
    "Finished steps are not performed again. A step that failed is tried again, unless it is named with --skip. The session goes on as it was started: later changes of the Flow's files do not count, but for a Venue that is named with --venue.",
  ],
  args: [sessionArgument],
  get options(): readonly OptionSpec[] {
    return [
      approveOption,
      answerOption,
      allowCommandsOption,
      {
        name: "skip",
        value: "STEP",
        multiple: true,
        summary: "Leave out a step that failed, by its name in orket show.",
      },
      {
        name: "suggestion",
        value: "ID=take|dismiss",
        multiple: true,
        summary: "Apply a suggestion of the drift rules, or dismiss it; orket show names them.",
      },
      {
        name: "venue",
        value: "VENUE",
        summary:
          "Go on with this Venue as its file says now: another one, or the session's own after a change.",
      },
      {
        name: "limit",
        value: "NAME=VALUE",
        multiple: true,
        summary: `Set a limit: ${limitNames.join(", ")}; the value none lifts it.`,
      },
      foreignOption,
      {
        ...jsonOption,
        summary: "Print the new events on stdout, one JSON object per line, and nothing else.",
      },
    ];
  },
  examples: [
    { line: "orket resume last", does: "go on with the newest session" },
    { line: "orket resume k3f9 --limit total_tokens=500000", does: "with a higher limit" },
    { line: "orket resume last --venue local", does: "with the Venue as its file says now" },
    { line: "orket resume last --skip review", does: "without the step that failed" },
  ],
  run: resume,
};
