import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { driftRules } from "../../../src/engine/conductor/drift/rules";
import { replay } from "../../../src/engine/history/replay";
import { replayPorts } from "../../fakes/replay-ports";
import { heldOutKinds } from "./held-out-kinds";
import { record } from "./recordings";
import type { Kind, Recording } from "./recordings";
import { tunedKinds } from "./tuned-kinds";

const seeds = [1, 2, 3] as const;

interface Figures {
  readonly recordings: number;
  readonly drifting: number;
  readonly seen: number;
  readonly suggestions: number;
  readonly right: number;
  readonly notes: readonly string[];
}

const rulesSaid = ({ events }: Recording): string[] =>
  events.flatMap((event) => (event.type === "suggestion" ? [event.data.rule] : []));

/** A suggestion is right when its rule is one that the kind is labelled with; a drift is seen when one is right. */
async function figuresOf(kinds: readonly Kind[]): Promise<Figures> {
  const sum = { recordings: 0, drifting: 0, seen: 0, suggestions: 0, right: 0 };
  const notes = new Set<string>();
  for (const kind of kinds) {
    for (const seed of seeds) {
      const said = rulesSaid(await record(kind, seed));
      const right = said.filter((rule) => (kind.drifts as readonly string[]).includes(rule));
      sum.recordings += 1;
      sum.suggestions += said.length;
      sum.right += right.length;
      if (kind.drifts.length > 0) sum.drifting += 1;
      if (right.length > 0) sum.seen += 1;
      if (kind.drifts.length > 0 && right.length === 0) notes.add(`missed: ${kind.name}`);
      for (const rule of said) if (!right.includes(rule)) notes.add(`false: ${rule} in "${kind.name}"`);
    }
  }
  return { ...sum, notes: [...notes] };
}

/** The page, with its tables as they are without padding. */
const driftPage = async (): Promise<string> =>
  (await readFile(path.resolve("docs/drift.md"), "utf8")).replace(/ +/g, " ");

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;

function rowOf(name: string, { recordings, drifting, seen, suggestions, right }: Figures): string {
  return `| ${name} | ${recordings} | ${drifting} | ${percent(right, suggestions)} (${right} of ${suggestions}) | ${percent(seen, drifting)} (${seen} of ${drifting}) |`;
}

describe("The drift rules on labelled recordings", () => {
  it("are right in at least 90 % of what they say and see at least 80 % of the drifts, on kinds that they were not made with", async () => {
    const [tuned, heldOut] = [await figuresOf(tunedKinds), await figuresOf(heldOutKinds)];
    const rows = [
      rowOf("Kinds that the thresholds were chosen with", tuned),
      rowOf("Kinds held out", heldOut),
    ];
    console.log(`${rows.join("\n")}\n${[...tuned.notes, ...heldOut.notes].join("\n")}`);

    assert.ok(tuned.recordings + heldOut.recordings >= 60);
    assert.ok(
      heldOut.right >= heldOut.suggestions * 0.9,
      `precision ${percent(heldOut.right, heldOut.suggestions)}`,
    );
    assert.ok(heldOut.seen >= heldOut.drifting * 0.8, `recall ${percent(heldOut.seen, heldOut.drifting)}`);
    const page = await driftPage();
    for (const row of rows) assert.ok(page.includes(row), `docs/drift.md does not say: ${row}`);
    for (const note of heldOut.notes) assert.ok(page.includes(note), `docs/drift.md does not say: ${note}`);
  }).timeout(60_000);

  it("are described on their page as they are", async () => {
    const page = await driftPage();
    for (const { name, looksFor } of driftRules)
      assert.ok(page.includes(`| \`${name}\``) && page.includes(looksFor), name);
  });

  it("say the same when a session is replayed", async () => {
    for (const kind of [...tunedKinds, ...heldOutKinds].filter(({ drifts }) => drifts.length > 0)) {
      const { session, events } = await record(kind, 1);
      const report = await replay(session.definition, events, replayPorts(session.store));
      assert.equal(report.divergence, undefined, `${kind.name}: ${report.divergence?.message ?? ""}`);
    }
  }).timeout(60_000);
});
