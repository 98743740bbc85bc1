import { createHash } from "node:crypto";
import { constants } from "node:fs";
import * as z from "zod";
import { digestSchema } from "../../engine/event/content";
import type { BlobRef } from "../../engine/event/content";
import type { SessionEvent } from "../../engine/event/event";
import { defined } from "../../engine/model/defined";
import type { Definition } from "../../engine/model/definition";
import { apply } from "../../engine/state/apply";
import { freezeState, lateLists, stateFormat, stateParts, thawState } from "../../engine/state/freeze";
import type { FrozenState } from "../../engine/state/freeze";
import type { SessionState } from "../../engine/state/state";
import type { FileSystem, Handle } from "../files/file-system";
import { Breath } from "../system/breath";
import { sha256, sha256Bytes } from "../system/sha256";
import { putDerived } from "./derived-file";
import { fromPieces, toPieces } from "./json-pieces";
import { checkChain, digestOfLine, holdsParts, walkChain } from "./chain-check";
import type { CheckedPart } from "./chain-check";
import { journalStart, notedLines, readPart } from "./journal-reader";
import type { JournalPart, JournalPosition } from "./journal-reader";
import type { SessionEnvironment } from "./jsonl-session-store";
import type { SessionPaths } from "./layout";
import type { SessionMarks } from "./session-marks";
import { once } from "../../engine/model/once";

/** The number of events from which an index is worth its file: below, reading them all takes a few milliseconds. */
const indexedFromEvents = 4096;
/** How many events beyond the index make it worth rewriting. */
export const staleAfterEvents = 4096;

/** Raised when the index is stored in another form; one of another format is made again. */
const indexFormat = 3;
const headLineMaxBytes = 4096;
const headSchema = once(() =>
  z.strictObject({
    format: z.literal(indexFormat),
    state: z.literal(stateFormat),
    /** The fields of a state in the engine that wrote it. */
    parts: z.string(),
    definition: digestSchema,
    lines: z.int().min(1),
    /** Bytes of the journal that are covered. */
    bytes: z.int().min(1),
    /** Where the last covered line starts, and its SHA-256. */
    last_line: z.int().min(0),
    prev: digestSchema,
    noted_lines: z.literal(notedLines),
    lines_bytes: z.int().min(0),
    lines_sha256: digestSchema,
    state_bytes: z.int().min(0),
    state_sha256: digestSchema,
    /** What only this user on this machine can compute from the rest of the head: the chain of what is covered was checked. */
    seal: digestSchema.optional(),
  }),
);
type IndexHead = z.infer<ReturnType<typeof headSchema>>;

/** What is known of the covered lines. */
const linesSchema = once(() =>
  z.strictObject({
    offsets: z.array(z.int().min(0)),
    checked: z.array(z.strictObject({ end: z.int().min(1), sha256: digestSchema })),
  }),
);

/** A prefix of a journal: where it ends, where its lines are, and the session state that it gives. */
export interface JournalIndex {
  readonly position: JournalPosition;
  /** Where its last line starts. */
  readonly lastLine: number;
  /** Where every `notedLines`th line starts, from the first. */
  readonly offsets: readonly number[];
  /** The parts that it was checked in, by this process or, as a seal shows, by another one; absent: its chain is unchecked. */
  readonly checked?: readonly CheckedPart[];
  readonly state: SessionState;
}

async function readExactly(fs: FileSystem, handle: Handle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = await fs.read(handle, buffer.subarray(done), offset + done);
    if (count === 0) throw new Error("The index is shorter than it says.");
    done += count;
  }
  return buffer;
}

/** Bytes that are hashed at a time. */
const hashedBytes = 256 << 10;

/** A SHA-256 of bytes that come in pieces; the thread is given away between them. */
class PausingDigest {
  readonly #hash = createHash("sha256");
  readonly #breath = new Breath();

  async update(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    await this.#breath.pause();
  }

  hex(): string {
    return this.#hash.digest("hex");
  }
}

interface Parts {
  readonly head: IndexHead;
  readonly lines: Buffer;
  readonly state: Buffer;
}

async function readParts(fs: FileSystem, file: string): Promise<Parts> {
  const handle = await fs.open(file, constants.O_RDONLY);
  try {
    const start = Buffer.alloc(headLineMaxBytes);
    const count = await fs.read(handle, start, 0);
    const end = start.subarray(0, count).indexOf(0x0a);
    const head = headSchema().parse(JSON.parse(start.toString("utf8", 0, end)));
    const lines = await readExactly(fs, handle, end + 1, head.lines_bytes);
    const stateAt = end + 1 + head.lines_bytes;
    const state = await readExactly(fs, handle, stateAt, head.state_bytes);
    return { head, lines, state };
  } finally {
    await fs.close(handle);
  }
}

/** What a seal vouches for: the head, and by its digests everything that it names. */
function sealedText({ seal: _, ...head }: IndexHead): string {
  return `index ${JSON.stringify(head)}`;
}

/** The seal that this user on this machine would give; undefined where there is no key for it. */
async function sealOf(marks: SessionMarks | undefined, head: IndexHead): Promise<string | undefined> {
  return marks?.seal(sealedText(head)).catch(() => undefined);
}

/** Whether the journal holds what the index covers: it is at least as long, and has the same last line. */
async function covers(fs: FileSystem, journal: Handle, head: IndexHead): Promise<boolean> {
  if (Number((await fs.statHandle(journal)).size) < head.bytes || head.last_line >= head.bytes) return false;
  const line = await readExactly(fs, journal, head.last_line, head.bytes - head.last_line);
  return line.at(-1) === 0x0a && sha256Bytes(line.subarray(0, -1)) === head.prev;
}

/** The stored index, when it is whole, of this engine and of this journal; anything else there is ignored. */
export async function loadIndex(
  { fs, marks }: Pick<SessionEnvironment, "fs" | "marks">,
  paths: SessionPaths,
  journal: Handle,
  definition: Definition,
  definitionRef: BlobRef,
): Promise<JournalIndex | undefined> {
  try {
    const { head, lines, state } = await readParts(fs, paths.index);
    const isOurs = head.definition === definitionRef.sha256 && head.parts === stateParts(definition);
    if (!isOurs) return undefined;
    const breath = new Breath();
    if (sha256Bytes(lines) !== head.lines_sha256) return undefined;
    const digest = new PausingDigest();
    for (let from = 0; from < state.length; from += hashedBytes)
      await digest.update(state.subarray(from, from + hashedBytes));
    if (digest.hex() !== head.state_sha256) return undefined;
    if (!(await covers(fs, journal, head))) return undefined;
    // Its digest shows that an engine with the same state wrote it.
    await breath.pause();
    const { offsets, checked } = linesSchema().parse(JSON.parse(lines.toString("utf8")));
    const isSealed =
      head.seal !== undefined &&
      checked.at(-1)?.end === head.bytes &&
      head.seal === (await sealOf(marks, head));
    // A user's own state is read by and by; another's must show first that it can be.
    const frozen = (await fromPieces(state, isSealed ? lateLists : undefined)) as FrozenState;
    await breath.pause();
    return {
      position: { lines: head.lines, offset: head.bytes, prev: head.prev },
      lastLine: head.last_line,
      offsets,
      ...(isSealed ? { checked } : {}),
      state: thawState(definition, frozen),
    };
  } catch {
    return undefined;
  }
}

/**
 * Stores an index atomically, without waiting for the disk: after a power loss it is whole or it is built again.
 * A failure to store it is not an error.
 */
export async function storeIndex(
  environment: SessionEnvironment,
  paths: SessionPaths,
  index: JournalIndex,
  definitionRef: BlobRef,
): Promise<void> {
  const { position, lastLine, state } = index;
  if (position.lines < indexedFromEvents) return;
  const breath = new Breath();
  const { offsets, checked = [] } = index;
  const known = `${JSON.stringify({ offsets, checked })}\n`;
  const plain = freezeState(state);
  await breath.pause();
  const digest = new PausingDigest();
  const frozen: Buffer[] = [];
  for (const piece of toPieces(plain)) {
    const line = Buffer.from(`${piece}\n`);
    frozen.push(line);
    await digest.update(line);
  }
  const unsealed: IndexHead = {
    format: indexFormat,
    state: stateFormat,
    parts: stateParts(state.definition),
    definition: definitionRef.sha256,
    lines: position.lines,
    bytes: position.offset,
    last_line: lastLine,
    prev: position.prev,
    noted_lines: notedLines,
    lines_bytes: Buffer.byteLength(known),
    lines_sha256: sha256(known),
    state_bytes: frozen.reduce((sum, { length }) => sum + length, 0),
    state_sha256: digest.hex(),
  };
  const isChecked = checked.at(-1)?.end === position.offset;
  const seal = isChecked ? await sealOf(environment.marks, unsealed) : undefined;
  const start = Buffer.from(`${JSON.stringify({ ...unsealed, ...defined({ seal }) })}\n${known}`);
  await putDerived(environment, paths.index, Buffer.concat([start, ...frozen])).catch(() => undefined);
}

/** Folds what the journal holds beyond the index, or all of it; the events go to `keep`, where given. */
export async function foldJournal(
  fs: FileSystem,
  journal: Handle,
  index: JournalIndex | undefined,
  fresh: SessionState,
  mark?: number,
  keep?: SessionEvent[],
): Promise<{ part: JournalPart; index: JournalIndex; first: SessionEvent | undefined }> {
  let state = index?.state ?? fresh;
  let first: SessionEvent | undefined;
  const digest = createHash("sha256");
  const part = await readPart(fs, journal, index?.position ?? journalStart, {
    mark,
    takeBytes: (bytes) => digest.update(bytes),
    take: (events) => {
      first ??= events[0];
      for (const event of events) state = apply(state, event);
      keep?.push(...events);
    },
  });
  const grown: JournalIndex = {
    position: part.position,
    lastLine: part.position.lines === (index?.position.lines ?? 0) ? (index?.lastLine ?? 0) : part.lastLine,
    offsets: [...(index?.offsets ?? []), ...part.offsets],
    ...checkedWith(index, { end: part.position.offset, sha256: digest.digest("hex") }),
    state,
  };
  const digestAtMark =
    mark !== undefined && mark === index?.position.lines ? index.position.prev : part.digestAtMark;
  return { part: { ...part, digestAtMark }, index: grown, first };
}

/** The checked parts of an index that grew by a part. */
function checkedWith(
  index: Pick<JournalIndex, "position" | "checked"> | undefined,
  part: CheckedPart,
): Pick<JournalIndex, "checked"> {
  if (index === undefined) return { checked: [part] };
  const { checked, position } = index;
  return checked === undefined || part.end === position.offset
    ? defined({ checked })
    : { checked: [...checked, part] };
}

/**
 * The index that covers what the state was built from, made from one that covers less; undefined when the journal lacks that,
 * or its chain is broken.
 */
export async function grownIndex(
  fs: FileSystem,
  journal: Handle,
  index: JournalIndex | undefined,
  state: SessionState,
): Promise<JournalIndex | undefined> {
  const from = index?.position ?? journalStart;
  const walk = await walkChain(fs, journal, from, { lines: state.events });
  const { position, broken, sha256: digest } = walk;
  if (broken || position.lines !== state.events || position.lines === 0) return undefined;
  const offsets = [...(index?.offsets ?? []), ...walk.offsets];
  const lastLine = position.lines === from.lines ? (index?.lastLine ?? 0) : walk.lastLine;
  const checked = checkedWith(index, { end: position.offset, sha256: digest });
  return { position, lastLine, offsets, ...checked, state };
}

/**
 * Checks that the journal still holds what an index covers: by the bytes that were checked once, else by the chain.
 * @param mark number of a line, from 1, whose digest is requested.
 * @returns the index with its checked parts; undefined where only a reading can say what is wrong.
 */
export async function checkedIndex(
  fs: FileSystem,
  journal: Handle,
  index: JournalIndex,
  mark: number | undefined,
): Promise<{ readonly index: JournalIndex; readonly digestAtMark: string | undefined } | undefined> {
  const { position, offsets, checked } = index;
  if (checked === undefined) {
    const { damage, digestAtMark, part } = await checkChain(fs, journal, position, mark);
    return damage === undefined ? { index: { ...index, checked: [part] }, digestAtMark } : undefined;
  }
  if (!(await holdsParts(fs, journal, checked))) return undefined;
  if (mark === undefined || mark > position.lines) return { index, digestAtMark: undefined };
  if (mark === position.lines) return { index, digestAtMark: position.prev };
  const lines = Math.floor((mark - 1) / notedLines) * notedLines;
  const offset = offsets[lines / notedLines] ?? 0;
  return { index, digestAtMark: await digestOfLine(fs, journal, { lines, offset }, mark) };
}
