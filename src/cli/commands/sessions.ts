import { nodeEnvironment } from "../../adapters/runtime/session-runtime";
import { listSessions } from "../../adapters/session/session-list";
import { jsonOption, type Command } from "../command";
import { exitCodes } from "../exit-code";
import { alignColumns, formatNumber, formatTime } from "../text/format";
import { safeLine } from "../text/safe";

export const sessionsCommand: Command = {
  name: "sessions",
  summary: "List the project's sessions, newest first.",
  args: [],
  options: [jsonOption],
  examples: [{ line: "orket sessions", does: "what was run in this project, and how it ended" }],
  run: async ({ io, given, workDomain }) => {
    const sessions = await listSessions(nodeEnvironment.fs, workDomain);
    if (given.flag("json")) {
      io.stdout.line(JSON.stringify(sessions, null, 2));
      return exitCodes.done;
    }
    if (sessions.length === 0) {
      io.stderr.line("This project has no session yet.");
      return exitCodes.done;
    }
    const rows = sessions.map(({ id, flow, startedAt, status, events, problem }) => [
      safeLine(id),
      safeLine(flow),
      formatTime(startedAt),
      status,
      formatNumber(events),
      problem === undefined ? "" : safeLine(problem),
    ]);
    const head = ["SESSION", "FLOW", "STARTED (UTC)", "STATUS", "EVENTS", ""];
    for (const line of alignColumns([head, ...rows])) io.stdout.line(line);
    return exitCodes.done;
  },
};
