import { constants } from "node:fs";
import path from "node:path";
import * as z from "zod";
import { digestSchema } from "../../engine/event/content";
import { OrketError } from "../../engine/error/orket-error";
import { diskError } from "../../adapters/files/durable";
import { unlessMissing } from "../../adapters/files/file-system";
import type { FileSystem } from "../../adapters/files/file-system";
import { sha256Bytes } from "../../adapters/system/sha256";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { endOfWriting } from "../../adapters/journal/journal-end";
import { writeBeside } from "./label";
import { sessionPaths } from "../../adapters/journal/layout";
import { defined } from "../../engine/model/defined";
import { isFromFile } from "../../engine/model/providers";
import { once } from "../../engine/model/once";

const partedSchema = once(() =>
  z.strictObject({
    /** The step run; null: before any step. */
    step: z.string().nullable(),
    count: z.int().min(1),
  }),
);

const proofSchema = once(() =>
  z.strictObject({
    /** SHA-256 of the journal's line that the proof extends to. */
    head: digestSchema,
    /** Shows that this user on this machine has seen it: a proof in a copied folder is an unverified claim. */
    seal: digestSchema.optional(),
    /** A replay from the journal was identical. */
    replayed: z
      .strictObject({
        at: z.string(),
        engine: z.string(),
        /** What another version had made, and the replay took as recorded. */
        as_recorded: z.array(z.enum(["prompts", "calls", "results", "suggestions"])).optional(),
      })
      .optional(),
    /** The session was run again: how many of how many runs gave the same artifacts, and where the others diverged. */
    repeated: z
      .strictObject({
        same: z.int().min(0),
        of: z.int().min(1),
        at: z.string(),
        parted: z.array(partedSchema()),
        /** Of a fork: the step that it began at; earlier steps were not run again. */
        from: z.string().optional(),
      })
      .optional(),
  }),
);
/** `proof.json`: what was proven of the session, as long as its journal ends where it did then. */
export type Proof = z.infer<ReturnType<typeof proofSchema>>;
export type Shown = Pick<Proof, "replayed" | "repeated">;

/** Decisions about artifacts come after the end and do not affect earlier proofs. */
const decisions: ReadonlySet<string> = new Set([
  "artifact_accepted",
  "artifact_rejected",
  "acceptance_reverted",
]);

function proofFile(dir: string): string {
  return path.join(dir, "proof.json");
}

const lineFeed = 0x0a;
const firstTailBytes = 64 << 10;

interface Ending {
  /** The last line that is not a decision about an artifact, and those after it: a proof of any of them still holds. */
  readonly heads: readonly string[];
  /** The journal's last line. */
  readonly last: string;
}

/** The journal's last lines by their digests; undefined when there is no whole line, or a torn one follows. */
async function endingOf(fs: FileSystem, journal: string): Promise<Ending | undefined> {
  const handle = await unlessMissing(fs.open(journal, constants.O_RDONLY), undefined);
  if (handle === undefined) return undefined;
  try {
    const { end: size } = await endOfWriting(fs, handle);
    for (let length = firstTailBytes; ; length *= 8) {
      const offset = Math.max(0, size - length);
      const tail = Buffer.alloc(size - offset);
      if ((await fs.read(handle, tail, offset)) < tail.length || tail.at(-1) !== lineFeed) return undefined;
      const ending = headsIn(tail, offset === 0);
      if (ending !== undefined || offset === 0) return ending;
    }
  } finally {
    await fs.close(handle);
  }
}

function headsIn(tail: Buffer, whole: boolean): Ending | undefined {
  const heads: string[] = [];
  for (let end = tail.length - 1; end > 0;) {
    const before = tail.lastIndexOf(lineFeed, end - 1);
    if (before < 0 && !whole) return undefined;
    const line = tail.subarray(before + 1, end);
    heads.push(sha256Bytes(line));
    const type = /"type":"([a-z_]+)"/.exec(line.toString("latin1"))?.[1] ?? "";
    if (!decisions.has(type)) return { heads, last: heads[0] ?? "" };
    end = before;
  }
  return undefined;
}

async function storedProof(fs: FileSystem, dir: string): Promise<Proof | undefined> {
  try {
    return proofSchema().safeParse(JSON.parse((await fs.readFile(proofFile(dir))).toString("utf8"))).data;
  } catch {
    return undefined;
  }
}

/** Undefined where no marks are stored. */
async function sealOf(marks: SessionEnvironment["marks"], proof: Proof): Promise<string | undefined> {
  const { head, replayed = null, repeated = null } = proof;
  return marks?.seal(JSON.stringify([head, replayed, repeated]));
}

/**
 * What was proven of the session on this machine and still holds: the journal ends where it did, except for decisions about
 * its artifacts.
 * Does not check the journal itself; `provenOf` does not claim more than a reading of it allows.
 */
export async function readProof(
  { fs, marks }: Pick<SessionEnvironment, "fs" | "marks">,
  dir: string,
): Promise<Shown> {
  const proof = await storedProof(fs, dir);
  if (proof === undefined) return {};
  if (marks !== undefined && proof.seal !== (await sealOf(marks, proof))) return {};
  const ending = await endingOf(fs, sessionPaths(dir).journal);
  if (ending?.heads.includes(proof.head) !== true) return {};
  const { replayed, repeated } = proof;
  return {
    ...defined({ replayed, repeated }),
  };
}

/**
 * Records what was proven of the session, in addition to earlier proofs that still hold.
 * @param head SHA-256 of the journal's last line that it was proven for; when the journal has grown since, nothing is
 * recorded. Absent: the journal's end as it is now.
 * @returns whether it was recorded.
 * @throws {OrketError} session_not_found without a journal; disk_full, disk_failed.
 */
export async function recordProof(
  environment: SessionEnvironment,
  dir: string,
  shown: Shown,
  head?: string,
): Promise<boolean> {
  const { fs } = environment;
  try {
    const ending = await endingOf(fs, sessionPaths(dir).journal);
    if (ending === undefined)
      throw new OrketError(
        "session_not_found",
        "The session's journal is incomplete, so nothing can be proven of it.",
      );
    if (head !== undefined && !ending.heads.includes(head)) return false;
    const known = await readProof(environment, dir);
    // In the order of reading: the seal covers its fields in one order.
    const proof = proofSchema().parse({ head: ending.last, ...known, ...shown });
    const seal = await sealOf(environment.marks, proof);
    await writeBeside(environment, proofFile(dir), { ...proof, ...defined({ seal }) });
    return true;
  } catch (error) {
    throw diskError(error, "what was proven of the session");
  }
}

/** What is known of a session after its journal was read. */
export interface Proven extends Shown {
  /** The journal is complete: read whole, its chain unbroken, and the session has ended. */
  readonly recorded: boolean;
  /** Moves to a model that differs, or cannot be shown to be the same: the session is not the work of one model. */
  readonly digestChanges?: number;
}

/** What a reading of the whole journal found, as far as a proof depends on it. */
export interface Reading {
  /** Every line is as it was written, and none is torn. */
  readonly whole: boolean;
  readonly ended: boolean;
  readonly digestChanges: number;
}

/** Combines a reading of the journal with earlier proofs; a journal that is not whole proves nothing. */
export function provenOf({ whole, ended: recorded, digestChanges }: Reading, shown: Shown): Proven {
  if (!whole) return { recorded: false };
  const { replayed, repeated } = shown;
  return {
    recorded,
    ...(digestChanges === 0 ? {} : { digestChanges }),
    ...defined({ replayed }),
    ...(repeated === undefined || !recorded ? {} : { repeated }),
  };
}

function day(at: string): string {
  return `${at.slice(0, 16).replace("T", " ")} UTC`;
}

/**
 * The same for users, one sentence each, never more than was proven.
 * @param provider what answered: with scripted replies, a repetition shows nothing about a model.
 */
export function provenSentences(
  { recorded, digestChanges = 0, replayed, repeated }: Proven,
  provider: string,
): string[] {
  const sentences: string[] = [];
  const changed =
    digestChanges === 0
      ? ""
      : `; not by one model: ${digestChanges} ${digestChanges === 1 ? "move" : "moves"} to a model that is another one or cannot be shown to be the same`;
  if (recorded)
    sentences.push(
      `recorded: the journal is complete and unbroken (orket verify checks its contents)${changed}`,
    );
  if (replayed !== undefined) {
    const how = recorded ? "was identical" : "was identical as far as the session got";
    const taken =
      replayed.as_recorded === undefined ? "" : ` with ${replayed.as_recorded.join(" and ")} as recorded`;
    sentences.push(`replayed: a replay${taken} ${how} (${day(replayed.at)}, Orket ${replayed.engine})`);
  }
  if (repeated !== undefined) {
    const { same, of, at, parted, from } = repeated;
    const where = parted.map(({ step, count }) => `${count} parted at ${step ?? "the start"}`).join(", ");
    const scripted = isFromFile(provider) ? ", with scripted replies: no model was asked" : "";
    const runs = `${same} of ${of} ${of === 1 ? "run" : "runs"}`;
    sentences.push(
      `repeated${from === undefined ? "" : ` from ${from} on`}: ${runs} gave the same artifacts${where === "" ? "" : `; ${where}`}${scripted}${changed} (${day(at)})`,
    );
  }
  return sentences;
}
