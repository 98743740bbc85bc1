import type { RepliesFile } from "../../../src/engine/model/venue";
import { ScriptedProvider } from "../../../src/adapters/provider/scripted-provider";
import type { Exchange } from "../../fakes/servers/model-server";
import { vendors } from "../../fakes/servers/vendors";
import type { Vendor } from "../../fakes/servers/vendors";
import { modelProviderContract } from "./contract";
import type { Scene } from "./contract";
import { longTimeouts, makeProvider, serverOver, transports } from "./support";
import { pace } from "../../until";

async function play(vendor: Vendor, scene: Scene, exchange: Exchange): Promise<void> {
  if (scene.does === "stall" && scene.words.length === 0) return;
  exchange.begin(vendor.contentType);
  switch (scene.does) {
    case "answer":
    case "stall":
      for (const word of scene.words) await exchange.send(vendor.text(word));
      if (scene.does === "stall") return;
      break;
    case "call_tool":
      await exchange.send(vendor.toolCall(scene.tool, scene.args));
      break;
    case "endless": {
      let going = true;
      void exchange.gone.then(() => {
        going = false;
      });
      while (going) {
        await exchange.send(vendor.text("und "));
        await pace(5);
      }
      return;
    }
  }
  await exchange.send(vendor.finish());
  exchange.end();
}

for (const vendor of vendors) {
  for (const transport of transports) {
    describe(`ModelProvider ${vendor.name} over ${transport.name}`, () => {
      const at = serverOver(transport);
      modelProviderContract(
        (scene, timeouts = {}) => {
          at.server.behaviour = (exchange) => play(vendor, scene, exchange);
          return makeProvider(vendor, at.server.url, { fetch: at.fetch, timeouts });
        },
        () => at.server.received.length,
      );
    });
  }
}

describe("ModelProvider scripted", () => {
  modelProviderContract((scene, timeouts = {}) => {
    const entry: RepliesFile["steps"][string][number] = { text: "", tool_calls: [] };
    let delay = 0;
    if (scene.does === "answer" || scene.does === "stall") entry.text = scene.words.join("");
    if (scene.does === "stall") entry.fail = "stalled";
    if (scene.does === "call_tool") entry.tool_calls = [{ tool: scene.tool, args: scene.args }];
    if (scene.does === "endless") {
      entry.text = "und ".repeat(10_000);
      delay = 5;
    }
    const replies: RepliesFile = { version: 1, chunk_delay_ms: delay, steps: { plan: [entry] } };
    return new ScriptedProvider(replies, { ...longTimeouts, ...timeouts });
  });
});
