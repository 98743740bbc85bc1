import { OrketFileSystem } from "../files/orket-gate";
import type { SessionEnvironment } from "./jsonl-session-store";
import { UserSessionMarks } from "./session-marks";
import { SystemClock } from "../system/clock";
import { systemRandom } from "../system/random";

const disk = new OrketFileSystem();

/** The machine itself. */
export const nodeEnvironment: SessionEnvironment = {
  fs: disk,
  clock: new SystemClock(),
  random: systemRandom,
  marks: new UserSessionMarks(),
};

/** From now on nothing in any `.orket` is changed while `mayChange` returns false: an untrusted window. */
export function restrictChanges(mayChange: () => boolean): void {
  disk.restrict(mayChange);
}
