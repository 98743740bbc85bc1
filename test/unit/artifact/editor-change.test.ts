import assert from "node:assert/strict";
import { isEditorChange, lineChangeOf } from "../../../src/app/artifact/editor-change";
import type { EditorChange } from "../../../src/app/artifact/editor-change";
import { chooseFrom, withoutPart } from "../../../src/app/artifact/choice";
import { lineChanges } from "../../../src/app/artifact/hunks";
import { makeOffer, offerText } from "../../../src/app/artifact/offer";
import { OrketError } from "../../../src/engine/error/orket-error";
import { Chance } from "../../fakes/generated-session";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (of: Uint8Array | null): string => Buffer.from(of ?? []).toString();
/** As an editor has it: what follows the last line end is a line. */
const editorLines = (of: string): string[] => of.split("\n");

/** What an editor's quick diff finds between a project's file and the proposal. */
function changesIn(project: string, proposal: string): EditorChange[] {
  const range = (from: number, to: number): [number, number] => (from === to ? [from, 0] : [from + 1, to]);
  return lineChanges(editorLines(project), editorLines(proposal)).map((change) => {
    const [modifiedStartLineNumber, modifiedEndLineNumber] = range(change.beforeFrom, change.beforeTo);
    const [originalStartLineNumber, originalEndLineNumber] = range(change.afterFrom, change.afterTo);
    return {
      originalStartLineNumber,
      originalEndLineNumber,
      modifiedStartLineNumber,
      modifiedEndLineNumber,
    };
  });
}

function randomText(chance: Chance, from: readonly string[]): string {
  const lines = [...from];
  for (let edits = 1 + chance.below(4); edits > 0; edits -= 1) {
    const at = chance.below(lines.length + 1);
    if (chance.happens(0.4)) lines.splice(at, 1 + chance.below(2));
    else lines.splice(at, chance.below(2), `new ${chance.below(1000)}`);
  }
  return lines.join("\n") + (chance.happens(0.5) ? "\n" : "");
}

describe("A change in the gutter of a project's file", () => {
  it("is brought by itself, and all of them one by one, in any order, are the proposal", () => {
    const chance = new Chance(16);
    for (let round = 0; round < 300; round += 1) {
      const base = Array.from({ length: chance.below(8) }, (_, index) => `line ${index}`);
      const start = base.join("\n") + (chance.happens(0.5) ? "\n" : "");
      const proposal = randomText(chance, base);
      let project = start;
      for (;;) {
        const changes = changesIn(project, proposal);
        if (changes.length === 0) break;
        const change = chance.pick(changes);
        const offer = makeOffer({
          ancestor: bytes(project),
          project: bytes(project),
          proposed: bytes(proposal),
        });
        const parts = offerText(offer);
        assert.ok(parts !== undefined);
        const counts = { before: editorLines(project).length, after: editorLines(proposal).length };
        const lines = lineChangeOf(parts, change, counts);
        const wanted = withChange(project, proposal, change);
        const chosen = chooseFrom("f", offer, { lines, shown: offer.shown });
        assert.equal(text(chosen.content), wanted, `round ${round}`);
        assert.equal(chosen.rest === undefined, wanted === proposal);
        const left = withoutPart("f", offer, { lines, shown: offer.shown });
        const refused = withoutChange(project, proposal, change);
        assert.equal(left === undefined ? project : text(left.content), refused, `round ${round}`);
        project = wanted;
      }
      assert.equal(project, proposal);
    }
  });

  it("is refused where the editor shows another text, or the proposal changed", () => {
    const offer = makeOffer({ ancestor: bytes("a\n"), project: bytes("a\n"), proposed: bytes("b\n") });
    const parts = offerText(offer);
    assert.ok(parts !== undefined);
    const [change] = changesIn("a\n", "b\n");
    assert.ok(change !== undefined && isEditorChange(change));
    const stale = (error: unknown): boolean => OrketError.is(error, "acceptance_stale");
    assert.throws(() => lineChangeOf(parts, change, { before: 3, after: 2 }), stale);
    const lines = lineChangeOf(parts, change, { before: 2, after: 2 });
    assert.throws(() => chooseFrom("f", offer, { lines, shown: "another" }), stale);
    assert.throws(() => chooseFrom("f", offer, { lines: { ...lines, afterTo: 9 } }), stale);
    assert.equal(isEditorChange({ ...change, originalEndLineNumber: "1" }), false);
  });
});

/** What a person sees coming: the lines of the change, and nothing else. */
function withChange(project: string, proposal: string, change: EditorChange): string {
  const [from, to] = side(change.modifiedStartLineNumber, change.modifiedEndLineNumber);
  const lines = editorLines(project);
  lines.splice(from, to - from, ...partOf(proposal, change));
  return lines.join("\n");
}

function withoutChange(project: string, proposal: string, change: EditorChange): string {
  const [from, to] = side(change.originalStartLineNumber, change.originalEndLineNumber);
  const [start, end] = side(change.modifiedStartLineNumber, change.modifiedEndLineNumber);
  const lines = editorLines(proposal);
  lines.splice(from, to - from, ...editorLines(project).slice(start, end));
  return lines.join("\n");
}

function partOf(proposal: string, change: EditorChange): string[] {
  return editorLines(proposal).slice(...side(change.originalStartLineNumber, change.originalEndLineNumber));
}

function side(start: number, end: number): [number, number] {
  return end === 0 ? [start, start] : [start - 1, end];
}
