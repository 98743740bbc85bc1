import assert from "node:assert/strict";
import { countTokens } from "gpt-tokenizer";
import { parse } from "yaml";
import { ProviderError } from "../../../src/engine/error/provider-error";
import type { CommandRunner } from "../../../src/engine/port/commands";
import type { ModelRequest } from "../../../src/engine/port/model-provider";
import { stepsOf } from "../../../src/engine/model/plan";
import { createProject, resolveFlow } from "../../../src/language";
import { flowTemplates, newFlowFiles } from "../../../src/language/templates";
import { repository } from "../../fakes/competent-agent";
import { harness } from "../../fakes/engine-harness";
import type { FakeReply } from "../../fakes/engine-harness";

/*
 * Every built-in template in windows of 4k and 8k: it runs, or it is said before the run which step cannot fit. The model plays
 * the template's own replies, after it has read files of the project that are larger than the window.
 */

interface Scripted {
  readonly text?: string;
  readonly tool_calls?: readonly { readonly tool: string; readonly args: Record<string, unknown> }[];
}

/** Calls that each step makes before those of the template. */
const reading: FakeReply[] = [3, 6, 9].map((part) => ({
  text: "I look at the project first.",
  calls: [["read_file", { path: `src/part-${part}.ts` }]],
}));

/** The prompt's tokens as a real tokenizer counts them. */
function tokensOf({ messages, tools }: ModelRequest): number {
  const told = tools.length === 0 ? 0 : countTokens(JSON.stringify(tools));
  return messages.reduce((sum, message) => {
    const calls = "toolCalls" in message ? JSON.stringify(message.toolCalls ?? "") : "";
    return sum + 4 + countTokens(message.content) + countTokens(calls);
  }, told);
}

/** The tests fail before anything was done, and pass afterwards. */
function tests(): CommandRunner {
  let runs = 0;
  return {
    run: () => {
      runs += 1;
      return Promise.resolve({
        end: { kind: "exited", code: runs === 1 ? 1 : 0 },
        place: "view",
        output: "not ok 1 - adds two numbers\n".repeat(200),
        files: [],
        discarded: { files: 0, bytes: 0 },
        durationMs: 1,
      });
    },
  };
}

function inWindow(venue: string, window: number): string {
  const others = venue.replace(/^(?:context|max_output)_tokens:.*\n/gm, "");
  return `${others}context_tokens: ${window}\nmax_output_tokens: 1024\n`;
}

function flowIn(
  template: string,
  window: number,
): { resolved: ReturnType<typeof resolveFlow>; replies: string } {
  const made = newFlowFiles({ template, name: "mine", provider: "openai", model: "small" });
  assert.ok(made.kind === "files");
  const files = made.files.map(({ path, text }) =>
    path === "mine-model.venue.yaml" ? { path, text: inWindow(text, window) } : { path, text },
  );
  const replies = files.find(({ path }) => path === "mine.replies.yaml")?.text ?? "";
  return { resolved: resolveFlow(createProject(files), made.flow), replies };
}

/** Plays the replies to a session in that window, and refuses what does not fit. */
async function played(
  template: string,
  window: number,
): Promise<{ outcome: string; refused: number; told: string }> {
  const { resolved, replies } = flowIn(template, window);
  const { definition, diagnostics } = resolved;
  assert.ok(definition);
  for (const step of stepsOf(definition.score.steps)) step.approval = "none";
  for (const [, role] of Object.entries(definition.band.roles))
    if (!role.tools.includes("read_file")) role.tools.push("read_file");
  const { steps } = parse(replies) as { steps: Record<string, readonly Scripted[]> };
  let refused = 0;
  const session = harness(
    definition,
    (request) => {
      const count = tokensOf(request);
      if (count + 1024 > window) {
        refused += 1;
        return new ProviderError("context_overflow", `The prompt has ${count} tokens.`);
      }
      const { stepId, answeredCalls } = request.origin;
      const own = (steps[stepId] ?? []).map(({ text = "", tool_calls: calls = [] }): FakeReply => ({
        text,
        calls: calls.map(({ tool, args }) => [tool, args] as const),
        usage: { input: { count, source: "measured" } },
      }));
      return [...reading, ...own][answeredCalls] ?? "All done.";
    },
    { project: repository(), commands: tests() },
  );
  const state = await session.run();
  const outcome = state.outcome ?? state.pause?.message ?? "";
  return { outcome, refused, told: diagnostics.map(({ code, message }) => `${code} ${message}`).join("\n") };
}

describe("A built-in template in a window of", () => {
  for (const { id } of flowTemplates)
    for (const window of [4096, 8192])
      it(`${window} tokens: ${id} runs, or names the step that cannot fit`, async () => {
        const { outcome, refused, told } = await played(id, window);
        if (process.env["ORKET_SHOW"] !== undefined) console.log(id, window, { outcome, refused, told });
        if (outcome === "completed") {
          assert.equal(told, "");
          assert.ok(refused <= 1, `${refused} prompts were refused`);
        } else assert.match(told, /orket\/prompt-too-large The prompt of the step '/, outcome);
      });

  for (const { id } of flowTemplates)
    it(`1,200 tokens: before ${id} runs, it is said which step cannot fit`, () => {
      const told = flowIn(id, 1200).resolved.diagnostics.map(({ code, message }) => `${code} ${message}`);
      assert.match(told.join("\n"), /orket\/prompt-too-large The prompt of the step '.*' needs \d+ tokens/);
    });
});
