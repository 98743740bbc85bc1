import assert from "node:assert/strict";
import { missingModels } from "../../../src/app/venue/missing-models";

const at = (model: string, provider: "ollama" | "openai" = "openai", endpoint = "http://127.0.0.1:1/v1") => ({
  provider,
  endpoint,
  model,
});
const listed = (...names: readonly string[]) => ({ models: names.map((name) => ({ name })) });

describe("The models that a backend does not have", () => {
  for (const [title, asked, has, missing] of [
    ["are those that its list lacks", at("b"), listed("a"), ["b"]],
    ["are none where it lists none", at("b"), listed(), []],
    ["are not those without the tag that stands for the newest", at("a", "ollama"), listed("a:latest"), []],
    ["are not those behind a prefix of the list", at("gemini-x"), listed("models/gemini-x"), []],
    ["are not aliases of dated names", at("claude-x-latest"), listed("claude-x-2026-01-01"), []],
    ["are aliases where the list is whole", at("qwen", "ollama"), listed("qwen-2"), ["qwen"]],
    [
      "are none on servers that list other names than calls accept",
      at("mine", "openai", "https://x.openai.azure.com/v1"),
      listed("gpt"),
      [],
    ],
  ] as const)
    it(title, () => assert.deepEqual(missingModels([asked], has), missing));
});
