import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { CallSlots } from "../../../src/adapters/provider/call-slots";
import { createProvider } from "../../../src/adapters/provider/provider-factory";
import { SessionController } from "../../../src/app/session/controller";
import { sessionScreen, TextCache } from "../../../src/host/conductor/conductor-screen";
import type { ModelProvider, ModelReply, ModelRequest } from "../../../src/engine/port/model-provider";
import { doneReply as reply } from "../../fakes/done-reply";
import { definitionOf, step } from "../../fakes/engine-harness";
import { libraryOptions } from "../../fakes/library-run";
import { until } from "../../until";

/** A model that answers when it is told to, one call after the other. */
class SlowModel implements ModelProvider {
  readonly calls: { readonly session: string; readonly answer: () => void }[] = [];

  call(
    { origin }: ModelRequest,
    ...[, cancellation]: [unknown, Parameters<ModelProvider["call"]>[2]]
  ): Promise<ModelReply> {
    return new Promise((resolve, reject) => {
      cancellation.addEventListener("abort", () => reject(new Error("cancelled")));
      this.calls.push({ session: origin.session, answer: () => resolve(reply) });
    });
  }
}

describe("a Venue with one slot", () => {
  let folder: string;
  let model: SlowModel;
  let slots: CallSlots;
  let open: SessionController[];

  const start = async (name: string): Promise<SessionController> => {
    const place = path.join(folder, name);
    mkdirSync(place, { recursive: true });
    const definition = definitionOf([step("only", "listener")], { name });
    Object.assign(definition.venue, { provider: "vscode-lm", model: "slow", slots: 1 });
    const options = libraryOptions(place, { slots, vscodeLm: () => model });
    const controller = await SessionController.start(definition, options);
    open.push(controller);
    return controller;
  };
  const stepOf = async (controller: SessionController) => {
    const screen = await sessionScreen(controller, new TextCache(), Date.now());
    return screen.steps[0];
  };
  const begun = async (count: number): Promise<string> => {
    await until(`${count} calls have begun`, () => model.calls.length === count);
    return model.calls[count - 1]?.session ?? "";
  };

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "orket-slots-"));
    model = new SlowModel();
    slots = new CallSlots();
    open = [];
  });

  afterEach(async () => {
    for (const controller of open) await controller.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  it("answers the sessions in the order in which they asked, and each that waits says for whom", async () => {
    const first = await start("first");
    assert.equal(await begun(1), first.id);
    const second = await start("second");
    await until("the second waits", () => second.waiting.size > 0);
    const third = await start("third");
    await until("the third waits", () => third.waiting.size > 0);

    const ending = first.id.split("Z-")[1] ?? "?";
    assert.equal((await stepOf(second))?.activity, `waits for its turn: the model is answering ${ending}`);
    assert.equal((await stepOf(first))?.activity, "waits for the model");
    assert.equal(model.calls.length, 1);

    model.calls[0]?.answer();
    assert.equal(await begun(2), second.id);
    await until("the second has its turn", () => second.waiting.size === 0);
    assert.deepEqual([...third.waiting.values()], [[second.id]]);
    model.calls[1]?.answer();
    assert.equal(await begun(3), third.id);
    model.calls[2]?.answer();
    await until("all have ended", () => open.every(({ state }) => state.status === "ended"));
  });

  it("goes on to the next when a session that waits is stopped, and when the one that is answered is", async () => {
    const first = await start("first");
    await begun(1);
    const second = await start("second");
    await until("the second waits", () => second.waiting.size > 0);
    const third = await start("third");
    await until("the third waits", () => third.waiting.size > 0);

    await second.adjust({ kind: "stop" });
    await until("the second has ended", () => second.state.status === "ended");
    assert.equal(model.calls.length, 1);
    await first.adjust({ kind: "stop" });
    assert.equal(await begun(2), third.id);
    assert.equal(second.waiting.size, 0);
    model.calls[1]?.answer();
    await until("the third has ended", () => third.state.status === "ended");
  });

  it("is one backend for all Venues that name it, and bounds no other", async () => {
    const made = (endpoint: string) =>
      createProvider(
        {
          provider: "vscode-lm",
          endpoint,
          slots: 1,
          timeouts: { connect_seconds: 1, first_token_seconds: 1, idle_seconds: 1, total_seconds: 1 },
        },
        { slots, vscodeLm: () => model, resolveSecret: () => Promise.resolve("") },
      );
    const call = async (endpoint: string): Promise<ModelReply> =>
      (await made(endpoint)).call(
        { origin: { session: endpoint } } as ModelRequest,
        () => undefined,
        new AbortController().signal,
      );
    const replies = [call("one"), call("one"), call("two")];
    await begun(2);

    assert.deepEqual(
      model.calls.map(({ session }) => session),
      ["one", "two"],
    );
    for (let count = 1; count <= 3; count += 1) {
      await begun(Math.max(2, count));
      model.calls[count - 1]?.answer();
    }
    await Promise.all(replies);
  });
});
