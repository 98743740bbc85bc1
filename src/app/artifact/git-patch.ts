import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { offerText } from "./offer";
import type { OfferText } from "./offer";
import { splitLines } from "./text";
import type { Bytes } from "./text";

/** One file's part of a patch. */
export interface FilePatch {
  readonly path: string;
  /** Its former file; absent where it has its own name. */
  readonly renamedFrom?: string;
  readonly before: Bytes;
  readonly after: Bytes;
  /** Permission bits of the project's file; undefined where there is none. */
  readonly fileMode: number | undefined;
  /** Permission bits that the file gets, where they change. */
  readonly newMode?: number | undefined;
}

const none = "0000000";

/** A line of a patch, and its kind. */
export interface PatchLine {
  readonly kind: "head" | "hunk" | "added" | "removed" | "context";
  readonly text: string;
}

/**
 * One file's part of a patch as `git apply` accepts it: contents that are not UTF-8 text are in git's
 * base 85.
 * @param forPeople reports that a file is binary instead, and shows text of any encoding.
 */
export function gitPatch(file: FilePatch, forPeople = false): PatchLine[] {
  const { path, before, after, renamedFrom = path, fileMode } = file;
  const [from, to] = [quoted(`a/${renamedFrom}`), quoted(`b/${path}`)];
  const mode = modeText(file.newMode ?? fileMode);
  const isChanged = file.newMode !== undefined && before !== null && after !== null;
  // Nothing is left to do: the project has what is proposed.
  if ((before === null && after === null) || (isSame(before, after) && !isChanged && renamedFrom === path))
    return [];
  const head: PatchLine[] = [line("head", `diff --git ${from} ${to}`)];
  if (before === null) head.push(line("head", `new file mode ${mode}`));
  else if (after === null) head.push(line("head", `deleted file mode ${mode}`));
  if (isChanged) head.push(line("head", `old mode ${modeText(fileMode)}`), line("head", `new mode ${mode}`));
  if (renamedFrom !== path)
    head.push(
      line("head", `similarity index ${similarity(before, after)}%`),
      line("head", `rename from ${quoted(renamedFrom)}`),
      line("head", `rename to ${quoted(path)}`),
    );
  if (isSame(before, after)) return head;
  const text = offerText({ project: before, result: after });
  const isText = text !== undefined && (text.encoding === "utf8" || forPeople);
  const ids = isText
    ? `${before === null ? none : shortId(before)}..${after === null ? none : shortId(after)}`
    : `${blobId(before)}..${blobId(after)}`;
  head.push(line("head", `index ${ids}${before === null || after === null || isChanged ? "" : ` ${mode}`}`));
  const names = [
    before === null ? "/dev/null" : withTab(from),
    after === null ? "/dev/null" : withTab(to),
  ] as const;
  if (!isText) {
    if (forPeople) return [...head, line("head", `Binary files ${names[0]} and ${names[1]} differ`)];
    return [...head, line("head", "GIT binary patch"), ...literal(after), ...literal(before)];
  }
  if (text.hunks.length === 0) return head;
  return [...head, line("head", `--- ${names[0]}`), line("head", `+++ ${names[1]}`), ...hunkLines(text)];
}

function line(kind: PatchLine["kind"], text: string): PatchLine {
  return { kind, text };
}

function modeText(fileMode: number | undefined): string {
  return fileMode !== undefined && (fileMode & 0o111) !== 0 ? "100755" : "100644";
}

function isSame(a: Bytes, b: Bytes): boolean {
  return a !== null && b !== null && Buffer.compare(a, b) === 0;
}

/** The hunks as lines, each under its `@@`; where there are several, each `@@` line states its number. */
export function hunkLines({ before, after, hunks }: OfferText): PatchLine[] {
  return hunks.flatMap((hunk) => {
    const { beforeFrom, beforeTo, afterFrom, afterTo } = hunk;
    const name = hunks.length > 1 ? ` hunk ${hunk.number}` : "";
    const lines: PatchLine[] = [
      line("hunk", `@@ -${range(beforeFrom, beforeTo)} +${range(afterFrom, afterTo)} @@${name}`),
    ];
    let at = beforeFrom;
    for (const change of hunk.changes) {
      push(lines, "context", before.slice(at, change.beforeFrom));
      push(lines, "removed", before.slice(change.beforeFrom, change.beforeTo));
      push(lines, "added", after.slice(change.afterFrom, change.afterTo));
      at = change.beforeTo;
    }
    push(lines, "context", before.slice(at, beforeTo));
    return lines;
  });
}

const signs = { context: " ", removed: "-", added: "+" } as const;

function push(lines: PatchLine[], kind: keyof typeof signs, texts: readonly string[]): void {
  for (const text of texts) {
    const ends = text.endsWith("\n");
    lines.push(line(kind, signs[kind] + (ends ? text.slice(0, -1) : text)));
    if (!ends) lines.push(line("context", "\\ No newline at end of file"));
  }
}

/** Where a side has no lines, the format counts from the line before. */
function range(from: number, to: number): string {
  const count = to - from;
  return `${count === 0 ? from : from + 1},${count}`;
}

/** Names with characters that would break a line, as git quotes them. */
function quoted(name: string): string {
  if (!/[\u0000-\u001f\u007f"\\]/.test(name)) return name;

  const inner = name.replace(/[\u0000-\u001f\u007f"\\]/g, (character) =>
    character === '"' || character === "\\"
      ? `\\${character}`
      : `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`,
  );
  return `"${inner}"`;
}

/** A tab ends a name with spaces where a time could follow. */
function withTab(name: string): string {
  return name.includes(" ") && !name.startsWith('"') ? `${name}\t` : name;
}

/** Git's name for contents. */
function blobId(bytes: Bytes): string {
  if (bytes === null) return "0".repeat(40);
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

function shortId(bytes: Uint8Array): string {
  return blobId(bytes).slice(0, 7);
}

const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
/** Bytes on one line of a binary patch. */
const lineBytes = 52;

/** Whole contents in git's binary form: deflated, base 85, each line preceded by its length. */
function literal(bytes: Bytes): PatchLine[] {
  const content = bytes ?? new Uint8Array();
  const packed = deflateSync(content);
  const lines: PatchLine[] = [line("head", `literal ${content.length}`)];
  for (let at = 0; at < packed.length; at += lineBytes) {
    const part = packed.subarray(at, at + lineBytes);
    const length = part.length <= 26 ? 64 + part.length : 96 + part.length - 26;
    lines.push(line("head", String.fromCharCode(length) + base85(part)));
  }
  return [...lines, line("head", "")];
}

function base85(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 4) {
    let value = 0;
    for (let index = 0; index < 4; index += 1) value = value * 256 + (bytes[at + index] ?? 0);
    let group = "";
    for (let index = 0; index < 5; index += 1) {
      group = (digits[value % 85] ?? "") + group;
      value = Math.floor(value / 85);
    }
    text += group;
  }
  return text;
}

/** How similar two contents are, in percent: the share of the larger one's lines that both have. */
export function similarity(before: Bytes, after: Bytes): number {
  if (before === null || after === null) return 0;
  if (isSame(before, after)) return 100;
  const lines = (bytes: Uint8Array): string[] => splitLines(Buffer.from(bytes).toString("latin1"));
  const count = new Map<string, number>();
  for (const text of lines(before)) count.set(text, (count.get(text) ?? 0) + 1);
  let shared = 0;
  for (const text of lines(after)) {
    const left = count.get(text) ?? 0;
    if (left === 0) continue;
    count.set(text, left - 1);
    shared += text.length;
  }
  return Math.min(99, Math.floor((100 * shared) / Math.max(before.length, after.length, 1)));
}
