import assert from "node:assert/strict";
import { chooseFrom } from "../../../src/app/artifact/choice";
import { applyHunks, hunksOf, lineChanges } from "../../../src/app/artifact/hunks";
import { hasMarkers, markers } from "../../../src/app/artifact/merge";
import { makeOffer, offerText, withHunks } from "../../../src/app/artifact/offer";
import { bytesOf, splitLines, textsOf } from "../../../src/app/artifact/text";
import { OrketError } from "../../../src/engine/error/orket-error";
import { Chance } from "../../fakes/generated-session";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (content: Uint8Array | null): string | null =>
  content === null ? null : Buffer.from(content).toString();

/** Lines that say who wrote them: `B` was there, `H` a human, `A` an agent; some lines are everybody's. */
function original(chance: Chance): string[] {
  return Array.from({ length: chance.below(30) }, (_, index) =>
    chance.happens(0.25) ? chance.pick(["", "}", "  return;"]) : `B${index}`,
  );
}

function edit(lines: readonly string[], who: string, chance: Chance): string[] {
  const edited = [...lines];
  const count = 1 + chance.below(4);
  for (let turn = 0; turn < count; turn += 1) {
    const at = chance.below(edited.length + 1);
    const gone = chance.below(3);
    const come = Array.from({ length: chance.below(4) }, () => `${who}${turn}.${chance.below(1e9)}`);
    edited.splice(at, gone, ...come);
  }
  return edited;
}

function write(lines: readonly string[], end: string, last: boolean, mark: boolean): Uint8Array {
  return bytes((mark ? "\uFEFF" : "") + lines.join(end) + (last && lines.length > 0 ? end : ""));
}

const linesBy = (who: string, of: string | null): string[] =>
  (of ?? "")
    .replace("\uFEFF", "")
    .split(/\r?\n/)
    .filter((line) => line.startsWith(who));

describe("What a proposal comes to in the project", () => {
  it("is the merge, a shown conflict or nothing, for 1,000 proposals against files edited meanwhile", () => {
    const chance = new Chance(16);
    const seen = { same: 0, ready: 0, merged: 0, conflict: 0 };
    for (let round = 0; round < 1000; round += 1) {
      const base = original(chance);
      const end = chance.pick(["\n", "\r\n"]);
      const mark = chance.happens(0.1);
      const human = chance.happens(0.15) ? base : edit(base, "H", chance);
      const agent = edit(base, "A", chance);
      const form = [end, chance.happens(0.7), mark] as const;
      const project = write(human, chance.happens(0.1) ? chance.pick(["\n", "\r\n"]) : end, form[1], mark);
      const offer = makeOffer({
        ancestor: write(base, ...form),
        project,
        proposed: write(agent, end, chance.happens(0.8) ? form[1] : !form[1], mark),
      });
      seen[offer.kind] += 1;
      const humans = linesBy("H", text(project));
      const agents = agent.filter((line) => line.startsWith("A"));
      if (offer.kind === "conflict") {
        assert.throws(
          () => chooseFrom("f", offer),
          (error) => OrketError.is(error, "acceptance_conflict"),
        );
        const shown = text(offer.conflict?.marked ?? null);
        assert.deepEqual(linesBy("H", shown), humans, "a conflict shows every human line");
        assert.deepEqual(linesBy("A", shown).sort(), [...agents].sort());
        assert.ok(hasMarkers(splitLines(shown ?? "")));
        continue;
      }
      const result = text(chooseFrom("f", offer).content);
      assert.deepEqual(linesBy("H", result), humans, "no human line is lost");
      if (offer.kind !== "same") assert.deepEqual(linesBy("A", result), agents, "every agent line is there");
      const kept = base.filter(
        (line) => line.startsWith("B") && human.includes(line) && agent.includes(line),
      );
      assert.deepEqual(linesBy("B", result), kept, "what either side removed is gone, and nothing else");
    }
    for (const kind of ["ready", "merged", "conflict"] as const)
      assert.ok(seen[kind] > 100, JSON.stringify(seen));
  });

  it("takes no line of a hunk that was not chosen, and all of them together are the whole", () => {
    const chance = new Chance(3);
    for (let round = 0; round < 500; round += 1) {
      const base = Array.from({ length: 60 }, (_, index) => `B${index}`);
      const human = edit(base, "H", chance);
      const agent = edit(edit(base, "A", chance), "A", chance);
      const offer = makeOffer({
        ancestor: write(base, "\n", true, false),
        project: write(human, "\n", true, false),
        proposed: write(agent, "\n", chance.happens(0.8), false),
      });
      const parts = offerText(offer);
      if (offer.kind === "conflict" || parts === undefined || parts.hunks.length < 2) continue;
      const chosen = parts.hunks.map(({ number }) => number).filter(() => chance.happens(0.5));
      if (chosen.length === 0) continue;
      const result = text(chooseFrom("f", offer, { hunks: chosen }).content) ?? "";
      const wanted = parts.hunks
        .filter(({ number }) => chosen.includes(number))
        .flatMap(({ changes }) =>
          changes.flatMap(({ afterFrom, afterTo }) => parts.after.slice(afterFrom, afterTo)),
        )
        .map((line) => line.trimEnd())
        .filter((line) => line.startsWith("A"));
      assert.deepEqual(linesBy("A", result), wanted);
      const all = withHunks(parts, new Set(parts.hunks.map(({ number }) => number)));
      assert.deepEqual(Buffer.from(all ?? []), Buffer.from(offer.result ?? []));
    }
  });

  it("is refused for 10,000 proposals that changed after they were shown", () => {
    const chance = new Chance(10);
    let refused = 0;
    for (let round = 0; round < 10_000; round += 1) {
      const sides = {
        ancestor: bytes(`a\nb\nc${chance.below(5)}\n`),
        project: bytes(`a\nb\nc${chance.below(5)}\n`),
        proposed: bytes(`a\nB${chance.below(5)}\nc${chance.below(5)}\n`),
      };
      const { shown } = makeOffer(sides);
      const side = chance.pick(["project", "proposed"] as const);
      const mutated = Buffer.from(sides[side]);
      if (chance.happens(0.1)) mutated[chance.below(mutated.length)] = 0;
      else {
        const at = chance.below(mutated.length);
        mutated[at] = (mutated[at] ?? 0) ^ (1 << chance.below(7));
      }
      const now = makeOffer({ ...sides, [side]: mutated });
      const choice = chance.pick([{}, { hunks: [1] }, { edited: bytes("mine") }]);
      try {
        chooseFrom("f", now, { shown, ...choice });
      } catch (error) {
        if (OrketError.is(error, "acceptance_stale")) refused += 1;
      }
    }
    assert.equal(refused, 10_000);
  });

  it("keeps the bytes of a file that is not UTF-8, through hunks and merges", () => {
    const latin = (content: string): Uint8Array => Buffer.from(content, "latin1");
    const offer = makeOffer({
      ancestor: latin("caf\xe9\n1\n2\n3\n4\n5\n6\n7\n8\n"),
      project: latin("caf\xe9 au lait\n1\n2\n3\n4\n5\n6\n7\n8\n"),
      proposed: latin("caf\xe9\n1\n2\n3\n4\n5\n6\n7\n\xfcber\n"),
    });
    assert.equal(offer.kind, "merged");
    assert.deepEqual(
      Buffer.from(offer.result ?? []),
      latin("caf\xe9 au lait\n1\n2\n3\n4\n5\n6\n7\n\xfcber\n"),
    );
  });

  it("keeps line ends: a project that turned to CRLF meanwhile gets the proposal with CRLF", () => {
    const offer = makeOffer({
      ancestor: bytes("a\nb\nc\n"),
      project: bytes("a\r\nb\r\nc\r\n"),
      proposed: bytes("a\nb\nc\nd\n"),
    });
    assert.equal(text(offer.result), "a\r\nb\r\nc\r\nd\r\n");
  });

  it("is a conflict without markers for a binary file that both changed, and for one that was deleted or created meanwhile with them", () => {
    const cases = [
      [bytes("a\0"), bytes("b\0"), bytes("c\0"), "binary"],
      [bytes("a\n"), null, bytes("b\n"), "deleted_in_project"],
      [bytes("a\n"), bytes("b\n"), null, "deletion"],
      [null, bytes("b\n"), bytes("c\n"), "both_added"],
    ] as const;
    for (const [ancestor, project, proposed, reason] of cases) {
      const offer = makeOffer({ ancestor, project, proposed });
      assert.equal(offer.conflict?.reason, reason);
      assert.equal(offer.conflict.marked === undefined, reason === "binary");
      assert.deepEqual(offer.result, project, "the project's file stays what it is");
    }
  });

  it("refuses an edited version that still has conflict markers", () => {
    const offer = makeOffer({ ancestor: bytes("a\n"), project: bytes("b\n"), proposed: bytes("c\n") });
    const edited = offer.conflict?.marked ?? null;
    assert.match(
      text(edited) ?? "",
      new RegExp(`^${markers.project}\nb\n=======\nc\n${markers.proposal}\n$`),
    );
    assert.throws(() => chooseFrom("f", offer, { edited }), /still has conflict markers/);
    assert.equal(text(chooseFrom("f", offer, { edited: bytes("b and c\n") }).content), "b and c\n");
  });

  it("refuses an edited version in which an editor has lost the characters of another encoding", () => {
    const latin = (content: string): Uint8Array => Buffer.from(content, "latin1");
    const offer = makeOffer({ ancestor: latin("a\n"), project: latin("a\n"), proposed: latin("caf\xe9\n") });
    const misread = bytes("caf\uFFFD, edited\n");
    assert.throws(() => chooseFrom("f", offer, { edited: misread }), /is not UTF-8/);
    const well = latin("caf\xe9, edited\n");
    assert.equal(chooseFrom("f", offer, { edited: well }).content, well);
    const utf8 = makeOffer({ ancestor: null, project: null, proposed: bytes("a\n") });
    assert.equal(
      chooseFrom("f", utf8, { edited: misread }).content,
      misread,
      "a person may write that character",
    );
  });

  it("says which hunks there are when another is named", () => {
    const offer = makeOffer({ ancestor: bytes("a\n"), project: bytes("a\n"), proposed: bytes("b\n") });
    assert.throws(() => chooseFrom("f", offer, { hunks: [2] }), /has one hunk; there is no hunk 2/);
  });

  it("splits any text into lines that are the text again", () => {
    for (const whole of ["", "\n", "a", "a\r\n\r\nb", "\r", "a\rb\n", "\uFEFF\n"]) {
      const texts = textsOf([bytes(whole)]);
      assert.equal(text(bytesOf(texts?.lines[0] ?? [], "utf8")), whole);
    }
  });

  it("finds the changes of two wholly different large files without searching for long", () => {
    const before = Array.from({ length: 20_000 }, (_, index) => `${index % 7} x ${index}\n`);
    const after = before.map((line) => `y${line}`);
    assert.equal(lineChanges(before, after).length, 1);
    const hunks = hunksOf(before, after);
    assert.deepEqual(applyHunks(before, after, hunks, new Set([1])), after);
  });
});
