import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { Deadline } from "../../../src/adapters/provider/http/deadline";
import { ProviderError } from "../../../src/engine/error/provider-error";
import { CancelSource } from "../../../src/engine/port/cancellation";

const seconds = 0.05;
const timeouts = {
  connect_seconds: 10,
  first_token_seconds: seconds,
  idle_seconds: seconds,
  total_seconds: 600,
};

/** The process does nothing at all for longer than the deadline allows, as on a machine that is suspended. */
function sleepThrough(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 4000);
}

describe("The deadline of a call, after the process has slept through it", () => {
  let server: net.Server;
  let model: Socket;
  let reader: Socket;

  beforeEach(async () => {
    server = net.createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const connected = once(server, "connection");
    reader = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
    [model] = (await connected) as [Socket];
    await once(reader, "connect");
  });

  afterEach(() => {
    model.destroy();
    reader.destroy();
    server.close();
  });

  /** Reads until the whole reply, "end", is there. */
  const read = (deadline: Deadline): Promise<string> =>
    new Promise((resolve) => {
      deadline.begin();
      reader.on("data", (bytes) => {
        deadline.piece();
        if (bytes.toString().includes("end")) resolve("whole");
      });
    });

  it("reads what came meanwhile before it says that nothing came", async () => {
    const deadline = new Deadline(timeouts, new CancelSource());
    const reply = deadline.run(() => read(deadline));
    model.write("first ");
    await once(reader, "data");
    model.write("end");
    sleepThrough();

    assert.equal(await reply, "whole");
  });

  it("does so for the first piece, too, and for the next one its patience begins anew", async () => {
    const deadline = new Deadline(timeouts, new CancelSource());
    const reply = deadline.run(() => read(deadline));
    model.write("first ");
    sleepThrough();

    await assert.rejects(reply, (error) => error instanceof ProviderError && error.code === "idle_timeout");
  });

  it("says so when nothing came", async () => {
    const deadline = new Deadline(timeouts, new CancelSource());
    const reply = deadline.run(() => read(deadline));
    sleepThrough();

    await assert.rejects(
      reply,
      (error) => error instanceof ProviderError && error.code === "first_token_timeout",
    );
  });
});
