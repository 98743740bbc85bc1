import { acceptArtifact, rejectArtifact, revertAcceptance } from "../../app/session/acceptance";
import { openLiveSession } from "../../app/session/open";
import type { LiveSession } from "../../app/session/session";
import { OrketError } from "../../engine/error/orket-error";
import { artifactViews } from "../../engine/view/session-view";
import type { ArtifactView } from "../../engine/view/session-view";
import { foreignOption, sessionArgument } from "../command";
import type { ArgumentSpec, Command, CommandContext } from "../command";
import { exitCodeOfError, exitCodes } from "../exit-code";
import type { ExitCode } from "../exit-code";
import { sessionOf, withRuntime } from "../runtime";
import { safeLine, safeText } from "../text/safe";
import { closing } from "./run";

export const filesArgument = (what: string): ArgumentSpec => ({
  name: "PATH",
  optional: true,
  multiple: true,
  summary: `Files or folders; without any, ${what}.`,
});

/** The artifacts that were named, or those that `standard` means. @throws {OrketError} artifact_unknown. */
export function chooseArtifacts(
  artifacts: readonly ArtifactView[],
  paths: readonly string[],
  standard: (artifact: ArtifactView) => boolean,
): ArtifactView[] {
  if (paths.length === 0) return artifacts.filter(standard);
  const chosen = new Set<ArtifactView>();
  for (const written of paths) {
    const place = written.replaceAll("\\", "/").replace(/^\.\//, "").replace(/\/+$/, "");
    const found = artifacts.filter(
      ({ path }) => place === "." || path === place || path.startsWith(`${place}/`),
    );
    if (found.length === 0) {
      const known = artifacts.map(({ path }) => path).join(", ");
      throw new OrketError("artifact_unknown", `The session proposes no file ${safeLine(written)}.`, {
        mend: known === "" ? "It proposes no files." : `It proposes: ${known}.`,
      });
    }
    for (const artifact of found) chosen.add(artifact);
  }
  return artifacts.filter((artifact) => chosen.has(artifact));
}

interface Action {
  readonly standard: (artifact: ArtifactView) => boolean;
  readonly nothing: string;
  /** What was done, for people; undefined: there was nothing to do. */
  apply(live: LiveSession, artifact: ArtifactView): Promise<string | undefined>;
}

/** Does it for each file. One that fails does not keep the others from being done. */
async function review(context: CommandContext, action: Action): Promise<ExitCode> {
  const { io, given } = context;
  const session = await sessionOf(context);
  return withRuntime(context, async (options) => {
    const live = await openLiveSession(session.path, options);
    return closing(live, async () => {
      const artifacts = artifactViews(live.orchestrator.state);
      const chosen = chooseArtifacts(artifacts, given.positionals.slice(1), action.standard);
      if (chosen.length === 0) io.stderr.line(action.nothing);
      let code: ExitCode = exitCodes.done;
      for (const artifact of chosen) {
        try {
          const done = await action.apply(live, artifact);
          if (done !== undefined) io.stdout.line(safeLine(done).replace(" ", "  "));
        } catch (error) {
          if (!OrketError.is(error, "acceptance_conflict", "acceptance_denied", "command_refused"))
            throw error;
          io.stderr.line(`${io.stderr.style.red("orket:")} ${safeText(error.message)}`);
          if (error.mend !== undefined) io.stderr.line(`  ${safeText(error.mend)}`);
          if (code === exitCodes.done) code = exitCodeOfError(error.code);
        }
      }
      return code;
    });
  });
}

const accept: Action = {
  standard: ({ decision }) => decision === "pending",
  nothing: "No file waits for a decision.",
  apply: async (live, { path, change, decision }) => {
    if (decision === "accepted") return undefined;
    await acceptArtifact(live, path);
    return `${change === "deleted" ? "deleted" : "accepted"} ${path}`;
  },
};

const reject: Action = {
  standard: ({ decision }) => decision === "pending",
  nothing: "No file waits for a decision.",
  apply: async (live, { path, decision }) => {
    if (decision === "rejected") return undefined;
    await rejectArtifact(live, path);
    return `rejected ${path}`;
  },
};

const revert: Action = {
  standard: ({ decision }) => decision === "accepted",
  nothing: "No file of this session is in the project.",
  apply: async (live, { path }) => {
    await revertAcceptance(live, path);
    return `reverted ${path}`;
  },
};

export const acceptCommand: Command = {
  name: "accept",
  summary: "Bring files that the team proposes into the project.",
  details: [
    "A file is written only when the project's file is still what the proposal was based on; otherwise it is a conflict, nothing is changed, and the exit code is 7. orket revert takes an acceptance back. Git is never touched.",
  ],
  args: [sessionArgument, filesArgument("all that wait for a decision")],
  options: [foreignOption],
  examples: [
    { line: "orket accept last", does: "everything that the newest session proposes" },
    { line: "orket accept last src/shapes PLAN.md", does: "one folder and one file" },
  ],
  run: (context) => review(context, accept),
};

export const rejectCommand: Command = {
  name: "reject",
  summary: "Record that proposed files are not wanted.",
  details: ["The project is not touched, and the files stay in the session. orket revert takes it back."],
  args: [sessionArgument, filesArgument("all that wait for a decision")],
  options: [foreignOption],
  examples: [{ line: "orket reject last PLAN.md", does: "leave the plan out" }],
  run: (context) => review(context, reject),
};

export const revertCommand: Command = {
  name: "revert",
  summary: "Take back what was accepted.",
  details: [
    "The project's file becomes what it was before, as long as it still is what the acceptance left; otherwise it is a conflict and the exit code is 7. For a rejected file that is named, the rejection is taken back.",
  ],
  args: [sessionArgument, filesArgument("all that were accepted")],
  options: [foreignOption],
  examples: [{ line: "orket revert last", does: "the project is as it was before orket accept last" }],
  run: (context) => review(context, revert),
};
