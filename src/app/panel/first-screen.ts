import { constants } from "node:fs";
import * as z from "zod";
import { putDerived } from "../../adapters/journal/derived-file";
import type { JournalPosition } from "../../adapters/journal/journal-reader";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { sessionPaths } from "../../adapters/journal/layout";
import { lockState } from "../../adapters/journal/lock";
import { digestOfLineEndingAt } from "../../adapters/journal/session-marks";
import { digestSchema } from "../../engine/event/content";
import { defined } from "../../engine/model/defined";
import { once } from "../../engine/model/once";
import type { EventRow, PanelMessage, StreamInfo, TranscriptRow } from "../../protocol/session-panel";
import type { PanelRequest } from "../../protocol/session-requests";
import { isEmptyFilter } from "./event-filter";

/*
 * `first-screen.json`: what the panel of a session at rest shows first. Reading it takes the same time however long the session
 * is; the session itself is opened meanwhile, and what it says replaces it. It counts only for the journal that it was made of, for
 * the version that made it, and for the user who did.
 */

/** The number of events from which it is worth its file, as for the index. */
export const keptFromEvents = 4096;
/** Most events at the session's end whose rows it holds: three times what a panel requests first. */
export const firstRows = 120;
/** The longest that is written or read, in bytes. */
const maxBytes = 2 << 20;

/** What a panel shows of a session that nobody performs, before a filter is set. */
export interface FirstScreen {
  readonly info: StreamInfo;
  /** The number of the first event whose row is here; all later ones are. */
  readonly from: number;
  readonly rows: readonly EventRow[];
  readonly entries: readonly TranscriptRow[];
}

const keptSchema = once(() =>
  z.strictObject({
    format: z.literal(1),
    /** The version of Orket that made it. */
    engine: z.string(),
    /** Of the journal. */
    bytes: z.int().min(1),
    /** SHA-256 of its last line. */
    prev: digestSchema,
    /** A `FirstScreen` as JSON. */
    screen: z.string(),
    /** What only this user on this machine can compute from the rest. */
    seal: digestSchema.optional(),
  }),
);
type Kept = z.infer<ReturnType<typeof keptSchema>>;

async function sealOf({ marks }: SessionEnvironment, kept: Kept): Promise<string | undefined> {
  const { format, engine, bytes, prev, screen } = kept;
  return marks?.seal(`first-screen ${JSON.stringify([format, engine, bytes, prev, screen])}`);
}

/**
 * Stores the first screen of a session whose whole journal was checked, unless it is stored already. A failure is not an error.
 * @param engine the version of Orket: another one may show it differently.
 */
export async function keepFirstScreen(
  environment: SessionEnvironment,
  directory: string,
  { lines, offset, prev }: JournalPosition,
  screen: FirstScreen,
  engine: string,
): Promise<void> {
  const { info } = screen;
  if (lines < keptFromEvents || lines !== info.total) return;
  try {
    const unsealed: Kept = { format: 1, engine, bytes: offset, prev, screen: JSON.stringify(screen) };
    const seal = await sealOf(environment, unsealed);
    const text = `${JSON.stringify({ ...unsealed, ...defined({ seal }) })}\n`;
    const { firstScreen } = sessionPaths(directory);
    const before = await environment.fs.readFile(firstScreen).catch(() => undefined);
    if (text.length > maxBytes || before?.toString("utf8") === text) return;
    await putDerived(environment, firstScreen, Buffer.from(text));
  } catch {
    // It only saves time, and an untrusted window changes nothing.
  }
}

/** The stored first screen, where it is of the journal as it stands, and nobody performs the session; undefined otherwise. */
export async function readFirstScreen(
  environment: SessionEnvironment,
  directory: string,
  engine: string,
): Promise<FirstScreen | undefined> {
  const { fs, marks } = environment;
  const paths = sessionPaths(directory);
  try {
    if ((await fs.lstat(paths.firstScreen)).size > BigInt(maxBytes)) return undefined;
    const kept = keptSchema().parse(JSON.parse((await fs.readFile(paths.firstScreen)).toString("utf8")));
    if (kept.engine !== engine || (marks !== undefined && kept.seal !== (await sealOf(environment, kept))))
      return undefined;
    if ((await lockState(fs, paths.lock))?.alive === true) return undefined;
    const journal = await fs.open(paths.journal, constants.O_RDONLY);
    try {
      const { size } = await fs.statHandle(journal);
      if (Number(size) !== kept.bytes || (await digestOfLineEndingAt(fs, journal, kept.bytes)) !== kept.prev)
        return undefined;
    } finally {
      await fs.close(journal);
    }
    // Its seal shows that this version made it.
    return JSON.parse(kept.screen) as FirstScreen;
  } catch {
    return undefined;
  }
}

/** The answer that a first screen has to a panel's request; undefined: only the session itself can answer it. */
export function answerOf(screen: FirstScreen, request: PanelRequest): PanelMessage | undefined {
  const { info, from: first, rows, entries } = screen;
  switch (request.type) {
    case "ready":
      return isEmptyFilter(request.filter) ? { type: "info", info } : undefined;
    case "ping":
      return { type: "info", info };
    case "rows":
    case "transcript": {
      const { edition, from, to } = request;
      if (edition !== info.edition || from < first || to > info.total || to <= from) return undefined;
      return request.type === "rows"
        ? { type: "rows", edition, from, rows: rows.filter(({ seq }) => seq >= from && seq < to) }
        : {
            type: "transcript",
            edition,
            from,
            to,
            entries: entries.filter(({ index }) => index >= from && index < to),
          };
    }
    default:
      return undefined;
  }
}
