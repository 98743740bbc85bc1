import { NodeFileSystem } from "../files/file-system";
import type { SessionEnvironment } from "./jsonl-session-store";
import { SystemClock } from "../system/clock";
import { systemRandom } from "../system/random";

/** The machine itself. */
export const nodeEnvironment: SessionEnvironment = {
  fs: new NodeFileSystem(),
  clock: new SystemClock(),
  random: systemRandom,
};
