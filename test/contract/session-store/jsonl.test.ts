import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { FaultyFileSystem } from "../../fakes/faulty-file-system";
import { environment, smallDefinition, temporaryFolder } from "../../fakes/session";
import { OrketFileSystem as NodeFileSystem } from "../../../src/adapters/files/orket-gate";
import { createSession } from "../../../src/adapters/journal/session-folder";
import { sessionStoreContract } from "./contract";

async function filesBelow(dir: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(dir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const full = path.join(entry.parentPath, entry.name);
    files[path.relative(dir, full).split(path.sep).join("/")] = await readFile(full, "utf8");
  }
  return files;
}

for (const [name, disk] of [
  ["JsonlSessionStore", new NodeFileSystem()],
  ["JsonlSessionStore on a watched disk", new FaultyFileSystem()],
] as const) {
  sessionStoreContract(name, async () => {
    const folder = await temporaryFolder();
    const { store, paths } = await createSession(environment(disk), folder.path, smallDefinition());
    return {
      store,
      durable: async () => {
        const text = await readFile(paths.journal, "utf8");
        return text
          .replace(/\0+$/, "")
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => {
            const { prev: _prev, ...event } = JSON.parse(line) as Record<string, unknown>;
            return event as never;
          });
      },
      workspace: () => filesBelow(paths.workspace),
      close: async () => {
        await store.close();
        await folder.remove();
      },
    };
  });
}
