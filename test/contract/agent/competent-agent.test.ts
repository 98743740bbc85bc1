import assert from "node:assert/strict";
import { createHttpFetch } from "../../../src/adapters/provider/http/http-fetch";
import { createProvider } from "../../../src/adapters/provider/provider-factory";
import type { Definition } from "../../../src/engine/model/definition";
import { Orchestrator } from "../../../src/engine/orchestrator/orchestrator";
import { competentReplies, repository } from "../../fakes/competent-agent";
import { definitionOf, filesOf, harness, step } from "../../fakes/engine-harness";
import { CountingServer } from "../../fakes/servers/counting-server";

interface Window {
  readonly tokens: number;
  readonly output: number;
  /** Bytes that one reply writes. */
  readonly piece: number;
  /** Turns that may pass with one cut, at least, while the window is full. */
  readonly turnsPerCut: number;
}

/* A piece of 36 KB is a reply of 8,000 tokens; a window of 8k has no room for one beside its prompt. */
const windows: readonly Window[] = [
  { tokens: 8192, output: 2048, piece: 2000, turnsPerCut: 5 },
  { tokens: 32_768, output: 9000, piece: 40_000, turnsPerCut: 10 },
  { tokens: 131_072, output: 9000, piece: 40_000, turnsPerCut: 10 },
];

function definitionFor({ tokens, output }: Window, endpoint: string): Definition {
  const definition = definitionOf([
    step("build", "writer", { max_turns: 200, produces: [0, 1, 2, 3, 4, 5].map((n) => `out/file-${n}.md`) }),
  ]);
  Object.assign(definition.venue, {
    provider: "openai",
    endpoint,
    model: "counted",
    context_tokens: tokens,
    max_output_tokens: output,
    timeouts: { connect_seconds: 10, first_token_seconds: 60, idle_seconds: 60, total_seconds: 120 },
  });
  return definition;
}

describe("A competent agent in a window of", () => {
  for (const window of windows) {
    it(`${window.tokens} tokens writes six files of 36 KB: nothing is refused, and prompts keep their beginning`, async () => {
      const replies = competentReplies(window.piece);
      const server = new CountingServer(window.tokens, (call) => replies[call - 1] ?? { text: "Done." });
      const endpoint = await server.start();
      try {
        const definition = definitionFor(window, endpoint);
        const session = harness(definition, () => "");
        const provider = await createProvider(definition.venue, {
          fetch: createHttpFetch(),
          resolveSecret: () => Promise.resolve(""),
        });
        const ports = { ...session.ports, provider, files: filesOf(repository()) };
        const state = await new Orchestrator(ports, session.orchestrator.state).run();

        assert.equal(state.outcome, "completed", state.pause?.message);
        assert.ok(session.eventsOf("tool_call").length >= 60);
        const refused = server.arrived.filter((one) => one.refused).length;
        const cut = server.arrived.filter(({ prefixShare }) => prefixShare < 0.9).length;
        if (process.env["ORKET_SHOW"] !== undefined)
          console.log(
            window.tokens,
            server.arrived.length,
            { refused, cut },
            server.arrived.map(({ tokens, prefixShare }) => `${tokens}:${prefixShare.toFixed(2)}`).join(" "),
          );
        assert.ok(refused <= 1, `${refused} prompts were refused`);
        assert.ok(
          cut * window.turnsPerCut <= server.arrived.length,
          `${cut} of ${server.arrived.length} prompts did not begin as the one before`,
        );
      } finally {
        await server.stop();
      }
    }).timeout(120_000);
  }
});
