import { MemorySessionStore } from "../../fakes/memory-session-store";
import { sessionStoreContract } from "./contract";

sessionStoreContract("MemorySessionStore", async () => {
  const store = new MemorySessionStore();
  return {
    store,
    durable: async () => store.durable,
    workspace: async () =>
      Object.fromEntries(
        [...store.workspace].map(([path, bytes]) => [path, Buffer.from(bytes).toString("utf8")]),
      ),
    close: async () => undefined,
  };
});
