import { providerOf } from "../../engine/model/called-venues";
import { provenOf, provenSentences, readProof } from "./proof";
import type { Proven } from "./proof";
import type { SessionEnvironment } from "../../adapters/journal/jsonl-session-store";
import type { Snapshot } from "./snapshot";
import { nodeEnvironment } from "../../adapters/journal/environment";

/** What is known of the session once its whole chain is checked. @throws {OrketError} disk_failed. */
export async function provenOfChecked(
  seen: Snapshot,
  environment: SessionEnvironment = nodeEnvironment,
): Promise<Proven> {
  const { state, problem, cutBytes, directory } = await seen.checked();
  const reading = {
    whole: problem === undefined && cutBytes === 0 && state.events > 0,
    ended: state.status === "ended",
    digestChanges: state.digestChanges,
  };
  return provenOf(reading, await readProof(environment, directory));
}

/** The same, one sentence each. */
export async function provenOfSnapshot(
  seen: Snapshot,
  environment: SessionEnvironment = nodeEnvironment,
): Promise<string[]> {
  return provenSentences(await provenOfChecked(seen, environment), providerOf(seen.state.definition));
}
