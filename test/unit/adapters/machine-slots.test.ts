import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { CallSlots } from "../../../src/adapters/provider/call-slots";
import { MachineSlots } from "../../../src/adapters/provider/machine-slots";
import { CancelSource } from "../../../src/engine/port/cancellation";
import type {
  ModelDelta,
  ModelProvider,
  ModelReply,
  ModelRequest,
} from "../../../src/engine/port/model-provider";
import { doneReply as reply } from "../../fakes/done-reply";
import { environment } from "../../fakes/session";
import { until } from "../../until";

/** A backend whose calls are answered when the test says so. */
class HeldModel implements ModelProvider {
  readonly calls: { readonly session: string; readonly answer: () => void }[] = [];

  call({ origin: { session } }: ModelRequest): Promise<ModelReply> {
    return new Promise((resolve) => this.calls.push({ session, answer: () => resolve(reply) }));
  }
}

const child = path.resolve(__dirname, "../../fakes/slot-child.ts");
const hook = path.resolve(__dirname, "../../../scripts/transpile-hook.cjs");

describe("the slots of a Venue on a machine", () => {
  let folder: string;
  let model: HeldModel;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "orket-machine-slots-"));
    model = new HeldModel();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Another window or terminal: it shares nothing but the folder. */
  const other = (): CallSlots => new CallSlots(() => new MachineSlots(folder, environment()));
  const waits: ModelDelta[] = [];
  const call = (
    slots: CallSlots,
    session: string,
    { cancellation = new CancelSource(), count = 1 } = {},
  ): Promise<ModelReply> =>
    slots
      .bound(model, "openai http://127.0.0.1:1", count)
      .call({ origin: { session } } as ModelRequest, (delta) => waits.push(delta), cancellation);
  const begun = (count: number): Promise<unknown> =>
    until(`${count} calls have begun`, () => model.calls.length === count);
  const files = (): string[] => {
    const [place] = readdirSync(folder);
    return place === undefined ? [] : readdirSync(path.join(folder, place)).sort();
  };

  it("are shared by all processes, which get them in the order in which they asked", async () => {
    const windows = [other(), other(), other()] as const;
    const first = call(windows[0], "first");
    await begun(1);
    const second = call(windows[1], "second");
    await until("the second has its ticket", () => files().some((name) => name.startsWith("wait-")));
    const third = call(windows[2], "third");
    await until(
      "the third has its ticket",
      () => files().filter((name) => name.startsWith("wait-")).length === 2,
    );
    const fourth = call(windows[0], "fourth");
    await until("all wait", () => files().filter((name) => name.startsWith("wait-")).length === 2);
    assert.equal(model.calls.length, 1);
    await until("it is said for whom", () =>
      waits.some((delta) => delta.kind === "waiting" && delta.behind.join() === "first"),
    );

    for (let count = 1; count <= 4; count += 1) {
      await begun(count);
      model.calls[count - 1]?.answer();
    }
    await Promise.all([first, second, third, fourth]);
    assert.deepEqual(
      model.calls.map(({ session }) => session),
      ["first", "second", "third", "fourth"],
    );
    assert.deepEqual(files(), []);
  });

  it("are as many as the Venue says", async () => {
    const calls = ["a", "b", "c"].map((session) => call(other(), session, { count: 2 }));
    await begun(2);
    await until("the third waits", () => files().some((name) => name.startsWith("wait-")));
    assert.equal(model.calls.length, 2);
    model.calls[1]?.answer();
    await begun(3);
    for (const { answer } of model.calls) answer();
    await Promise.all(calls);
  });

  it("are free again when the process that had one was killed, and a killed one that waited holds up nobody", async function () {
    if (process.platform === "win32") this.skip();
    const start = (session: string) => {
      const started = spawn(process.execPath, ["--require", hook, child, folder, session], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let said = "";
      started.stdout.on("data", (part: Buffer) => (said += part.toString()));
      const ended = new Promise((resolve) => started.once("exit", resolve));
      return { kill: () => (started.kill("SIGKILL"), ended), said: () => said };
    };
    const holder = start("holder");
    await until("another process has the slot", () => holder.said().includes("has it"));
    const waiting = start("waiting");
    await until("a second one waits", () => waiting.said().includes("waits for holder"));
    const own = call(other(), "own");
    await until("two wait", () => files().filter((name) => /^wait-[^.]*$/.test(name)).length === 2);

    await waiting.kill();
    assert.equal(model.calls.length, 0);
    await holder.kill();
    await begun(1);
    model.calls[0]?.answer();
    await own;
    assert.deepEqual(files(), []);
  });

  it("are not taken by a call that was cancelled while it waited", async () => {
    const first = call(other(), "first");
    await begun(1);
    const cancellation = new CancelSource();
    const second = call(other(), "second", { cancellation });
    await until("the second waits", () => files().some((name) => name.startsWith("wait-")));
    cancellation.cancel();
    await assert.rejects(second, /cancelled while it waited/);
    assert.equal(
      files().some((name) => name.startsWith("wait-")),
      false,
    );
    model.calls[0]?.answer();
    await first;
    assert.deepEqual(files(), []);
  });

  it("count for this process alone where the disk has no place for them, and the reply says so", async () => {
    const blocked = path.join(folder, "file");
    writeFileSync(blocked, "");
    const slots = new CallSlots(() => new MachineSlots(path.join(blocked, "slots"), environment()));
    const first = call(slots, "first");
    const second = call(slots, "second");
    await begun(1);
    model.calls[0]?.answer();
    assert.match((await first).notices?.join() ?? "", /calls of other windows .* were not counted/);
    await begun(2);
    model.calls[1]?.answer();
    await second;
  });
});
