import type { SessionView } from "../../engine/view/session-view";
import { exitCodes, type ExitCode } from "../exit-code";
import type { Io } from "../io";
import { printSession } from "../session-text";
import { safeLine } from "../text/safe";

/** What a person can do next. */
export function nextSteps(view: SessionView, code: ExitCode): string[] {
  const id = view.session;
  if (view.status !== "ended") {
    switch (view.pause?.reason) {
      case "approval":
        return [
          `orket resume ${id}                go on and be asked`,
          `orket resume ${id} --approve all  go on without being asked`,
        ];
      case "limit":
        return [`orket resume ${id} --limit NAME=VALUE  go on with a higher limit`];
      case "step_failed": {
        const step = view.failed[0]?.step ?? "STEP";
        return [`orket resume ${id}  try it again`, `orket resume ${id} --skip ${step}  go on without it`];
      }
      default:
        return [`orket resume ${id}  go on`];
    }
  }
  const pending = view.artifacts.some(({ decision }) => decision === "pending");
  if (!pending || code !== exitCodes.done) return [];
  return [`orket diff ${id}    what the team proposes`, `orket accept ${id}  bring it into the project`];
}

/** The end of `run` and `resume`: what came of it on stdout, how to go on on stderr. */
export function printOutcome(
  view: SessionView,
  code: ExitCode,
  { json }: { readonly json: boolean },
  io: Io,
): void {
  if (!json) printSession(view, io.stdout);
  if (view.status === "paused" && view.pause !== undefined) {
    io.stderr.line(`The session is paused: ${safeLine(view.pause.message)}`);
  } else if (view.outcome === "stopped") io.stderr.line("The session was stopped.");
  const next = nextSteps(view, code);
  if (next.length > 0) {
    io.stderr.line("Next:");
    for (const line of next) io.stderr.line(`  ${line}`);
  }
}
