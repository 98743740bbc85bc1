import path from "node:path";
import { replace, writeNew } from "../files/durable";
import { unlessMissing } from "../files/file-system";
import { randomName } from "../system/random";
import type { SessionEnvironment } from "./jsonl-session-store";

/**
 * Writes a file of a session's folder that is made from its journal and can be made again, atomically: after a power loss it is
 * the old one or the new one. What an earlier attempt left is removed.
 * @throws {Error} from the file system.
 */
export async function putDerived(
  { fs, random }: SessionEnvironment,
  file: string,
  bytes: Uint8Array,
): Promise<void> {
  const dir = path.dirname(file);
  const asides = (await fs.readDir(dir)).filter(({ name }) => name.startsWith(`${path.basename(file)}-`));
  for (const { name } of asides) await unlessMissing(fs.unlink(path.join(dir, name)), undefined);
  const aside = `${file}-${randomName(random, 8)}`;
  await writeNew(fs, aside, bytes);
  await replace(fs, aside, file);
}
