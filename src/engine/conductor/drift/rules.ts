import { anyTouches } from "../../model/tools";
import { countSteps, stepsOf } from "../../model/plan";
import { grouped } from "../../model/grouped";
import { limitNames } from "../../model/flow";
import type { SessionState } from "../../state/state";
import { isDocument } from "./facts";
import type { CallFacts, RunFacts, WriteFacts } from "./facts";
import { isSameFile, namedFiles } from "./named-files";
import { listed, loopAround } from "./rule";
import type { DriftRule, DriftView, Finding } from "./rule";
import { entryOf } from "../../model/entry-of";

/** Answers about the session itself, which may legitimately repeat. */
const ownAnswers: ReadonlySet<string> = new Set(["set_verdict", "set_result", "update_notes"]);

function grouping<T>(list: readonly T[], keyOf: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const one of list) groups.set(keyOf(one), [...(groups.get(keyOf(one)) ?? []), one]);
  return [...groups.values()];
}

const workCalls = ({ calls }: RunFacts): CallFacts[] =>
  calls.filter(({ tool, ok }) => !ownAnswers.has(tool) && ok !== undefined);

/** Equal calls with equal answers, or equal reports: the threshold. */
const sameTimes = 3;

const repetition: DriftRule = {
  name: "repetition",
  looksFor: `The same tool call with the same answer ${sameTimes} times in a step, or the same report ${sameTimes} times in a row.`,
  find({ run }) {
    const equal = grouping(workCalls(run), ({ tool, args, answer = "" }) => `${tool} ${args} ${answer}`);
    const most = equal.reduce<CallFacts[]>((best, one) => (one.length > best.length ? one : best), []);
    if (most.length >= sameTimes) {
      const tool = most[0]?.tool ?? "";
      return {
        message: `${run.key} made the same call of ${tool} ${most.length} times and got the same answer each time.`,
        evidence: most.map(({ seq }) => seq),
        guidance: `Do not repeat the same call of ${tool}: its answer does not change. Use what it said and go on.`,
      };
    }
    const { same } = run.end;
    if (same.length < sameTimes) return null;
    return {
      message: `${run.id} has given the same report ${same.length} times in a row.`,
      evidence: same,
      guidance: "The last rounds came to the very same report. Do something else than in the rounds before.",
    };
  },
};

const toolErrors: DriftRule = {
  name: "tool_errors",
  looksFor: "At least 3 tool calls of a step failed or were denied, and at least half of all its calls.",
  find({ run }) {
    const calls = workCalls(run);
    const failed = calls.filter(({ ok }) => ok === false);
    if (failed.length < 3 || failed.length * 2 < calls.length) return null;
    const tools = [...new Set(failed.map(({ tool }) => tool))];
    return {
      message: `${failed.length} of ${calls.length} tool calls of ${run.key} failed or were denied (${listed(tools)}).`,
      evidence: failed.map(({ seq }) => seq),
      guidance: `Most calls of ${listed(tools)} failed. Read the error before the next call, and use only paths and texts that exist.`,
    };
  },
};

/** The first and the last state of each file that the run wrote. */
function changesOf({ writes }: RunFacts): { first: WriteFacts; last: WriteFacts }[] {
  return grouping(writes, ({ path }) => path).flatMap((group) => {
    const [first, last] = [group[0], group.at(-1)];
    return first === undefined || last === undefined ? [] : [{ first, last }];
  });
}

/** Files smaller than this many bytes may change completely. */
const smallFileBytes = 400;

const shrinkingOutput: DriftRule = {
  name: "shrinking_output",
  looksFor: `A file of at least ${smallFileBytes} bytes was rewritten to less than 45 % of it, and what is gone is in no other file.`,
  find({ run }) {
    const changes = changesOf(run);
    const grown = (but: string): number =>
      changes.reduce(
        (sum, { first, last }) =>
          last.path === but ? sum : sum + Math.max(0, last.bytes - (first.before?.bytes ?? 0)),
        0,
      );
    for (const { first, last } of changes) {
      const before = first.before?.bytes ?? 0;
      if (last.sha256 === null || before < smallFileBytes || last.bytes >= before * 0.45) continue;
      if (grown(last.path) >= (before - last.bytes) * 0.5) continue;
      return {
        message: `${run.key} rewrote ${last.path} from ${grouped(before)} to ${grouped(last.bytes)} bytes; the rest is in no other file.`,
        evidence: [last.seq],
        guidance: `${last.path} lost most of its content. Keep what was there, whole: never shorten a file to a sketch or a placeholder.`,
      };
    }
    return null;
  },
};

/** A reply or a file of at least this many bytes can count as runaway. */
const [longReplyBytes, longFileBytes] = [16_000, 20_000];

const runawayOutput: DriftRule = {
  name: "runaway_output",
  looksFor: `Two replies of a step were cut off at their length; a reply of ${grouped(longReplyBytes)} bytes or more is over 5 times the longest of the step's earlier rounds; or a file grew over 5 times, to ${grouped(longFileBytes)} bytes or more.`,
  find({ run, before }) {
    if (run.cut.length >= 2) {
      return {
        message: `${run.cut.length} replies of ${run.key} were cut off at their greatest length.`,
        evidence: run.cut,
        guidance: "Replies were cut off. Say less at once: one file with each call, and no text around it.",
      };
    }
    const { bytes, seq } = run.longestReply;
    const usual = before?.longestReply ?? 0;
    if (usual > 0 && bytes >= longReplyBytes && bytes > usual * 5) {
      return {
        message: `A reply of ${run.key} has ${grouped(bytes)} bytes; the longest of the rounds before had ${grouped(usual)}.`,
        evidence: [seq],
        guidance: "The last reply was far longer than those before. Keep to what this step is for.",
      };
    }
    const grown = changesOf(run).find(
      ({ first, last }) =>
        first.before !== null && last.bytes >= longFileBytes && last.bytes > first.before.bytes * 5,
    );
    if (grown === undefined) return null;
    const { first, last } = grown;
    return {
      message: `${run.key} grew ${last.path} from ${grouped(first.before?.bytes ?? 0)} to ${grouped(last.bytes)} bytes.`,
      evidence: [last.seq],
      guidance: `${last.path} grew to many times its length. Change only what this step asks for.`,
    };
  },
};

function canWrite({ state, node }: DriftView): boolean {
  return anyTouches(entryOf(state.definition.band.roles, node.role)?.tools ?? [], "write");
}

/** Whether the session has changed the file; deletions and moves count. */
function isMade({ drift }: SessionState, path: string): boolean {
  return [...drift.files.entries()].some(([made]) => isSameFile(made, path));
}

const missingArtifact: DriftRule = {
  name: "missing_artifact",
  looksFor:
    "A step failed because a file that it must produce is missing, its report says that it wrote files that nobody wrote, or it wrote nothing at all of the files that the plan names.",
  find(view) {
    const { run, state } = view;
    const { failed, seq } = run.end;
    if (failed?.code === "artifact_missing") {
      return {
        message: `${run.key} ended without what it must produce: ${failed.message}`,
        evidence: [seq],
        guidance: `Write the missing file with write_file before you report: ${failed.message}`,
      };
    }
    if (failed !== undefined || view.node.does !== undefined) return null;
    const claimed = run.end.claims.filter((path) => !isMade(state, path));
    if (claimed.length > 0) {
      return {
        message: `The report of ${run.key} says that ${listed(claimed)} ${claimed.length === 1 ? "was" : "were"} written, but no step wrote ${claimed.length === 1 ? "it" : "them"}.`,
        evidence: [seq],
        guidance: `The last report named files that were never written: ${listed(claimed, 10)}. Write each file with write_file; a report alone changes nothing.`,
      };
    }
    return wroteNothing(view);
  },
};

function wroteNothing(view: DriftView): Finding | null {
  const { run, state, before, node } = view;
  const { plan, seen } = state.drift;
  if (plan === null || plan.step === run.id || !canWrite(view) || node.verdict !== undefined) return null;
  if (run.writes.length > 0 || before?.wrote === true) return null;
  const open = plan.paths.filter((path) => !isDocument(path) && !isMade(state, path));
  if (open.length < 2 || open.length < plan.paths.length / 2) return null;
  // A later step may be the one to write them.
  const later = stepsOf(state.definition.score.steps).some(
    (other) => other.id !== run.id && seen.get(other.id) !== true && canWrite({ ...view, node: other }),
  );
  if (later) return null;
  return {
    message: `${run.key} wrote nothing, although the plan of ${plan.step} names ${open.length} files that nobody has written (${listed(open)}).`,
    evidence: [plan.seq, run.end.seq],
    guidance: `The plan's files are not written yet: ${listed(open, 10)}. Write each of them with write_file.`,
  };
}

/** Files that conventionally come with others, whether a plan names them or not. */
const customary =
  /(?:^|\/)(?:__init__\.py|__main__\.py|conftest\.py|index\.[cm]?[jt]sx?|package(?:-lock)?\.json|tsconfig(?:\.\w+)?\.json|pyproject\.toml|requirements\.txt|setup\.(?:py|cfg)|readme\.md|changelog\.md|license(?:\.\w+)?|mod\.rs|go\.(?:mod|sum)|cargo\.toml|\.[\w.-]+)$/i;

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);
const stemOf = (path: string): string => {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return name
    .replace(/^test_/, "")
    .replace(/[._-](?:test|tests|spec)(?=\.)/, "")
    .replace(/\..*$/, "");
};

const offPlanFile: DriftRule = {
  name: "off_plan_file",
  looksFor:
    "A step wrote a file in a folder where the plan has none, or mostly files that the plan does not name; tests, documents and parts of planned files, and files that a report or an instruction names, do not count.",
  find({ run, state, node }) {
    const { plan, told } = state.drift;
    if (plan === null || plan.step === run.id || run.writes.length === 0) return null;
    const named = [
      ...plan.paths,
      ...told,
      ...node.produces,
      ...namedFiles(`${state.definition.flow.task}\n${entryOf(state.patches, node.id) ?? node.instruction}`),
    ];
    const stems = named.map(stemOf).filter((stem) => stem.length >= 3);
    const isPlanned = (path: string): boolean =>
      customary.test(path) ||
      isDocument(path) ||
      named.some((name) => isSameFile(path, name)) ||
      stems.some(
        (stem) => stemOf(path).includes(stem) || (stemOf(path).length >= 4 && stem.includes(stemOf(path))),
      );
    const written = changesOf(run).filter(({ last }) => last.sha256 !== null);
    const offPlan = written.filter(({ last }) => !isPlanned(last.path));
    const folders = new Set(named.map(folderOf));
    const elsewhere = offPlan.filter(({ last }) => !folders.has(folderOf(last.path)));
    const isMost = offPlan.length >= 2 && offPlan.length * 2 > written.length;
    if (elsewhere.length === 0 && !isMost) return null;
    const shown = isMost ? offPlan : elsewhere;
    const paths = shown.map(({ last }) => last.path);
    return {
      message: `${run.key} wrote ${listed(paths)}, which the plan of ${plan.step} does not name.`,
      evidence: [plan.seq, ...shown.map(({ last }) => last.seq)],
      guidance: `Keep to the files of the plan: ${listed([...plan.paths], 12)}. Do not write ${listed(paths, 10)}.`,
    };
  },
};

const ignoredVerdict: DriftRule = {
  name: "ignored_verdict",
  looksFor: "A verdict sent a loop into another round, and the step that writes changed no file in it.",
  find(view) {
    const { run, before, state } = view;
    if (before?.wrote !== true || run.end.failed !== undefined) return null;
    const until = loopAround(view)?.until;
    if (until === undefined) return null;
    if (run.writes.some(({ sha256, before: old }) => sha256 !== (old?.sha256 ?? null))) return null;
    const wanted = Array.isArray(until)
      ? until.flatMap((one) => ("verdict" in one ? [{ step: one.step, words: one.verdict }] : []))
      : [{ step: until.step, words: [until.verdict] }];
    for (const { step, words } of wanted) {
      const given = state.drift.verdicts.get(step);
      if (step === run.id || given === undefined || words.includes(given.verdict)) continue;
      if (given.seq < before.endSeq || given.seq > run.startSeq) continue;
      const what = run.writes.length === 0 ? "wrote nothing" : "wrote the same again";
      return {
        message: `${step} said ${given.verdict}, and ${run.key} ${what}.`,
        evidence: [given.seq, run.end.seq],
        guidance: `${step} said ${given.verdict}. Change the files so that its complaint no longer holds; a report alone changes nothing.`,
      };
    }
    return null;
  },
};

/** What was used of each limit, in the limit's own unit. */
function usedOf({ spending }: SessionState, limit: (typeof limitNames)[number]): number {
  switch (limit) {
    case "total_tokens":
      return spending.limitTokens;
    case "cost_usd":
      return spending.limitUsd;
    case "duration_seconds":
      return spending.activeMs / 1000;
    case "model_calls":
      return spending.modelCalls;
  }
}

const spendingRule: DriftRule = {
  name: "spending",
  looksFor:
    "At least 40 % of a limit is used, at least twice the share of the Score's steps that are done, and steps are left.",
  find({ state, run }) {
    const all = countSteps(state.definition.score.steps);
    const done = Math.min(1, state.drift.done / Math.max(1, all));
    if (done >= 1) return null;
    for (const limit of limitNames) {
      const value = state.limits[limit];
      const share = value === undefined || value <= 0 ? 0 : usedOf(state, limit) / value;
      if (share < 0.4 || share < done * 2) continue;
      return {
        message: `${percent(share)} of the limit ${limit} is used, with ${state.drift.done} of ${all} steps done.`,
        evidence: [run.end.seq],
      };
    }
    return null;
  },
};

const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** The drift rules, in the order in which they are evaluated. Pure; none calls a model. */
export const driftRules: readonly DriftRule[] = [
  missingArtifact,
  offPlanFile,
  ignoredVerdict,
  repetition,
  toolErrors,
  shrinkingOutput,
  runawayOutput,
  spendingRule,
];
