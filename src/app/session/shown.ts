import path from "node:path";
import * as z from "zod";
import { replace, writeNew } from "../../adapters/files/durable";
import { unlessMissing } from "../../adapters/files/file-system";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { randomName } from "../../adapters/system/random";
import { once } from "../../engine/model/once";

/*
 * A terminal does not keep what it showed. So that an acceptance refers to what the user saw, the digests of what `orket diff`
 * last printed are stored beside the session; they have no other effect, and may be lost.
 */

const shownSchema = once(() => z.record(z.string(), z.string()));
/** By path: `Offer.shown` of what was last printed. */
export type Shown = Readonly<Record<string, string>>;

const fileOf = (directory: string): string => path.join(directory, "shown.json");

/** What was last printed; empty where unknown. */
export async function readShown({ fs }: Pick<SessionEnvironment, "fs">, directory: string): Promise<Shown> {
  try {
    const bytes = await unlessMissing(fs.readFile(fileOf(directory)), undefined);
    return bytes === undefined ? {} : shownSchema().parse(JSON.parse(bytes.toString("utf8")));
  } catch {
    return {};
  }
}

/** Remembers what was printed. An unwritable disk only means that it is not remembered. */
export async function rememberShown(
  environment: Pick<SessionEnvironment, "fs" | "random">,
  directory: string,
  more: Shown,
): Promise<void> {
  const { fs, random } = environment;
  const aside = `${fileOf(directory)}.${randomName(random, 8)}`;
  try {
    const all = { ...(await readShown(environment, directory)), ...more };
    await writeNew(fs, aside, Buffer.from(JSON.stringify(all)));
    await replace(fs, aside, fileOf(directory));
  } catch {
    await fs.unlink(aside).catch(() => undefined);
  }
}
