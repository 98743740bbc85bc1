import path from "node:path";
import * as z from "zod";
import { OrketError } from "../../engine/error/orket-error";
import { diskError, replace, syncDir, writeNew } from "../../adapters/files/durable";
import { unlessMissing } from "../../adapters/files/file-system";
import type { FileSystem } from "../../adapters/files/file-system";
import { randomName } from "../../adapters/system/random";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import { once } from "../../engine/model/once";

/** Longest title, in UTF-16 units. */
export const maxTitleLength = 200;

const labelSchema = once(() => z.strictObject({ title: z.string().min(1).max(maxTitleLength) }));

function labelFile(dir: string): string {
  return path.join(dir, "label.json");
}

/** Replaces a small file beside the journal atomically; remains of killed writers are removed. */
export async function writeBeside(
  { fs, random }: SessionEnvironment,
  file: string,
  value: unknown,
): Promise<void> {
  const dir = path.dirname(file);
  const left = (await fs.readDir(dir)).filter(({ name }) => name.startsWith(`${path.basename(file)}-`));
  for (const { name } of left) await unlessMissing(fs.unlink(path.join(dir, name)), undefined);
  const aside = `${file}-${randomName(random, 8)}`;
  await writeNew(fs, aside, Buffer.from(`${JSON.stringify(value)}\n`));
  await replace(fs, aside, file);
  await syncDir(fs, dir);
}

/** The user's title of the session. An invalid file is ignored. */
export async function readTitle(fs: FileSystem, dir: string): Promise<string | undefined> {
  try {
    const bytes = await fs.readFile(labelFile(dir));
    return labelSchema().safeParse(JSON.parse(bytes.toString("utf8"))).data?.title;
  } catch {
    return undefined;
  }
}

/**
 * Sets the session's display title, or removes it with an empty one. The id stays, whoever writes the session.
 * @throws {OrketError} usage when the title is too long; disk_full, disk_failed.
 */
export async function renameSession(
  environment: SessionEnvironment,
  dir: string,
  title: string,
): Promise<string | undefined> {
  const clean = title
    .replace(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/[\p{Cf}\p{Surrogate}]/gu, "")
    .trim();
  if (clean.length > maxTitleLength) {
    throw new OrketError("usage", `A title has at most ${maxTitleLength} characters.`);
  }
  try {
    if (clean === "") await unlessMissing(environment.fs.unlink(labelFile(dir)), undefined);
    else await writeBeside(environment, labelFile(dir), { title: clean });
  } catch (error) {
    throw diskError(error, "the session's title");
  }
  return clean === "" ? undefined : clean;
}
