import { artifactDiffs } from "../../app/artifact/artifact-diffs";
import { askedCommandLines } from "../../app/command/table-text";
import type { LiveSession } from "../../app/session/session";
import { askedIn } from "../../engine/model/prompt-text";
import { commandNameOf } from "../../engine/state/command-call";
import { activeRuns } from "../../engine/state/cursor";
import type { SessionState } from "../../engine/state/state";
import { viewSession } from "../../engine/view/session-view";
import type { ApprovalView } from "../../engine/view/session-view";
import { safeLine, safeText } from "../text/safe";
import { groupedExactly } from "../../engine/model/grouped";
import { entryOf } from "../../engine/model/entry-of";

/** A part of what the user is asked about. */
export interface ShownPart {
  /** Its label; absent: it needs none. */
  readonly heading?: string;
  readonly text: string;
}

/** The contents of a question: first what is new to the user, and on request everything. */
export interface ApprovalText {
  readonly news: readonly ShownPart[];
  readonly whole: readonly ShownPart[];
  /** What `whole` has besides the new parts. */
  readonly rest: string;
}

type Live = Pick<LiveSession, "orchestrator" | "readText" | "readBytes">;

/**
 * The text of an approval. Before a step: its instruction filled in, or the command that would run, and the report that it
 * continues from; the role's prompt and the task are the same each time and are shown on request. After a step: its report, its
 * verdict and what it wrote, as changes.
 */
export async function textOfApproval(approval: ApprovalView, live: Live): Promise<ApprovalText> {
  return approval.kind === "before_step" ? beforeStep(approval, live) : afterStep(approval, live);
}

async function beforeStep(approval: ApprovalView, live: Live): Promise<ApprovalText> {
  const { prompt = [], instruction, command: shows } = approval;
  const parts: ShownPart[] = [];
  for (const { role, content } of prompt)
    parts.push({ heading: `${role}:`, text: indent(safeText(await live.readText(content))) });
  const last = prompt.findLast(({ role }) => role === "user");
  const asked = last === undefined ? undefined : askedIn(await live.readText(last.content));
  const { definition, score } = live.orchestrator.state;
  const run = activeRuns(score).find((active) => active.run.key === approval.step)?.run;
  const spec = run === undefined ? undefined : entryOf(definition.flow.commands, commandNameOf(run));
  const command =
    shows === undefined ? undefined : askedCommandLines(await live.readText(shows), spec).join("\n");
  const news: ShownPart[] = [{ text: safeText(command ?? asked ?? instruction).trimEnd() }];
  const report = await reportBefore(live.orchestrator.state, live);
  if (report !== undefined) news.push(report);
  return { news, whole: [...(command === undefined ? [] : news), ...parts], rest: "the whole prompt" };
}

/** The report that the step continues from. */
async function reportBefore(state: SessionState, live: Live): Promise<ShownPart | undefined> {
  const before = viewSession(state).steps.findLast(
    ({ status, summary }) => status === "done" && summary !== undefined,
  );
  if (before?.summary === undefined) return undefined;
  const said = before.verdict === undefined ? "reported" : `gave the verdict ${before.verdict}`;
  const text = indent(safeText(await live.readText(before.summary)).trimEnd());
  return { heading: safeLine(`${before.key} ${said}:`), text };
}

async function afterStep({ step, result }: ApprovalView, live: Live): Promise<ApprovalText> {
  if (result === undefined) return { news: [], whole: [], rest: "" };
  const news: ShownPart[] = [{ text: safeText(await live.readText(result.summary)).trimEnd() }];
  if (result.verdict !== undefined) news.push({ text: safeLine(`verdict: ${result.verdict}`) });
  const source = { state: live.orchestrator.state, readBytes: live.readBytes };
  for (const { path, deleted, diff } of await artifactDiffs(source, step, result.artifacts)) {
    if (deleted) news.push({ text: safeLine(`deleted ${path}`) });
    else if (diff === undefined) news.push({ text: safeLine(`wrote ${path}`) });
    else {
      const counts = `+${groupedExactly(diff.added)} -${groupedExactly(diff.removed)} lines`;
      const lines = [...diff.lines, ...(diff.cut ? ["… more: orket diff shows all."] : [])];
      news.push({ heading: safeLine(`wrote ${path} (${counts})`), text: indent(safeText(lines.join("\n"))) });
    }
  }
  return { news, whole: news, rest: "all" };
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
