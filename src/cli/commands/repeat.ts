import { nodeEnvironment } from "../../adapters/journal/environment";
import { readSession } from "../../adapters/journal/session-folder";
import { maxRepetitions, repeatSession, repetitionText } from "../../app/session/repeat";
import { OrketError } from "../../engine/error/orket-error";
import { allowCommandsOption, callOf, jsonOption, sessionArgument } from "../command";
import type { Command, CommandContext, OptionSpec } from "../command";
import { exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import { requireConsent } from "../run/consent";
import { sessionOf, withRuntime } from "../runtime";
import { plural } from "../text/format";
import { safeLine } from "../text/safe";
import { isFromFile } from "../../engine/model/providers";

function timesOf({ given }: CommandContext): number {
  const written = given.value("times") ?? "1";
  const times = /^\d{1,4}$/.test(written) ? Number(written) : 0;
  if (times >= 1 && times <= maxRepetitions) return times;
  throw new OrketError(
    "usage",
    `--times is a number from 1 to ${maxRepetitions}, not '${safeLine(written)}'.`,
  );
}

async function run(context: CommandContext): Promise<ExitCode> {
  const { io, given } = context;
  const times = timesOf(context);
  const json = given.flag("json");
  const session = await sessionOf(context);
  const cancellation = new AbortController();
  const stop = (): void => {
    cancellation.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await withRuntime(context, async (options) => {
      const { definition } = await readSession(nodeEnvironment, session.path);
      await requireConsent(definition, context, options, `${callOf(context)} repeat ${session.id}`);
      const report = await repeatSession(session.path, options, {
        times,
        cancellation: cancellation.signal,
        onSession: ({ id }, number) => {
          if (!json) io.stderr.line(`Run ${number} of ${times}: ${id}`);
        },
        onDone: (repetition) => {
          if (json) return;
          io.stdout.line(safeLine(`${repetition.session}: ${repetitionText(repetition)}`));
          for (const sentence of repetition.notCarried) io.stdout.line(`  ${safeLine(sentence)}`);
        },
      });
      if (json) io.stdout.line(JSON.stringify(report, null, 2));
      else {
        if (isFromFile(report.provider)) {
          io.stdout.line("Replies: scripted, from a file; no model was asked.");
        }
        const { length } = report.runs;
        io.stdout.line(`${report.same} of ${plural(length, "run")} gave the same artifacts.`);
      }
      return report.cancelled ? exitCodes.cancelled : exitCodes.done;
    });
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

export const repeatCommand: Command = {
  name: "repeat",
  summary: "Run a session again against its model, and say whether it gives the same artifacts.",
  details: [
    "Performs the session's own definition again, each time as a new session. What people decided is decided again at the same places: answers, skips, changed instructions, roles switched on and off, retries, limits. What a run did not reach is reported with it. Says how many runs gave the same artifacts and at which step the others first differ, and records it as what was proven of the session.",
  ],
  args: [sessionArgument],
  get options(): readonly OptionSpec[] {
    return [
      { name: "times", value: "N", summary: `How often, from 1 to ${maxRepetitions}; 1 unless given.` },
      allowCommandsOption,
      jsonOption,
    ];
  },
  examples: [{ line: "orket repeat last --times 5", does: "how alike five more runs are" }],
  run,
};
