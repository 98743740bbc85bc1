import { nodeEnvironment } from "../../adapters/journal/environment";
import { deleteSession, pruneBlobs } from "../../app/session/housekeeping";
import { renameSession } from "../../app/session/label";
import { jsonOption, sessionArgument } from "../command";
import type { Command } from "../command";
import { exitCodes } from "../exit-code";
import { sessionOf } from "../runtime";
import { formatBytes, plural } from "../text/format";
import { safeLine } from "../text/safe";

export const renameCommand: Command = {
  name: "rename",
  summary: "Give a session a title.",
  details: ["The title is for people; the id stays. An empty title removes it."],
  args: [sessionArgument, { name: "TITLE", summary: "The title, in quotes." }],
  options: [],
  examples: [{ line: 'orket rename last "Circles, second try"', does: "a title for the newest session" }],
  run: async (context) => {
    const { io, given } = context;
    const session = await sessionOf(context);
    const title = await renameSession(nodeEnvironment, session.path, given.positionals[1] ?? "");
    io.stdout.line(title === undefined ? `${session.id} has no title.` : `${session.id}: ${safeLine(title)}`);
    return exitCodes.done;
  },
};

export const deleteCommand: Command = {
  name: "delete",
  summary: "Delete a session.",
  details: [
    "Removes the session's folder: its journal, its definition and its artifacts. What was accepted stays in the project. Contents that it shared with others stay until orket prune. Refused while the session is being written.",
  ],
  args: [sessionArgument],
  options: [],
  examples: [{ line: "orket delete k3f9", does: "the session with k3f9 in its id" }],
  run: async (context) => {
    const { io, workDomain } = context;
    const session = await sessionOf(context);
    await deleteSession(nodeEnvironment, workDomain, session.path);
    io.stdout.line(`deleted  ${safeLine(session.id)}`);
    return exitCodes.done;
  },
};

export const pruneCommand: Command = {
  name: "prune",
  summary: "Remove stored contents that no session needs any more.",
  details: [
    "What deleted sessions leave behind: contents that no other session names. Refused while a session is being written, and when a journal is damaged, since what it needs cannot be known then.",
  ],
  args: [],
  options: [{ name: "dry-run", summary: "Only show what would be removed." }, jsonOption],
  examples: [{ line: "orket prune --dry-run", does: "how much could be freed" }],
  run: async ({ io, given, workDomain }) => {
    const dryRun = given.flag("dry-run");
    const pruned = await pruneBlobs(nodeEnvironment, workDomain, { dryRun });
    if (given.flag("json")) {
      io.stdout.line(JSON.stringify({ ...pruned, dryRun }));
      return exitCodes.done;
    }
    const what = `${plural(pruned.blobs, "content")} (${formatBytes(pruned.bytes)})`;
    io.stdout.line(dryRun ? `${what} would be removed.` : `${what} removed.`);
    io.stdout.line(`${plural(pruned.keptBlobs, "content")} (${formatBytes(pruned.keptBytes)}) needed.`);
    if (pruned.remains > 0) {
      const remains = plural(pruned.remains, "half-deleted session");
      io.stdout.line(dryRun ? `${remains} would be removed.` : `${remains} removed.`);
    }
    return exitCodes.done;
  },
};
