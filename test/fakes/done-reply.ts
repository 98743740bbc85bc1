import type { ModelReply } from "../../src/engine/port/model-provider";

/** What a model says that has nothing left to do. */
export const doneReply: ModelReply = {
  text: "Done.",
  toolCalls: [],
  finishReason: "stop",
  usage: {},
  totalMs: 1,
  sent: {},
};
