import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { artifactOffer } from "../../app/artifact/project-offer";
import { isUnsolved } from "../../app/artifact/offer";
import {
  acceptArtifact,
  offerSource,
  redoAcceptance,
  rejectArtifact,
  revertAcceptance,
} from "../../app/session/acceptance";
import { checksOf, failureOf, uncheckedPaths } from "../../app/session/checks";
import { openLiveSession } from "../../app/session/open";
import { openSnapshot } from "../../app/session/snapshot";
import type { LiveSession } from "../../app/session/session";
import { readShown, rememberShown } from "../../app/session/shown";
import type { Shown } from "../../app/session/shown";
import { nodeEnvironment } from "../../adapters/journal/environment";
import { OrketError } from "../../engine/error/orket-error";
import { artifactViews, isOpenArtifact, viewSession } from "../../engine/view/session-view";
import type { ArtifactView } from "../../engine/view/session-view";
import { chooseArtifacts, filesArgument, printPatch, rowsOf, shownOf } from "../artifacts";
import { callOf, foreignOption, jsonOption, sessionArgument } from "../command";
import type { Command, CommandContext, OptionSpec } from "../command";
import { exitCodeOfError, exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import { sessionOf, withRuntime } from "../runtime";
import { plural } from "../text/format";
import { safeLine, safeText } from "../text/safe";
import { closing } from "./run";
import { defined } from "../../engine/model/defined";
import { entryOf } from "../../engine/model/entry-of";

/** What was done about one file, for users and for scripts. */
interface Done {
  readonly done: string;
  readonly path: string;
  readonly [fact: string]: unknown;
}

/** What an action uses. */
interface Review {
  readonly context: CommandContext;
  readonly live: LiveSession;
  readonly directory: string;
  readonly chosen: readonly ArtifactView[];
  readonly shown: Shown;
  /** Paths that were written after the last check that passed. */
  readonly unchecked: ReadonlySet<string>;
}

interface Action {
  readonly standard: (artifact: ArtifactView, live: LiveSession) => boolean;
  readonly nothing: string;
  /** Before anything is done. @throws {OrketError} the reason that rules out all of it. */
  begin?(review: Review): void;
  /** What was done; undefined: there was nothing to do. */
  apply(review: Review, artifact: ArtifactView): Promise<Done | undefined>;
}

const refusals = [
  "acceptance_conflict",
  "acceptance_denied",
  "acceptance_stale",
  "acceptance_unchecked",
  "command_refused",
] as const;

/** Does it for each file. A refusal of one does not affect the others. */
async function review(context: CommandContext, action: Action): Promise<ExitCode> {
  const { io, given } = context;
  const session = await sessionOf(context);
  return withRuntime(context, async (options) => {
    const live = await openLiveSession(session.path, options);
    return closing(live, async () => {
      const artifacts = artifactViews(live.orchestrator.state);
      const chosen = chooseArtifacts(artifacts, given.positionals.slice(1), context, (one) =>
        action.standard(one, live),
      );
      if (chosen.length === 0) io.stderr.line(action.nothing);
      const shown = await readShown(nodeEnvironment, session.path);
      const unchecked = uncheckedPaths(await checksOf(await openSnapshot(session.path)));
      const work = { context, live, directory: session.path, chosen, shown, unchecked };
      if (chosen.length > 0) action.begin?.(work);
      return applyAll(work, action);
    });
  });
}

async function applyAll(work: Review, action: Action): Promise<ExitCode> {
  const { io, given } = work.context;
  const isJson = given.flag("json");
  const results: Record<string, unknown>[] = [];
  let code: ExitCode = exitCodes.done;
  for (const artifact of work.chosen) {
    try {
      const what = await action.apply(work, artifact);
      if (what === undefined) continue;
      const done = { ...what, ...defined({ renamed_from: artifact.renamedFrom }) };
      results.push(done);
      if (!isJson) io.stdout.line(lineOf(done));
    } catch (error) {
      if (!OrketError.is(error, ...refusals)) throw error;
      const { code: name, message } = error;
      const hint = hintOf(work, artifact, error);
      results.push({
        path: artifact.path,
        error: { code: name, message, ...defined({ hint }) },
      });
      io.stderr.line(`${io.stderr.style.red("orket:")} ${safeText(message)}`);
      if (hint !== undefined) io.stderr.line(`  ${safeText(hint)}`);
      if (OrketError.is(error, "acceptance_stale", "acceptance_conflict"))
        await showAnew(work, artifact, name);
      if (code === exitCodes.done) code = exitCodeOfError(name);
    }
  }
  if (isJson) io.stdout.line(JSON.stringify(results, null, 2));
  return code;
}

/** What to do about a refusal; about a conflict, with the call that does it. */
function hintOf(
  { context, live }: Review,
  { path: file }: ArtifactView,
  { hint, details }: OrketError,
): string | undefined {
  if (details["mergeable"] === undefined) return hint;
  const call = `${callOf(context)} accept ${live.id} ${file}`;
  return details["mergeable"] === true
    ? `${hint ?? ""} ${call} --conflicts FILE writes both into FILE, with conflict markers.`
    : `${hint ?? ""} ${call} --proposal takes it.`;
}

function lineOf({ done, path: file, merged, open, renamed_from: from }: Done): string {
  const more = [
    typeof from === "string" ? `renamed from ${safeLine(from)}` : "",
    merged === true ? "merged with the project's own changes" : "",
    open === true ? "in part" : "",
  ].filter((text) => text !== "");
  return `${done}  ${safeLine(file)}${more.length === 0 ? "" : ` (${more.join(", ")})`}`;
}

/** A file that was refused because it has changed is shown as it is now; the next decision applies to that. */
async function showAnew(
  { context, live, directory }: Review,
  { path: file }: ArtifactView,
  why: string,
): Promise<void> {
  const { io, workDomain } = context;
  const { state } = live.orchestrator;
  const again = artifactViews(state).filter((artifact) => artifact.path === file && isOpenArtifact(artifact));
  const seen = {
    state,
    readBytes: (ref: Parameters<LiveSession["readBytes"]>[0]) => live.readBytes(ref),
  };
  const rows = await rowsOf(seen, workDomain, again);
  if (why !== "acceptance_conflict") printPatch(rows, io.stderr, io.stderr);
  await rememberShown(nodeEnvironment, directory, shownOf(rows));
}

/** `--hunk 1 --hunk 3,4`. @throws {OrketError} usage. */
function hunksOf({ given }: CommandContext): number[] | undefined {
  const named = given.all("hunk").flatMap((text) => text.split(","));
  if (named.length === 0) return undefined;
  return named.map((text) => {
    if (/^[1-9]\d*$/.test(text.trim())) return Number(text);
    throw new OrketError("usage", `--hunk: '${safeLine(text)}' is not the number of a hunk.`, {
      hint: "orket diff shows the hunks with their numbers.",
    });
  });
}

/** Options that apply to one file. */
function needOneFile({ context: { given }, chosen }: Review, ...options: readonly string[]): void {
  const used = options.find((name) => given.flag(name));
  if (used === undefined || chosen.length === 1) return;
  throw new OrketError(
    "usage",
    `--${used} is about one file, and ${plural(chosen.length, "file")} are meant.`,
    {
      hint: "Name the file behind the session.",
    },
  );
}

const accept: Action = {
  standard: (artifact) => isOpenArtifact(artifact),
  nothing: "No file waits for a decision.",
  begin: (work) => {
    const { given } = work.context;
    needOneFile(work, "hunk", "edited", "conflicts", "proposal", "shown");
    if (given.flag("anyway") || given.flag("conflicts")) return;
    const failure = failureOf(viewSession(work.live.orchestrator.state));
    if (failure === undefined) return;
    throw new OrketError("acceptance_unchecked", `Nothing was accepted: ${safeText(failure)}`, {
      hint: "Resume or fork the session, or accept what it made with --anyway.",
    });
  },
  apply: async (work, artifact) => {
    const { live, unchecked, directory, shown } = work;
    const { given, io } = work.context;
    const file = artifact.path;
    const { decision } = artifact;
    if (decision === "accepted") return undefined;
    const conflicts = given.value("conflicts");
    if (conflicts !== undefined) return writeConflicts(work, artifact, conflicts);
    const anyway = given.flag("anyway");
    if (unchecked.has(file) && !anyway)
      throw new OrketError("acceptance_unchecked", `${file} was written after the last check that passed.`, {
        hint: "Run a check that passes, or accept it with --anyway.",
      });
    const hunks = hunksOf(work.context);
    const edited = given.value("edited");
    const seen = given.value("shown") ?? entryOf(shown, file);
    const proposal = given.flag("proposal")
      ? { content: (await artifactOffer(offerSource(live), artifact)).proposed }
      : {};
    const done = await acceptArtifact(live, file, {
      by: "command_line",
      provenance: true,
      ...defined({ hunks }),
      ...proposal,
      ...(edited === undefined ? {} : { content: readEdited(path.resolve(io.cwd, edited)) }),
      ...defined({ shown: seen }),
      ...(anyway ? { anyway } : {}),
    });
    if (done === undefined) return undefined;
    if (done.open) await showAnew(work, artifact, "partly");
    else await rememberShown(nodeEnvironment, directory, {});
    const { mode, merged, open, deleted } = done;
    return { done: deleted ? "deleted" : "accepted", path: file, mode, merged, open };
  },
};

function readEdited(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new OrketError("usage", `--edited: ${file} cannot be read.`, { cause: error });
  }
}

/** Writes the file with conflict markers where the user asks for it. */
async function writeConflicts(work: Review, artifact: ArtifactView, target: string): Promise<Done> {
  const { live, directory } = work;
  const { io } = work.context;
  const offer = await artifactOffer(offerSource(live), artifact);
  const bytes = offer.conflict?.marked ?? (offer.conflict === undefined ? offer.result : undefined);
  if (bytes === undefined || bytes === null)
    throw new OrketError("command_refused", `${artifact.path} is not text, so there is nothing to mark.`, {
      hint: "Take the proposal with --proposal, your own version with --edited, or reject it.",
    });
  const place = path.resolve(io.cwd, target);
  try {
    writeFileSync(place, bytes, { flag: "wx" });
  } catch (error) {
    throw new OrketError("usage", `--conflicts: ${place} cannot be written, or already exists.`, {
      cause: error,
    });
  }
  await rememberShown(nodeEnvironment, directory, { [artifact.path]: offer.shown });
  const places = isUnsolved(bytes) ? (offer.conflict?.places ?? 0) : 0;
  const call = `${callOf(work.context)} accept ${live.id} ${artifact.path} --edited ${target}`;
  io.stderr.line(
    `${plural(places, "conflict")} marked in ${safeLine(target)}. Solve them there, then: ${safeLine(call)}`,
  );
  return { done: "marked", path: artifact.path, conflicts: places, file: place };
}

const reject: Action = {
  standard: (artifact) => isOpenArtifact(artifact),
  nothing: "No file waits for a decision.",
  begin: (work) => {
    needOneFile(work, "hunk");
  },
  apply: async (work, artifact) => {
    const { live, shown } = work;
    const { path: file, decision, open } = artifact;
    if (decision === "rejected" || (decision === "partly" && open !== true)) return undefined;
    const hunks = hunksOf(work.context);
    const seen = entryOf(shown, file);
    await rejectArtifact(live, file, work.context.given.value("reason"), {
      by: "command_line",
      provenance: true,
      ...defined({ hunks }),
      ...(hunks === undefined || seen === undefined ? {} : { shown: seen }),
    });
    if (hunks !== undefined) await showAnew(work, artifact, "partly");
    return { done: "rejected", path: file, ...(hunks === undefined ? {} : { hunks, open: true }) };
  },
};

const revert: Action = {
  standard: ({ path: file }, { orchestrator: { state } }) =>
    (entryOf(state.acceptances, file) ?? []).length > 0,
  nothing: "No file of this session is in the project.",
  begin: (work) => {
    needOneFile(work, "acceptance");
  },
  apply: async ({ context: { given }, live }, { path: file }) => {
    const one = given.value("acceptance");
    if (one !== undefined && !/^\d+$/.test(one))
      throw new OrketError("usage", `--acceptance: '${safeLine(one)}' is not the number of an event.`);
    const { state } = live.orchestrator;
    // A rejection that follows acceptances is reverted first; then the acceptances, newest first.
    const rejected = entryOf(state.decisions, file)?.kind === "rejected" ? 1 : 0;
    const count = one === undefined ? rejected + (entryOf(state.acceptances, file) ?? []).length : 1;
    for (let index = 0; index < Math.max(1, count); index += 1)
      await revertAcceptance(live, file, {
        by: "command_line",
        provenance: true,
        ...(one === undefined ? {} : { acceptance: Number(one) }),
      });
    return { done: "reverted", path: file };
  },
};

const redo: Action = {
  standard: ({ path: file }, { orchestrator: { state } }) => entryOf(state.undone, file) !== undefined,
  nothing: "No acceptance of this session was reverted.",
  apply: async ({ live }, { path: file }) => {
    do await redoAcceptance(live, file, { by: "command_line", provenance: true });
    while (entryOf(live.orchestrator.state.undone, file) !== undefined);
    return { done: "accepted", path: file };
  },
};

const hunkOption: OptionSpec = {
  name: "hunk",
  value: "N",
  multiple: true,
  summary: "Only this hunk of the file, by the number that orket diff shows; may be given several times.",
};

export const acceptCommand: Command = {
  name: "accept",
  summary: "Bring files that the team proposes into the project.",
  details: [
    "Changes made in the project since then stay: changes to other lines are merged. Changes to the same lines are a conflict: nothing is written, and the exit code is 7; --conflicts writes the file with conflict markers, and --edited accepts it once they are solved. What cannot be merged (a binary file, or one that either side deleted) is taken with --proposal. orket revert takes an acceptance back. Git is never touched.",
    "What is written is what orket diff showed last. If the proposal has changed since, it is refused with exit code 7 and shown again. What a failed session made, or what no check has passed, needs --anyway.",
  ],
  args: [sessionArgument, filesArgument("all that wait for a decision")],
  options: [
    foreignOption,
    hunkOption,
    {
      name: "edited",
      value: "FILE",
      summary: "Bring FILE into the project instead: your own version of the proposal.",
    },
    {
      name: "conflicts",
      value: "FILE",
      summary: "Accept nothing; write the file with conflict markers to FILE, which must not exist.",
    },
    {
      name: "proposal",
      summary: "Where the file conflicts, take the proposal instead of the project's change.",
    },
    { name: "shown", value: "DIGEST", summary: "Accept only what diff --json calls this; for scripts." },
    { name: "anyway", summary: "Even if the session failed, or no check has passed since the last write." },
    jsonOption,
  ],
  examples: [
    { line: "orket accept last", does: "everything that the newest session proposes" },
    { line: "orket accept last src/shapes PLAN.md", does: "one folder and one file" },
    { line: "orket accept last src/a.ts --hunk 1 --hunk 3", does: "two hunks; the others stay proposed" },
  ],
  run: (context) => review(context, accept),
};

export const rejectCommand: Command = {
  name: "reject",
  summary: "Reject files that the team proposes.",
  details: ["The project is not changed, and the files stay in the session. orket revert takes it back."],
  args: [sessionArgument, filesArgument("all that wait for a decision")],
  options: [
    foreignOption,
    hunkOption,
    { name: "reason", value: "TEXT", summary: "Why; the session's later steps are told." },
    jsonOption,
  ],
  examples: [
    { line: "orket reject last PLAN.md", does: "leave the plan out" },
    { line: 'orket reject last src/a.ts --reason "No new dependency."', does: "and say why" },
  ],
  run: (context) => review(context, reject),
};

export const revertCommand: Command = {
  name: "revert",
  summary: "Revert what was accepted.",
  details: [
    "The project's file becomes what it was before. Where it was changed after the acceptance, only what the acceptance brought is taken out, if no one changed the same lines; otherwise it is a conflict and the exit code is 7. For a rejected file that is named, the rejection is taken back.",
  ],
  args: [sessionArgument, filesArgument("all that were accepted")],
  options: [
    foreignOption,
    {
      name: "acceptance",
      value: "N",
      summary: "Only this acceptance of the file, by the number of its event in orket show --json.",
    },
    { name: "undo", summary: "Bring back all that was reverted since the last acceptance." },
    jsonOption,
  ],
  examples: [
    { line: "orket revert last", does: "the project is as it was before orket accept last" },
    { line: "orket revert last src/a.ts --undo", does: "and back again" },
  ],
  run: (context) => review(context, context.given.flag("undo") ? redo : revert),
};
