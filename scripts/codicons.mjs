/*
 * VS Code's icons, of which the panels use a small part: the style sheet without the rules of the others, and the font without
 * their outlines. Glyphs keep their numbers, so that every other table of the font stays as it is.
 */

/** Names and code points of the icons in the style sheet. */
function iconsOf(css) {
  const rules = css.matchAll(/\.codicon-([\w-]+):before \{ content: "\\([0-9a-f]+)" \}\n?/g);
  return [...rules].map(([rule, name, code]) => ({ rule, name, code: parseInt(code, 16) }));
}

/** Those of the icons whose name is a word of the scripts; more may be kept than are used, never fewer. */
export function usedIcons(css, scripts) {
  const words = new Set(scripts.flatMap((text) => text.match(/[a-z][a-z0-9-]*/g) ?? []));
  return iconsOf(css).filter(({ name }) => words.has(name) || words.has(`codicon-${name}`));
}

export function withoutOtherRules(css, used) {
  const names = new Set(used.map(({ name }) => name));
  return iconsOf(css)
    .filter(({ name }) => !names.has(name))
    .reduce((text, { rule }) => text.replace(rule, ""), css);
}

/** The tables of a TrueType font by their names. */
function tablesOf(font) {
  const tables = new Map();
  for (let at = 12; at < 12 + 16 * font.readUInt16BE(4); at += 16) {
    const start = font.readUInt32BE(at + 8);
    const data = font.subarray(start, start + font.readUInt32BE(at + 12));
    tables.set(font.toString("latin1", at, at + 4), { at, data });
  }
  return tables;
}

/** The glyph of each code point, from a table with segments (format 4), which icon fonts have. */
function glyphsOf(cmap, codes) {
  const subtables = Array.from({ length: cmap.readUInt16BE(2) }, (_, n) => cmap.readUInt32BE(8 + 8 * n));
  const start = subtables.find((at) => cmap.readUInt16BE(at) === 4);
  if (start === undefined) throw new Error("the icon font has no character map of format 4");
  const twice = cmap.readUInt16BE(start + 6);
  const [ends, starts] = [start + 14, start + 16 + twice];
  return codes.map((code) => {
    let at = 0;
    while (cmap.readUInt16BE(ends + at) < code) at += 2;
    if (cmap.readUInt16BE(starts + at) > code) throw new Error(`the icon font has no ${code.toString(16)}`);
    const delta = cmap.readUInt16BE(starts + twice + at);
    const place = starts + 2 * twice + at;
    const range = cmap.readUInt16BE(place);
    if (range === 0) return (code + delta) & 0xffff;
    const glyph = cmap.readUInt16BE(place + range + 2 * (code - cmap.readUInt16BE(starts + at)));
    return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
  });
}

/** The font with the outlines of these code points only. */
export function withoutOtherOutlines(font, codes) {
  const tables = tablesOf(font);
  const [glyf, loca, head, cmap] = ["glyf", "loca", "head", "cmap"].map((name) => tables.get(name).data);
  const isShort = head.readInt16BE(50) === 0;
  const offset = (glyph) => (isShort ? 2 * loca.readUInt16BE(2 * glyph) : loca.readUInt32BE(4 * glyph));
  const kept = new Set([0, ...glyphsOf(cmap, codes)]);
  const outlines = [];
  const places = Buffer.from(loca);
  let length = 0;
  const put = (glyph) =>
    isShort ? places.writeUInt16BE(length / 2, 2 * glyph) : places.writeUInt32BE(length, 4 * glyph);
  const count = loca.length / (isShort ? 2 : 4) - 1;
  for (let glyph = 0; glyph < count; glyph += 1) {
    put(glyph);
    const outline = glyf.subarray(offset(glyph), offset(glyph + 1));
    if (!kept.has(glyph) || outline.length === 0) continue;
    if (outline.readInt16BE(0) < 0) throw new Error(`glyph ${glyph} is made of others, which are not kept`);
    outlines.push(outline);
    length += outline.length;
  }
  put(count);
  return assembled(
    font,
    tables,
    new Map([
      ["glyf", Buffer.concat(outlines)],
      ["loca", places],
    ]),
  );
}

/** The font with some tables replaced, each at a multiple of four bytes. */
function assembled(font, tables, replaced) {
  const header = Buffer.from(font.subarray(0, 12 + 16 * tables.size));
  const parts = [header];
  let length = header.length;
  for (const [name, { at, data }] of tables) {
    const own = replaced.get(name) ?? data;
    header.writeUInt32BE(length, at + 8);
    header.writeUInt32BE(own.length, at + 12);
    const padded = Buffer.concat([own, Buffer.alloc(-own.length & 3)]);
    header.writeUInt32BE(sumOf(padded), at + 4);
    parts.push(padded);
    length += padded.length;
  }
  return Buffer.concat(parts);
}

/** A table's checksum: the sum of its 32-bit words. */
function sumOf(data) {
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) sum = (sum + data.readUInt32BE(at)) >>> 0;
  return sum;
}
