import { acceptArtifact, rejectArtifact } from "../../app/session/acceptance";
import { checksOf, uncheckedPaths } from "../../app/session/checks";
import type { LiveSession } from "../../app/session/session";
import { openSnapshot } from "../../app/session/snapshot";
import type { ReviewRow } from "../../app/artifact/review-rows";
import { OrketError } from "../../engine/error/orket-error";
import { defined } from "../../engine/model/defined";
import { artifactViews, isOpenArtifact } from "../../engine/view/session-view";
import type { QuestionView } from "../../engine/view/session-view";
import { printPatch, printStat, rowsOf } from "../artifacts";
import type { Output } from "../io";
import { safeLine, safeText } from "../text/safe";
import type { TypedLines } from "./lines";

interface AcceptanceParts {
  readonly live: LiveSession;
  readonly output: Output;
  readonly lines: TypedLines;
}

/** What the user wants besides decisions; `decided`: nothing is open any more, or look again. */
export type AcceptanceSaid = "decided" | "pause" | "stop" | "ended";

type Choice = readonly [word: string, label: string];

const leave: readonly Choice[] = [
  ["pause", "[p]ause"],
  ["stop", "s[t]op"],
];
const forAll: readonly Choice[] = [
  ["accept", "[a]ccept all"],
  ["one", "[o]ne by one"],
  ["reject", "[r]eject all"],
  ["diff", "[d]iff"],
  ...leave,
];
const forOne: readonly Choice[] = [
  ["accept", "[a]ccept"],
  ["reject", "[r]eject"],
  ["back", "[b]ack"],
  ...leave,
];
const yesNo: readonly Choice[] = [
  ["yes", "[y]es"],
  ["no", "[n]o"],
];

/**
 * Shows the files that an `accept` step waits for, and takes decisions about all of them, about single files or about hunks. A
 * file that cannot be accepted is named with the reason and stays open.
 */
export async function askAcceptance(question: QuestionView, parts: AcceptanceParts): Promise<AcceptanceSaid> {
  const { output } = parts;
  const paths = new Set(question.paths);
  const rows = await rowsFor(paths, parts);
  output.line(output.style.bold(safeLine(`── ${question.step}: files wait for your decision`)));
  printStat(rows, output);
  for (;;) {
    const word = await choose(forAll, parts);
    switch (word) {
      case "diff":
        printPatch(rows, output, output);
        continue;
      case "accept":
        for (const row of rows) await accept(row, parts);
        return "decided";
      case "reject": {
        const reason = await reasonOf(parts);
        if (reason === undefined) return "ended";
        for (const row of rows) await reject(row, reason, parts);
        return "decided";
      }
      case "one":
        return oneByOne(rows, parts);
      case "pause":
      case "stop":
      case "ended":
        return word;
      default:
        return "decided";
    }
  }
}

async function oneByOne(rows: readonly ReviewRow[], parts: AcceptanceParts): Promise<AcceptanceSaid> {
  for (const first of rows) {
    const { path } = first.artifact;
    for (let [row] = [first] as (ReviewRow | undefined)[]; row !== undefined;) {
      printPatch([row], parts.output, parts.output);
      const word = await choose(forOne, parts, "or the numbers of hunks to accept");
      if (word === "back") return "decided";
      if (word === "pause" || word === "stop" || word === "ended") return word;
      if (word === "reject") {
        const reason = await reasonOf(parts);
        if (reason === undefined) return "ended";
        await reject(row, reason, parts);
      } else await accept(row, parts, word === "accept" ? undefined : word.split(/[\s,]+/).map(Number));
      // The rest of a file that was accepted in part, or one that was refused, is asked about again.
      [row] = await rowsFor(new Set([path]), parts);
    }
  }
  return "decided";
}

/** The open files among these paths, as they would be written now. */
async function rowsFor(paths: ReadonlySet<string>, { live }: AcceptanceParts): Promise<ReviewRow[]> {
  const { state } = live.orchestrator;
  const open = artifactViews(state).filter((one) => paths.has(one.path) && isOpenArtifact(one));
  const unchecked = uncheckedPaths(await checksOf(await openSnapshot(live.directory)));
  const seen = { state, readBytes: (ref: Parameters<LiveSession["readBytes"]>[0]) => live.readBytes(ref) };
  return rowsOf(seen, live.workDomain, open, unchecked);
}

async function accept(row: ReviewRow, parts: AcceptanceParts, hunks?: readonly number[]): Promise<void> {
  const { live, output } = parts;
  const { path } = row.artifact;
  if (row.isUnchecked) {
    output.line(safeLine(`${path} was written after the last check that passed. Accept it anyway?`));
    if ((await choose(yesNo, parts)) !== "yes") return;
  }
  await told(output, async () => {
    const done = await acceptArtifact(live, path, {
      by: "person",
      provenance: true,
      shown: row.offer.shown,
      ...defined({ hunks }),
      ...(row.isUnchecked ? { anyway: true } : {}),
    });
    output.line(safeLine(`${done?.open === true ? "accepted in part" : "accepted"} ${path}`));
  });
}

async function reject(row: ReviewRow, reason: string, { live, output }: AcceptanceParts): Promise<void> {
  const { path } = row.artifact;
  await told(output, async () => {
    await rejectArtifact(live, path, reason, { by: "person", provenance: true });
    output.line(safeLine(`rejected ${path}`));
  });
}

/** A refusal of one file is shown and does not affect the others. */
async function told(output: Output, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!OrketError.is(error)) throw error;
    output.line(safeText([error.message, error.hint ?? ""].join(" ").trimEnd()));
  }
}

/** The reason for a rejection, which later steps are told; undefined: nothing more can be typed. */
async function reasonOf({ output, lines }: AcceptanceParts): Promise<string | undefined> {
  output.write(`Why? Later steps are told; empty for no reason ${output.style.bold(">")} `);
  return lines.next();
}

/** One of the words, or numbers where they are allowed; `ended`: nothing more can be typed. */
async function choose(
  choices: readonly Choice[],
  { output, lines }: AcceptanceParts,
  numbers?: string,
): Promise<string> {
  const labels = [...choices.map(([, label]) => label), ...(numbers === undefined ? [] : [numbers])];
  for (;;) {
    output.write(`${labels.join("  ")} ${output.style.bold(">")} `);
    const typed = await lines.next();
    if (typed === undefined) return "ended";
    const said = typed.trim().toLowerCase();
    const word = choices.find(([name, label]) => said === name || said === keyOf(label))?.[0];
    if (word !== undefined) return word;
    if (numbers !== undefined && /^[1-9]\d*(?:[\s,]+[1-9]\d*)*$/.test(said)) return said;
    if (said !== "") output.line(`Type one of ${choices.map(([, label]) => keyOf(label)).join(", ")}.`);
  }
}

const keyOf = (label: string): string => /\[(\w)\]/.exec(label)?.[1] ?? "";
