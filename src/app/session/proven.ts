import { providerOf } from "../../engine/model/called-venues";
import { provenOf, provenSentences, readProof } from "./proof";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import type { Snapshot } from "./snapshot";
import { nodeEnvironment } from "../../adapters/journal/environment";

/** What was proven of the session, one sentence each, once its whole chain is checked. @throws {OrketError} disk_failed. */
export async function provenOfSnapshot(
  seen: Snapshot,
  environment: SessionEnvironment = nodeEnvironment,
): Promise<string[]> {
  const { state, problem, cutBytes, directory } = await seen.checked();
  const reading = {
    whole: problem === undefined && cutBytes === 0 && state.events > 0,
    ended: state.status === "ended",
    digestChanges: state.digestChanges,
  };
  const shown = await readProof(environment, directory);
  return provenSentences(provenOf(reading, shown), providerOf(state.definition));
}
