import path from "node:path";
import { userInfo } from "node:os";
import * as z from "zod";
import { makeDirs, replace, syncDir, writeNew } from "../../adapters/files/durable";
import { unlessMissing } from "../../adapters/files/file-system";
import type { FileSystem } from "../../adapters/files/file-system";
import { orketDir } from "../../adapters/journal/layout";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { randomName } from "../../adapters/system/random";
import { accepted, carried, digestsOf, unattributed, written } from "./attribution";
import type { Attributed } from "./attribution";
import { textsOf } from "./text";
import type { Bytes } from "./text";
import { once } from "../../engine/model/once";

const originSchema = once(() =>
  z.strictObject({
    session: z.string(),
    step: z.string(),
    role: z.string(),
    model: z.string().optional(),
    prompt: z.string().optional().describe("SHA-256 of the prompt that the line came from."),
    event: z.int().describe("`seq` of the event that wrote it."),
    at: z.string(),
    check: z
      .strictObject({ command: z.string(), event: z.int() })
      .optional()
      .describe("The last check that passed on it before it was accepted."),
    accepted: z
      .strictObject({ by: z.string(), user: z.string().optional(), at: z.string(), event: z.int() })
      .optional(),
  }),
);
/** Where a line comes from. Public: docs/artifacts.md. */
export type Origin = z.infer<ReturnType<typeof originSchema>>;

const provenanceSchema = once(() =>
  z.strictObject({
    format: z.literal(1),
    path: z.string(),
    lines: z
      .array(z.string())
      .describe("Short digests of the lines, as they were when the file was last accepted."),
    origins: z.array(originSchema()),
    runs: z
      .array(z.tuple([z.int().min(1), z.int().min(-1)]))
      .describe("How many lines, and which origin they have; -1: none."),
  }),
);

/** Where the provenance of a project's file is stored. */
function provenanceFile(workDomain: string, file: string): string {
  return path.join(orketDir(workDomain), "provenance", ...`${file}.json`.split("/"));
}

/** The provenance of a file's lines; undefined: nothing of it was accepted, or the sidecar cannot be read. */
export async function readProvenance(
  fs: FileSystem,
  workDomain: string,
  file: string,
): Promise<Attributed<Origin> | undefined> {
  try {
    const bytes = await unlessMissing(fs.readFile(provenanceFile(workDomain, file)), undefined);
    if (bytes === undefined) return undefined;
    const { lines, origins, runs } = provenanceSchema().parse(JSON.parse(bytes.toString("utf8")));
    const of = runs.flatMap(([count, index]) => new Array<Origin | null>(count).fill(origins[index] ?? null));
    return of.length === lines.length ? { lines, origins: of } : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the sidecar atomically; one without any agent's line is removed. @throws from the file system. */
export async function writeProvenance(
  { fs, random }: Pick<SessionEnvironment, "fs" | "random">,
  workDomain: string,
  file: string,
  known: Attributed<Origin> | undefined,
): Promise<void> {
  const place = provenanceFile(workDomain, file);
  if (known?.origins.some((origin) => origin !== null) !== true) {
    await unlessMissing(fs.unlink(place), undefined);
    return;
  }
  const origins: Origin[] = [];
  const numbers = new Map<string, number>();
  const runs: [number, number][] = [];
  for (const origin of known.origins) {
    let number = -1;
    if (origin !== null) {
      const key = JSON.stringify(origin);
      number = numbers.get(key) ?? origins.push(origin) - 1;
      numbers.set(key, number);
    }
    const last = runs.at(-1);
    if (last?.[1] === number) last[0] += 1;
    else runs.push([1, number]);
  }
  const folder = path.dirname(place);
  await makeDirs(fs, workDomain, folder);
  const aside = path.join(folder, `.${randomName(random, 8)}.tmp`);
  const text = JSON.stringify({ format: 1, path: file, origins, runs, lines: known.lines });
  await writeNew(fs, aside, Buffer.from(`${text}\n`));
  await replace(fs, aside, place);
  await syncDir(fs, folder);
}

/** Lines of a file's bytes as digests; undefined: not text. */
export function linesOf(bytes: Bytes): string[] | undefined {
  const lines = textsOf([bytes])?.lines[0];
  return lines === undefined ? undefined : digestsOf(lines);
}

/** The lines of the file as it is now, each with its origin. */
export function blameLines(known: Attributed<Origin> | undefined, now: readonly string[]): (Origin | null)[] {
  return known === undefined ? now.map(() => null) : [...carried(known, digestsOf(now)).origins];
}

/** An agent's version of a file, and its author. */
export interface WrittenVersion {
  readonly content: Bytes;
  readonly origin: Origin;
}

/** A project's file before and after a decision, and the versions of the proposal. */
export interface AcceptedVersion {
  readonly replaced: Bytes;
  readonly content: Bytes;
  readonly base: Bytes;
  readonly versions: readonly WrittenVersion[];
  readonly acceptedAs: NonNullable<Origin["accepted"]>;
}

/** The provenance of a file after an acceptance; undefined: nothing, as it is deleted or not text. Pure. */
export function afterAcceptance(
  known: Attributed<Origin> | undefined,
  { replaced, content, base, versions, acceptedAs }: AcceptedVersion,
): Attributed<Origin> | undefined {
  const [before, after, start] = [linesOf(replaced), linesOf(content), linesOf(base)];
  if (content === null || after === undefined || before === undefined) return undefined;
  let proposal: Attributed<Origin> = unattributed(start ?? []);
  for (const version of versions) {
    const lines = linesOf(version.content);
    if (lines !== undefined) proposal = written(proposal, lines, { ...version.origin, accepted: acceptedAs });
  }
  const stood = known === undefined ? unattributed<Origin>(before) : carried(known, before);
  return accepted(stood, after, proposal);
}

/** The current user, as the sidecar names people; undefined where the system does not report one. */
export function machineUser(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
