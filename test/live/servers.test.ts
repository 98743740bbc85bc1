import { LiteLlmProxy, LlamaCppPythonServer, LlamaServer, OllamaServer } from "./servers";
import { realServer } from "./behaviour";
import type { Traits } from "./behaviour";
import { realSessions } from "./sessions";

const ollama = new OllamaServer();
const llama = new LlamaServer();

const listDirCall = {
  type: "object",
  properties: {
    name: { type: "string", enum: ["list_dir"] },
    arguments: {
      type: "object",
      properties: { path: { type: "string", maxLength: 12 } },
      required: ["path"],
    },
  },
  required: ["name", "arguments"],
};

const responseFormat: Traits["structured"] = (schema) => ({
  response_format: { type: "json_schema", json_schema: { name: "reply", strict: true, schema } },
});

const ollamaTraits: Traits = {
  // Ollama takes JSON of the template's form for a call, also where a format makes the model write it.
  callTool: { format: listDirCall },
  structured: (schema) => ({ format: schema }),
  unknownModel: "not_found",
  overflow: "context_overflow",
  unload: () => ollama.unload(),
};
const llamaTraits: Traits = {
  callTool: { tool_choice: "required" },
  structured: responseFormat,
  unknownModel: "answers",
  overflow: "context_overflow",
};

const servers: readonly (readonly [Parameters<typeof realServer>[0], Traits])[] = [
  // LiteLLM passes `format` and `num_ctx` on to Ollama, but not `truncate`.
  [new LiteLlmProxy(ollama), { ...ollamaTraits, structured: responseFormat, overflow: "cut", brief: true }],
  [ollama, ollamaTraits],
  [llama, llamaTraits],
  [
    new LlamaCppPythonServer(),
    {
      ...llamaTraits,
      callTool: { tool_choice: { type: "function", function: { name: "list_dir" } } },
      structured: (schema) => ({ response_format: { type: "json_object", schema } }),
      unknownModel: "echoes",
      // It answers 200 and then nothing.
      overflow: "stream_truncated",
      countsNoStream: true,
    },
  ],
  [new LiteLlmProxy(llama), { ...llamaTraits, unknownModel: "not_found" }],
];

for (const [server, traits] of servers) {
  realServer(server, traits);
  realSessions(server, traits);
}
