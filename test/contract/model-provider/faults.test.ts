import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { once } from "node:events";
import type { ProviderErrorCode } from "../../../src/engine/error/provider-error";
import { CancelSource } from "../../../src/engine/port/cancellation";
import { ModelServer } from "../../fakes/servers/model-server";
import { vendors } from "../../fakes/servers/vendors";
import {
  Call,
  everythingIn,
  makeProvider,
  readFileTool,
  request,
  secretKey,
  serverOver,
  transports,
} from "./support";

interface StatusCase {
  readonly status: number;
  readonly message: string;
  readonly code: ProviderErrorCode;
  readonly says?: RegExp;
}

const statuses: readonly StatusCase[] = [
  { status: 400, message: "something is wrong", code: "bad_request" },
  { status: 400, message: "This model's maximum context length is 4096 tokens", code: "context_overflow" },
  {
    status: 400,
    message: "test-model does not support tools",
    code: "tools_unsupported",
    says: /tool_calls: text/,
  },
  { status: 400, message: "Unknown field: seed", code: "bad_request", says: /params: \{ seed: null \}/ },
  { status: 401, message: "no such key", code: "unauthorized", says: /api_key/ },
  { status: 403, message: "not yours", code: "unauthorized" },
  { status: 404, message: "model 'test-model' not found", code: "not_found", says: /test-model/ },
  { status: 422, message: "extra fields not permitted", code: "bad_request" },
  { status: 429, message: "slow down", code: "rate_limited" },
  { status: 500, message: "oops", code: "server_error" },
  {
    status: 500,
    message: "1 validation error: {'loc': ('body', 'seed'), 'msg': 'Input should be 7'}",
    code: "bad_request",
    says: /params: \{ seed: null \}/,
  },
  { status: 502, message: "no upstream", code: "server_error" },
  { status: 503, message: "server busy, please try again", code: "overloaded" },
];

for (const vendor of vendors) {
  for (const transport of transports) {
    describe(`Faults of ${vendor.name} over ${transport.name}`, () => {
      const at = serverOver(transport);
      afterEach(() => assert.deepEqual(at.server.failures, []));
      const call = (options: Parameters<typeof makeProvider>[2] = {}, asked = request()): Call =>
        new Call(makeProvider(vendor, at.server.url, { fetch: at.fetch, ...options }), asked);

      it("says that nobody listens", async () => {
        const gone = await ModelServer.start();
        const { url } = gone;
        await gone.close();
        const error = await new Call(makeProvider(vendor, url, { fetch: at.fetch })).error("unreachable");
        assert.match(error.message, /^Cannot reach (Ollama|the server) at .*refused/);
        assert(error.message.includes(url));
      });

      for (const { status, message, code, says } of statuses) {
        it(`maps ${status} "${message}" to ${code}`, async () => {
          at.server.received.length = 0;
          at.server.behaviour = (exchange) => exchange.answer(status, vendor.errorBody(message));
          const error = await call({}, request({ tools: [readFileTool] })).error(code);
          assert.equal(error.status, status);
          assert(error.message.includes(message), error.message);
          if (says !== undefined) assert.match(error.message, says);
          assert.equal(at.server.received.length, 1, "a call makes one request");
        });
      }

      it("reads Retry-After in seconds", async () => {
        at.server.behaviour = (exchange) =>
          exchange.answer(429, vendor.errorBody("wait"), { "retry-after": "7" });
        assert.equal((await call().error("rate_limited")).retryAfterSeconds, 7);
      });

      it("reads Retry-After as a date", async () => {
        const date = new Date(Date.now() + 90_000).toUTCString();
        at.server.behaviour = (exchange) =>
          exchange.answer(429, vendor.errorBody("wait"), { "retry-after": date });
        const seconds = (await call().error("rate_limited")).retryAfterSeconds ?? -1;
        assert(seconds > 30 && seconds <= 90, String(seconds));
      });

      it("quotes a proxy's page that is no JSON", async () => {
        at.server.behaviour = (exchange) =>
          exchange.answer(502, "<html>Bad Gateway</html>", { "content-type": "text/html" });
        assert.match((await call().error("server_error")).message, /Bad Gateway/);
      });

      it("follows no redirect", async () => {
        at.server.received.length = 0;
        at.server.behaviour = (exchange) =>
          exchange.answer(307, "", { location: "http://elsewhere.invalid/x" });
        assert.match((await call().error("bad_request")).message, /elsewhere\.invalid/);
        assert.equal(at.server.received.length, 1);
      });

      it("names a reset before the headers", async () => {
        at.server.behaviour = (exchange) => exchange.reset();
        const error = await call().error("connection_lost");
        assert.equal(error.partialText, "");
      });

      it("names a reset in mid-stream and keeps the text", async () => {
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.text("Eins "));
          await running.showed("Eins");
          exchange.reset();
        };
        const running = call();
        assert.equal((await running.error("connection_lost")).partialText, "Eins ");
      });

      it("takes a stream that ends without its end for cut", async () => {
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.text("Eins "));
          exchange.end();
        };
        assert.equal((await call().error("stream_truncated")).partialText, "Eins ");
      });

      it("takes a stream that ends within a line for cut", async () => {
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.text("Eins ") + vendor.text("zwei").slice(0, -20));
          exchange.end();
        };
        assert.equal((await call().error("stream_truncated")).partialText, "Eins ");
      });

      it("takes an empty body for cut", async () => {
        at.server.behaviour = (exchange) => {
          exchange.begin(vendor.contentType);
          exchange.end();
        };
        const empty = await call().error("stream_truncated");
        if (vendor.name === "openai") assert.match(empty.message, /200 and then nothing.*context_tokens/);
      });

      it("skips no line that it cannot read", async () => {
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.text("Eins "));
          await exchange.send(`${vendor.name === "openai" ? "data: " : ""}{"half": \n\n`);
          await exchange.send(vendor.text("zwei ") + vendor.finish());
          exchange.end();
        };
        const error = await call().error("malformed_reply");
        assert.equal(error.partialText, "Eins ");
        assert.match(error.message, /half/);
      });

      it("does not take a web page for a reply", async () => {
        at.server.behaviour = (exchange) =>
          exchange.answer(200, "<!doctype html>\n<p>Sign in</p>\n", { "content-type": "text/html" });
        assert.match((await call().error("malformed_reply")).message, /doctype/);
      });

      it("reports an error within the stream", async () => {
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.text("Eins ") + vendor.error("the runner has crashed"));
          exchange.end();
        };
        const error = await call().error("server_error");
        assert.match(error.message, /the runner has crashed/);
        assert.equal(error.partialText, "Eins ");
      });

      it("reports a prompt that is too long from within the stream", async () => {
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.error("the request exceeds the available context size"));
          exchange.end();
        };
        await call().error("context_overflow");
      });

      for (const size of [1, 7, 100]) {
        it(`puts together lines and characters that are cut every ${size} bytes`, async () => {
          const words = ["Grüße, ", "世界 ", "🎻!"];
          const bytes = Buffer.from(
            words.map((word) => vendor.text(word)).join("") + vendor.finish(),
            "utf8",
          );
          at.server.behaviour = async (exchange) => {
            exchange.begin(vendor.contentType);
            for (let from = 0; from < bytes.length; from += size) {
              await exchange.send(bytes.subarray(from, from + size));
            }
            exchange.end();
          };
          assert.equal((await call().reply()).text, words.join(""));
        });
      }

      it("keeps reasoning apart from the text, in order", async () => {
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(
            vendor.reasoning("Let me ") + vendor.reasoning("see. ") + vendor.text("Done") + vendor.finish(),
          );
          exchange.end();
        };
        const running = call();
        const reply = await running.reply();
        assert.equal(reply.reasoning, "Let me see. ");
        assert.equal(reply.text, "Done");
        assert.deepEqual(
          running.deltas.map(({ kind }) => kind),
          ["reasoning", "text"],
        );
      });

      it("takes over the counts that the server made", async () => {
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.text("Eins") + vendor.finish({ usage: { input: 12, output: 3 } }));
          exchange.end();
        };
        assert.deepEqual((await call().reply()).usage, {
          input: { count: 12, source: "measured" },
          output: { count: 3, source: "measured" },
        });
      });

      it("does not take zeros for counts", async () => {
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.text("Eins") + vendor.finish({ usage: { input: 0, output: 0 } }));
          exchange.end();
        };
        assert.deepEqual((await call().reply()).usage, {});
      });

      it("says when the reply was cut at the limit of tokens", async () => {
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.text("Eins") + vendor.finish({ reason: "length" }));
          exchange.end();
        };
        assert.equal((await call().reply()).finishReason, "length");
      });

      it("ends with the reply, though the server keeps the connection open", async () => {
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.text("Eins") + vendor.finish());
          await exchange.gone;
        };
        assert.equal((await call({ timeouts: { idle_seconds: 5 } }).reply()).text, "Eins");
      });

      it("ends a call that is cancelled while the headers are awaited, and closes the connection", async () => {
        const arrived = new Promise<{ gone: Promise<void> }>((resolve) => {
          at.server.behaviour = ({ gone }) => resolve({ gone });
        });
        const running = call();
        const { gone } = await arrived;
        running.cancellation.cancel();
        await running.error("cancelled");
        await gone;
      });

      it("closes the connection of a call that is cancelled in mid-stream", async () => {
        const gone = new Promise<void>((resolve) => {
          at.server.behaviour = async (exchange) => {
            exchange.begin(vendor.contentType);
            await exchange.send(vendor.text("Eins "));
            await exchange.gone;
            resolve();
          };
        });
        const running = call();
        await running.showed("Eins");
        running.cancellation.cancel();
        await running.error("cancelled");
        await gone;
      });

      it("sends nothing for a call that was cancelled before", async () => {
        at.server.received.length = 0;
        // An AbortSignal that has fired tells no listener any more.
        const provider = makeProvider(vendor, at.server.url, { fetch: at.fetch });
        await assert.rejects(
          provider.call(request(), () => undefined, AbortSignal.abort()),
          { code: "cancelled" },
        );
        const source = new CancelSource();
        source.cancel();
        await assert.rejects(
          provider.call(request(), () => undefined, source),
          { code: "cancelled" },
        );
        assert.equal(at.server.received.length, 0);
      });

      it("limits the wait after headers without a body too", async () => {
        at.server.behaviour = (exchange) => exchange.begin(vendor.contentType);
        await call({ timeouts: { first_token_seconds: 0.1 } }).error("first_token_timeout");
      });

      it("serves calls at the same time, each with its own reply", async () => {
        at.server.behaviour = async (exchange) => {
          const messages = exchange.request.body.messages as { content: string }[];
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.text(messages.at(-1)?.content ?? "") + vendor.finish());
          exchange.end();
        };
        const provider = makeProvider(vendor, at.server.url, { fetch: at.fetch });
        const texts = Array.from({ length: 20 }, (_, n) => `reply ${n}`);
        const replies = await Promise.all(
          texts.map((content) =>
            new Call(provider, request({ messages: [{ role: "user", content }] })).reply(),
          ),
        );
        assert.deepEqual(
          replies.map(({ text }) => text),
          texts,
        );
      });

      it("sends the key as a bearer and keeps it out of everything else", async () => {
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.text("Eins") + vendor.finish());
          exchange.end();
        };
        const asked = request({ settings: { params: { user: `it is ${secretKey}` } } });
        const reply = await call({ key: secretKey }, asked).reply();
        const headers = at.server.received.at(-1)?.headers ?? {};
        assert.equal(headers.authorization, `Bearer ${secretKey}`);
        assert(!JSON.stringify({ ...headers, authorization: "" }).includes(secretKey));
        assert(!JSON.stringify(reply).includes(secretKey));
      });

      it("keeps the key out of an error that quotes it", async () => {
        at.server.behaviour = (exchange) => exchange.answer(401, vendor.errorBody(`wrong key ${secretKey}`));
        assert.match((await call({ key: secretKey }).error("unauthorized")).message, /wrong key \[key\]/);
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.error(`wrong key ${secretKey}`));
          exchange.end();
        };
        await call({ key: secretKey }).error("server_error");
      });

      it("keeps the key out of a reply that gives it back, in one piece and in many", async () => {
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.reasoning(`They sent ${secretKey.slice(0, 5)}`));
          await exchange.send(vendor.reasoning(`${secretKey.slice(5)}, hm.`));
          await exchange.send(vendor.text(`One ${secretKey} two `));
          for (const letter of `${secretKey} three ${encodeURIComponent(`?${secretKey}`)}`)
            await exchange.send(vendor.text(letter));
          await exchange.send(vendor.toolCall("read_file", { path: `a/${secretKey}/b` }));
          await exchange.send(vendor.text(` and ${secretKey.slice(0, 4)}`) + vendor.finish());
          exchange.end();
        };
        const made = call({ key: secretKey });
        const reply = await made.reply();
        assert.equal(reply.text, `One [key] two [key] three %3F[key] and ${secretKey.slice(0, 4)}`);
        assert.equal(made.shown, reply.text);
        assert.equal(reply.reasoning, "They sent [key], hm.");
        assert.deepEqual(JSON.parse(reply.toolCalls[0]?.argumentsJson ?? ""), { path: "a/[key]/b" });
        assert.match(reply.notices?.join() ?? "", /gave back the key/);
        assert(!JSON.stringify([reply, made.deltas]).includes(secretKey));
      });

      it("keeps the key out of the part of a reply that breaks off within it", async () => {
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.text(`One ${secretKey.slice(0, -1)}`));
          exchange.end();
        };
        const made = call({ key: secretKey });
        assert.equal((await made.error("stream_truncated")).partialText, "One [key]");
        assert.equal(made.shown, "One ");
      });

      it("keeps the key out of an error that is too long to be quoted whole", async () => {
        for (const cutAt of [1, 5, secretKey.length - 1]) {
          const message = `${"x".repeat(1000 - cutAt)}${secretKey} is wrong`;
          at.server.behaviour = (exchange) => exchange.answer(401, vendor.errorBody(message));
          const error = await call({ key: secretKey }).error("unauthorized");
          assert(!error.message.includes(secretKey.slice(0, 8)), error.message);
        }
      });

      it("leaves a reply without the key as it is, and says nothing", async () => {
        at.server.behaviour = async (exchange) => {
          exchange.begin(vendor.contentType);
          await exchange.send(vendor.text("sk-test-lamp"));
          await exchange.send(vendor.finish());
          exchange.end();
        };
        const reply = await call({ key: secretKey }).reply();
        assert.equal(reply.text, "sk-test-lamp");
        assert.equal(reply.notices, undefined);
      });

      it("sends no key that is none, and does not show it", async () => {
        at.server.received.length = 0;
        const error = await call({ key: `${secretKey}\nX-Header: 1` }).error("unauthorized");
        assert(!everythingIn(error).includes("X-Header"));
        await call({ key: " " }).error("unauthorized");
        assert.equal(at.server.received.length, 0);
      });

      it("sends no authorization and nothing about the machine when there is no key", async () => {
        process.env.OPENAI_API_KEY = secretKey;
        process.env.OPENAI_CUSTOM_HEADERS = `X-Own: ${secretKey}`;
        try {
          at.server.behaviour = (exchange) => exchange.answer(500, vendor.errorBody("stop"));
          await call().error("server_error");
        } finally {
          delete process.env.OPENAI_API_KEY;
          delete process.env.OPENAI_CUSTOM_HEADERS;
        }
        const headers = at.server.received.at(-1)?.headers ?? {};
        assert.equal(headers.authorization, undefined);
        assert(!JSON.stringify(headers).includes(secretKey));
        assert.deepEqual(
          Object.keys(headers).filter((name) => /stainless|platform|arch/.test(name)),
          [],
        );
        assert.equal(headers["user-agent"], "orket");
      });

      it("refuses params that change what a call is, before it sends anything", async () => {
        at.server.received.length = 0;
        const asked = request({ settings: { params: { stream: false } } });
        assert.match((await call({}, asked).error("bad_request")).message, /stream/);
        await call({}, request({ settings: { model: "" } })).error("bad_request");
        assert.equal(at.server.received.length, 0);
      });
    });
  }
}

describe("http-fetch", () => {
  it("gives up a connection that is never made", async () => {
    // A server that accepts and never speaks TLS: to the client the connection never stands.
    const sockets: Socket[] = [];
    const mute = createServer((socket) => sockets.push(socket));
    mute.listen(0, "127.0.0.1");
    await once(mute, "listening");
    const url = `https://127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const fetch = transports.find(({ name }) => name === "http-fetch")?.open();
    for (const vendor of vendors) {
      const provider = makeProvider(vendor, url, { fetch, timeouts: { connect_seconds: 0.2 } });
      const error = await new Call(provider).error("connect_timeout");
      assert.match(error.message, /connect_seconds/);
    }
    await fetch?.close();
    for (const socket of sockets) socket.destroy();
    mute.close();
  });
});
