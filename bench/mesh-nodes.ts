import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Four nodes of a mesh in a process of their own; `/d/MS/…` is a node that takes this long for a call. */
const model = { name: "m", digest: "d" };
const line = (fields: object): string => `${JSON.stringify({ model: "m", ...fields })}\n`;
const reply =
  line({ message: { role: "assistant", content: "Done." }, done: false }) +
  line({ message: { role: "assistant", content: "" }, done: true, done_reason: "stop", eval_count: 2 });
const facts: Readonly<Record<string, object>> = {
  "/api/version": { version: "0" },
  "/api/tags": { models: [model] },
  "/api/ps": { models: [model] },
};

function listen(): Promise<number> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => {
      const [, delay, path = ""] = /^\/d\/(\d+)(\/.*)$/.exec(request.url ?? "") ?? [];
      const fact = facts[path];
      if (fact !== undefined) response.end(JSON.stringify(fact));
      else if (delay === "0") response.end(reply);
      else setTimeout(() => response.end(reply), Number(delay));
    });
  });
  server.keepAliveTimeout = 60_000;
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

void Promise.all([listen(), listen(), listen(), listen()]).then((ports) => process.send?.(ports));
process.on("disconnect", () => process.exit(0));
