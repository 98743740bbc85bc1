import type { ModelsInstead } from "../../app/venue/models-instead";
import type { Json } from "../../engine/model/field";
import { resultOf } from "../../engine/state/scope";
import type { SessionState } from "../../engine/state/state";
import { isOpenArtifact, viewSession } from "../../engine/view/session-view";
import type { SessionView } from "../../engine/view/session-view";
import { exitCodes } from "../exit-code";
import { agreeOption } from "./answers";
import type { ExitCode } from "../exit-code";
import type { Io } from "../io";
import { printSession } from "../session-text";
import { alignColumns } from "../text/format";
import { safeLine } from "../text/safe";

/** Failures that every further try repeats, as long as prompt and Venue are the same. */
const needChange: ReadonlySet<string> = new Set(["prompt_too_large", "model_context_overflow"]);

type NextStep = readonly [line: string, does: string];

/** The user's possible next steps; `orket` is how to call the program for this project. */
function nextSteps(
  view: SessionView,
  {
    limit,
    code,
    orket,
    instead,
    state,
  }: Pick<OutcomeOptions, "orket"> & {
    readonly limit: string;
    readonly code: ExitCode;
    readonly instead: ModelsInstead | undefined;
    readonly state: SessionState;
  },
): NextStep[] {
  const resume = `${orket} resume ${view.session}`;
  if (view.status !== "ended") {
    switch (view.pause?.reason) {
      case "approval":
        // Only a decision about the files lets it resume; asking again would change nothing.
        if (view.questions.some(({ kind }) => kind === "accept")) {
          return [
            [`${orket} diff ${view.session}`, "what is to be decided about"],
            [`${orket} accept ${view.session}`, "bring it into the project"],
            [`${orket} reject ${view.session}`, "or leave it out"],
            [resume, "then go on"],
          ];
        }
        if (view.questions.length > 0) return [[resume, "go on and be asked, or give --answer"]];
        return [
          [resume, "go on and be asked"],
          // Only an answer to what was shown starts a command.
          ...view.approvals.flatMap((one): NextStep[] =>
            one.command === undefined
              ? []
              : [[`${resume} ${agreeOption(one)}`, `start the command of ${one.step}`]],
          ),
          ...(view.approvals.some(({ command }) => command === undefined)
            ? [[`${resume} --approve all`, "go on without being asked"] as const]
            : []),
        ];
      case "limit":
        return [[`${resume} --limit ${limit}=VALUE`, "go on with a higher limit, or none"]];
      case "step_failed":
        if (view.failed.some((failure) => needChange.has(failure.code))) {
          const step = view.failed[0]?.step ?? "STEP";
          return [
            [`${resume} --venue VENUE`, "go on with a Venue whose context_tokens are more"],
            [
              `${orket} fork ${view.session} --at ${step} --instruction ${step}=@FILE`,
              "or with a shorter text",
            ],
            [`${resume} --skip ${step}`, "go on without it"],
          ];
        }
        return [
          ...(instead === undefined
            ? []
            : [
                [
                  `${resume} --venue ${safeLine(state.definition.venue.name)}`,
                  "go on with the changed Venue",
                ] as const,
              ]),
          [resume, tryAgain(view)],
          [`${resume} --skip ${view.failed[0]?.step ?? "STEP"}`, "go on without it"],
        ];
      default:
        return [[resume, "go on"]];
    }
  }
  const pending = view.artifacts.some(isOpenArtifact);
  if (!pending || code !== exitCodes.done) return [];
  return [
    [`${orket} diff ${view.session}`, "what the team proposes"],
    [`${orket} accept ${view.session}`, "bring it into the project"],
  ];
}

function tryAgain({ failed: [failure, ...others] }: SessionView): string {
  const what = others.length === 0 ? "it" : (failure?.step ?? "");
  return failure?.retry === undefined
    ? "try it again"
    : `try it again: ${safeLine(`${what} ${failure.retry}`)}`;
}

/** The typed answer of the step that the Score returns; undefined: it returns none. */
function resultOfRun({ definition, score }: SessionState): Json | undefined {
  const step = definition.score.result?.step;
  return step === undefined ? undefined : resultOf(score.scope, step)?.result;
}

interface OutcomeOptions {
  readonly json: boolean;
  /** How to call the program for this project. */
  readonly orket: string;
  /** What the server has in place of the model that was missing. */
  readonly instead?: ModelsInstead;
}

/** The end of `run` and `resume`: the result on stdout, how to resume on stderr. */
export function printOutcome(
  state: SessionState,
  code: ExitCode,
  { json, orket, instead }: OutcomeOptions,
  io: Io,
): void {
  const view = viewSession(state);
  const result = view.outcome === "completed" ? resultOfRun(state) : undefined;
  // A typed result is the whole standard output, so that a script can read it.
  if (!json) printSession(view, result === undefined ? io.stdout : io.stderr);
  if (!json && result !== undefined) io.stdout.line(JSON.stringify(result));
  if (view.status === "paused" && view.pause !== undefined) {
    io.stderr.line(`The session is paused: ${safeLine(view.pause.message)}`);
  } else if (view.outcome === "stopped") {
    io.stderr.line(`The session was stopped. ${safeLine(view.ending ?? "")}`.trim());
  }
  if (instead !== undefined) {
    const { venue, models } = instead;
    io.stderr.line(
      `The server has ${safeLine(models)}. Write one of them as \`model\` in ${safeLine(venue.source)}, then resume with the Venue.`,
    );
  }
  const next = nextSteps(view, { limit: state.limitHit?.limit ?? "NAME", code, orket, instead, state });
  if (next.length === 0) return;
  io.stderr.line("Next:");
  for (const line of alignColumns(next)) io.stderr.line(`  ${line}`);
}
