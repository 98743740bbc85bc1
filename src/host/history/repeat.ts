import { providerOf } from "../../engine/model/called-venues";
import * as vscode from "vscode";
import { maxRepetitions, repeatSession, repetitionText } from "../../app/session/repeat";
import type { RepeatReport } from "../../app/session/repeat";
import type { RuntimeOptions } from "../../app/session/session";
import { CancelSource } from "../../engine/port/cancellation";
import { mayRun } from "../flow/run-flow";
import type { ListedSession, SessionRegistry } from "../session/session-registry";
import { nameOf, pickSession, workDomainOf } from "./pick-session";
import type { Reports } from "./reports";
import { agreeToCommands } from "../session/command-consent";
import { isFromFile } from "../../engine/model/providers";

type Progress = vscode.Progress<{ readonly message?: string; readonly increment?: number }>;

/** Runs sessions again on request; what runs ends with the window. */
export class Repeats {
  readonly #running = new Map<CancelSource, Promise<unknown>>();
  readonly #sessions: SessionRegistry;
  readonly #reports: Reports;

  constructor(sessions: SessionRegistry, reports: Reports) {
    this.#sessions = sessions;
    this.#reports = reports;
  }

  async repeat(target: unknown): Promise<void> {
    if (!(await mayRun())) return;
    const session = await pickSession(this.#sessions, target, "Which session should be repeated?", {
      fits: ({ status }) => status === "completed",
      none: "No session was completed yet, so there is none to repeat.",
    });
    if (session === undefined) return;
    const times = await this.#askTimes(session);
    if (times === undefined) return;
    const { state, workDomain } = await this.#sessions.openAt(session.path);
    if (!(await agreeToCommands(state.definition, workDomain))) return;
    const report = await vscode.window.withProgress(
      {
        location: vscode.ProgressLocation.Notification,
        title: `Repeating ${nameOf(session)}`,
        cancellable: true,
      },
      (progress, token) => this.#run(session, times, progress, token),
    );
    this.#sessions.relist();
    await this.#tell(session, times, report);
  }

  /** Pauses what runs, so that nothing is lost. */
  async dispose(): Promise<void> {
    for (const cancel of this.#running.keys()) cancel.cancel();
    await Promise.allSettled(this.#running.values());
  }

  async #askTimes(session: ListedSession): Promise<number | undefined> {
    const { state } = await this.#sessions.openAt(session.path);
    const { modelCalls } = state.spending;
    const calls = modelCalls === 1 ? "1 model call" : `${modelCalls} model calls`;
    const who = isFromFile(providerOf(state.definition)) ? "; its replies are scripted" : "";
    const text = await vscode.window.showInputBox({
      title: `Repeat ${nameOf(session)}`,
      prompt: `How many times? The session made ${calls}${who}. Each run is a new session.`,
      value: "3",
      ignoreFocusOut: true,
      validateInput: (typed) =>
        timesIn(typed) === undefined ? `A whole number from 1 to ${maxRepetitions}.` : undefined,
    });
    return text === undefined ? undefined : timesIn(text);
  }

  async #run(
    session: ListedSession,
    times: number,
    progress: Progress,
    token: vscode.CancellationToken,
  ): Promise<RepeatReport> {
    const cancel = new CancelSource();
    token.onCancellationRequested(() => cancel.cancel());
    const options: RuntimeOptions = this.#sessions.optionsFor(workDomainOf(session));
    const work = repeatSession(session.path, options, {
      times,
      cancellation: cancel,
      onSession: ({ orchestrator }, number) => {
        const run = `run ${number} of ${times}`;
        progress.report({ message: run });
        orchestrator.listen({
          onEvents: (events) => {
            const begun = events.findLast(({ type }) => type === "step_start");
            if (begun?.step != null) progress.report({ message: `${run}, ${begun.step}` });
          },
        });
      },
      onDone: () => progress.report({ increment: 100 / times }),
    });
    this.#running.set(cancel, work);
    try {
      return await work;
    } finally {
      this.#running.delete(cancel);
    }
  }

  async #tell(session: ListedSession, times: number, report: RepeatReport): Promise<void> {
    const text = `${nameOf(session)}: ${outcomeText(report, times)}`;
    const show = "Show Runs";
    const buttons = report.runs.length === 0 ? [] : [show];
    const answer =
      report.same === times
        ? await vscode.window.showInformationMessage(text, ...buttons)
        : await vscode.window.showWarningMessage(text, ...buttons);
    if (answer === show) await this.#reports.show("repetitions.md", reportText(session, times, report));
  }
}

function timesIn(typed: string): number | undefined {
  const times = /^\s*\d{1,4}\s*$/.test(typed) ? Number(typed) : 0;
  return times >= 1 && times <= maxRepetitions ? times : undefined;
}

/** How many runs were equal, and where most of the others diverge. */
function outcomeText({ runs, same, cancelled, provider }: RepeatReport, times: number): string {
  const made = runs.length;
  const count = `${same} of ${made} ${made === 1 ? "run" : "runs"} gave the same artifacts`;
  const scripted = isFromFile(provider) ? " Its replies are scripted: no model was asked." : "";
  if (cancelled)
    return `Cancelled; ${made === 0 ? "no run was finished" : `of ${times} runs, ${count}`}. Nothing is recorded as proven.`;
  const other = runs.find(({ sameArtifacts }) => !sameArtifacts);
  const where =
    other === undefined
      ? ""
      : !other.completed
        ? ` One was ${repetitionText(other)}`
        : other.parting?.step == null
          ? ""
          : ` The first of the others differs at ${other.parting.step}.`;
  return `${count}.${where}${scripted}`;
}

function reportText(session: ListedSession, times: number, report: RepeatReport): string {
  const lines = report.runs.flatMap((run, index) => [
    `${index + 1}. ${run.session}: ${repetitionText(run)}`,
    ...run.notCarried.map((sentence) => `   - ${sentence}`),
  ]);
  return [`# ${session.id}`, "", outcomeText(report, times), "", ...lines, ""].join("\n");
}
