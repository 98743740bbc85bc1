import { readFileSync } from "node:fs";
import path from "node:path";
import { createHttpFetch } from "../src/adapters/provider/http/http-fetch";
import { startSession } from "../src/app/session/open";
import type { Definition } from "../src/engine/model/definition";

/* The same steps as a session: `fresh-session.cjs FOLDER` performs the definition in FOLDER/definition.json. */

async function main([folder = ""]: readonly string[]): Promise<void> {
  const definition = JSON.parse(readFileSync(path.join(folder, "definition.json"), "utf8")) as Definition;
  const fetch = createHttpFetch();
  const live = await startSession(definition, {
    workDomain: folder,
    startDirectory: folder,
    engineVersion: "bench",
    startedBy: "library",
    resolveSecret: () => Promise.resolve(""),
    fetch,
  });
  const state = await live.orchestrator.run();
  if (state.outcome !== "completed") throw new Error(state.pause?.message ?? "the flow did not complete");
  await live.close();
  await fetch.close();
}

void main(process.argv.slice(2));
