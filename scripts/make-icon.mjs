/*
 * Draws media/icon.png (256 px): four steps in a row, joined by a line, one of them running. A PNG needs only
 * zlib, so neither a drawing program nor a package must be trusted with the product's icon.
 */
import { writeFileSync } from "node:fs";
import path from "node:path";
import { crc32, deflateSync } from "node:zlib";

const size = 256;
const samples = 4;
const night = [24, 32, 54];
const line = [104, 124, 178];
const waiting = [176, 192, 232];
const working = [255, 184, 77];

const steps = [
  { x: 58, y: 186, radius: 22, colour: waiting },
  { x: 94, y: 122, radius: 22, colour: waiting },
  { x: 158, y: 128, radius: 30, colour: working },
  { x: 200, y: 64, radius: 22, colour: waiting },
];

function distanceToSegment(x, y, from, to) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const along = Math.max(0, Math.min(1, ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - from.x - along * dx, y - from.y - along * dy);
}

/** The colour at a point, or nothing outside the rounded square. */
function colourAt(x, y) {
  const corner = 52;
  const inset = (value) => Math.max(corner - value, value - (size - corner), 0);
  if (Math.hypot(inset(x), inset(y)) > corner) return undefined;
  const step = steps.find((each) => Math.hypot(x - each.x, y - each.y) <= each.radius);
  if (step) return step.colour;
  const joined = steps.slice(1).some((each, index) => distanceToSegment(x, y, steps[index], each) <= 7);
  return joined ? line : night;
}

function pixel(column, row) {
  const sum = [0, 0, 0];
  let covered = 0;
  for (let sample = 0; sample < samples * samples; sample += 1) {
    const x = column + ((sample % samples) + 0.5) / samples;
    const y = row + (Math.floor(sample / samples) + 0.5) / samples;
    const colour = colourAt(x, y);
    if (!colour) continue;
    covered += 1;
    colour.forEach((value, channel) => (sum[channel] += value));
  }
  const alpha = Math.round((covered / (samples * samples)) * 255);
  return [...sum.map((value) => (covered === 0 ? 0 : Math.round(value / covered))), alpha];
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

const rows = [];
for (let row = 0; row < size; row += 1) {
  rows.push(0);
  for (let column = 0; column < size; column += 1) rows.push(...pixel(column, row));
}
const header = Buffer.alloc(13);
header.writeUInt32BE(size, 0);
header.writeUInt32BE(size, 4);
header.set([8, 6, 0, 0, 0], 8);
const png = Buffer.concat([
  Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
  chunk("IHDR", header),
  chunk("IDAT", deflateSync(Buffer.from(rows), { level: 9 })),
  chunk("IEND", Buffer.alloc(0)),
]);
writeFileSync(path.resolve(import.meta.dirname, "../media/icon.png"), png);
