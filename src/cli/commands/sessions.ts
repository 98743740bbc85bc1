import { nodeEnvironment } from "../../adapters/journal/environment";
import { diskUse } from "../../app/session/housekeeping";
import { listSessions } from "../../app/session/session-list";
import type { SessionSummary } from "../../app/session/session-list";
import { searchSessions } from "../../app/session/session-search";
import type { SearchHit } from "../../app/session/session-search";
import { sessionWords } from "../../engine/view/session-label";
import { jsonOption } from "../command";
import type { Command, CommandContext } from "../command";
import { exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import { alignColumns, formatBytes, formatTime } from "../text/format";
import { steer } from "../io";
import { safeLine } from "../text/safe";
import { groupedExactly } from "../../engine/model/grouped";

function label({ title, problem, foreign }: SessionSummary): string {
  return [title, problem, foreign === true ? "from elsewhere" : undefined]
    .flatMap((part) => (part === undefined ? [] : [safeLine(part)]))
    .join("; ");
}

async function list({ io, given, workDomain }: CommandContext): Promise<ExitCode> {
  const sessions = await listSessions(nodeEnvironment.fs, workDomain, nodeEnvironment.marks);
  if (given.flag("json")) {
    io.stdout.line(JSON.stringify(sessions, null, 2));
    return exitCodes.done;
  }
  if (sessions.length === 0) {
    io.stderr.line("This project has no session yet.");
    return exitCodes.done;
  }
  const rows = sessions.map((session) => [
    safeLine(session.id),
    safeLine(session.flow),
    formatTime(session.startedAt),
    sessionWords[session.status],
    groupedExactly(session.events),
    label(session),
  ]);
  const head = ["SESSION", "FLOW", "STARTED (UTC)", "STATUS", "EVENTS", ""];
  for (const line of alignColumns([head, ...rows])) io.stdout.line(line);
  return exitCodes.done;
}

async function sizes({ io, given, workDomain }: CommandContext): Promise<ExitCode> {
  const use = await diskUse(nodeEnvironment, workDomain);
  if (given.flag("json")) {
    io.stdout.line(JSON.stringify(use, null, 2));
    return exitCodes.done;
  }
  const bySize = [...use.sessions].sort((a, b) => b.ownBytes + b.blobBytes - a.ownBytes - a.blobBytes);
  const rows = bySize.map(({ id, ownBytes, blobBytes, sharedBytes, problem }) => [
    safeLine(id),
    formatBytes(ownBytes),
    formatBytes(blobBytes),
    sharedBytes === 0 ? "" : formatBytes(sharedBytes),
    problem === undefined ? "" : safeLine(problem),
  ]);
  const head = ["SESSION", "FOLDER", "CONTENTS", "OF THEM SHARED", ""];
  for (const line of alignColumns([head, ...rows])) io.stdout.line(line);
  io.stdout.line(`All together ${formatBytes(use.totalBytes)}, shared contents counted once.`);
  if (use.unreferencedBlobs > 0) {
    io.stdout.line(`orket prune frees ${formatBytes(use.unreferencedBytes)} that no session needs.`);
  }
  return exitCodes.done;
}

function hitLine({ place, step, excerpt }: SearchHit): string {
  const where = [step, place.replace("_", " ")].filter((part) => part !== null).join(", ");
  return `  ${safeLine(where)}: ${safeLine(excerpt)}`;
}

async function search({ io, given, workDomain }: CommandContext, text: string): Promise<ExitCode> {
  const json = given.flag("json");
  const shown = io.stderr.isTerminal && !json;
  let found = 0;
  const clear = (): void => {
    if (shown) steer(io.stderr, "\r\u001b[2K");
  };
  const results = searchSessions(nodeEnvironment, workDomain, text, {
    onProgress: (done, of) => {
      clear();
      if (shown) io.stderr.write(`Searching, ${done} of ${of}`);
    },
  });
  for await (const { session, hits } of results) {
    found += 1;
    clear();
    if (json) {
      io.stdout.line(JSON.stringify({ session: session.id, title: session.title, hits }));
      continue;
    }
    const title = session.title === undefined ? "" : `  ${safeLine(session.title)}`;
    io.stdout.line(`${io.stdout.style.bold(safeLine(session.id))}${title}`);
    for (const hit of hits) io.stdout.line(hitLine(hit));
  }
  clear();
  if (found === 0) io.stderr.line(`No session has '${safeLine(text)}' in it.`);
  return exitCodes.done;
}

export const sessionsCommand: Command = {
  name: "sessions",
  summary: "List the project's sessions, newest first.",
  args: [],
  options: [
    {
      name: "search",
      value: "TEXT",
      summary: "Only sessions with TEXT in their id, title, task, prompts, replies or tool calls, and where.",
    },
    { name: "size", summary: "What they take on the disk, the largest first." },
    { ...jsonOption, summary: "Print JSON; with --search, one object per line." },
  ],
  examples: [
    { line: "orket sessions", does: "what was run in this project, and how it ended" },
    { line: "orket sessions --search circle", does: "where circles came up" },
  ],
  run: (context) => {
    const text = context.given.value("search");
    if (text !== undefined) return search(context, text);
    return context.given.flag("size") ? sizes(context) : list(context);
  },
};
