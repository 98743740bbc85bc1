import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";

interface Icon {
  readonly name: string;
  readonly code: number;
}
interface Codicons {
  usedIcons(css: string, scripts: readonly string[]): readonly Icon[];
  withoutOtherRules(css: string, used: readonly Icon[]): string;
  withoutOtherOutlines(font: Buffer, codes: readonly number[]): Buffer;
}

const root = path.resolve(__dirname, "../../..");
const dist = path.join(root, "node_modules/@vscode/codicons/dist");

/** The outlines of a font with short places, by the glyph's number. */
function outlinesOf(font: Buffer): readonly Buffer[] {
  const table = (wanted: string): Buffer => {
    const at = [...Array(font.readUInt16BE(4)).keys()]
      .map((index) => 12 + 16 * index)
      .find((place) => font.toString("latin1", place, place + 4) === wanted);
    assert.ok(at !== undefined);
    const start = font.readUInt32BE(at + 8);
    return font.subarray(start, start + font.readUInt32BE(at + 12));
  };
  const [glyf, loca] = [table("glyf"), table("loca")];
  const place = (glyph: number): number => 2 * loca.readUInt16BE(2 * glyph);
  return Array.from({ length: loca.length / 2 - 1 }, (_, glyph) =>
    glyf.subarray(place(glyph), place(glyph + 1)),
  );
}

describe("the icons that a package contains", () => {
  const css = readFileSync(path.join(dist, "codicon.css"), "utf8");
  const font = readFileSync(path.join(dist, "codicon.ttf"));
  let icons: Codicons;

  before(async () => {
    icons = (await import(path.join(root, "scripts/codicons.mjs"))) as Codicons;
  });

  it("are those that a script names, in whichever way", () => {
    const used = icons.usedIcons(css, [
      'icon("bell-dot")',
      "class='codicon codicon-pass-filled'",
      "on?'pin':''",
    ]);
    const names = used.map(({ name }) => name);

    assert.deepEqual(new Set(names), new Set(["bell-dot", "pass-filled", "pin"]));
    const rules = icons.withoutOtherRules(css, used);
    assert.deepEqual(
      [...rules.matchAll(/codicon-([\w-]+):before/g)].map(([, name]) => name),
      names,
    );
    assert.ok(rules.includes("codicon-modifier-spin"));
  });

  it("have their outlines as they were, and the others none", () => {
    const used = icons.usedIcons(css, ["bell-dot pass-filled"]);
    const before = outlinesOf(font);
    const after = outlinesOf(
      icons.withoutOtherOutlines(
        font,
        used.map(({ code }) => code),
      ),
    );
    const drawn = after.flatMap((outline, glyph) => (outline.length > 0 ? [glyph] : []));

    assert.equal(after.length, before.length);
    assert.ok(drawn.length === 2 || drawn.length === 3, "the two, and the glyph for what is missing");
    for (const glyph of drawn) assert.deepEqual(after[glyph], before[glyph]);
  });

  it("cannot be taken from a font that does not have them", () => {
    assert.throws(() => icons.withoutOtherOutlines(font, [0x41]), /no 41/);
  });
});
