import { nodeEnvironment } from "../../adapters/runtime/session-runtime";
import { provenOf, provenSentences, readProof } from "../../adapters/session/proof";
import { readSession } from "../../adapters/session/sessions";

/** What was proven of a session, one sentence each, from a whole reading of its journal; nothing when it cannot be read. */
export async function provenOfSession(directory: string): Promise<readonly string[]> {
  try {
    const record = await readSession(nodeEnvironment, directory);
    const shown = await readProof(nodeEnvironment, directory);
    return provenSentences(provenOf(record, shown), record.definition.venue.provider);
  } catch {
    return [];
  }
}
