import path from "node:path";
import { SessionController } from "../src/app/session/controller";
import { CancelSource } from "../src/engine/port/cancellation";
import type { ModelProvider } from "../src/engine/port/model-provider";
import type { Definition } from "../src/engine/model/definition";
import { sessionScreen, TextCache } from "../src/host/conductor/conductor-screen";
import { Coalescer } from "../src/host/webview/coalesce";
import { StreamParts } from "../src/host/webview/stream-parts";
import type { ConductorMessage } from "../src/protocol/conductor";
import { definitionWith } from "../test/fakes/long-session";
import { optionsFor, PanelPage, screenFrameMs, sessionPage } from "./panel-page";
import type { Bench } from "./panel-page";
import type { BenchRow } from "./row";

const tokensPerSecond = 200;
/** `ORKET_BENCH_SECONDS=60` for the whole minute. */
const seconds = Number(process.env["ORKET_BENCH_SECONDS"] ?? "10");
const count = tokensPerSecond * seconds;
const token = (number: number): string => `word${number} `;
const last = `word${count - 1} `;
/** Longest frame, in frames of a screen: 50 ms. */
const longestFrames = 50 / screenFrameMs;

/** Begins when it is told to, then says a token every 5 ms, and ends when it is told to. */
class PacedModel implements ModelProvider {
  readonly #gates = [new CancelSource(), new CancelSource()] as const;

  begin(): void {
    this.#gates[0].cancel();
  }

  end(): void {
    this.#gates[1].cancel();
  }

  async call(...[, onDelta]: Parameters<ModelProvider["call"]>): ReturnType<ModelProvider["call"]> {
    await opened(this.#gates[0]);
    const start = performance.now();
    let text = "";
    let said = 0;
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        const due = Math.min(count, Math.floor(((performance.now() - start) / 1000) * tokensPerSecond));
        for (; said < due; said += 1) {
          text += token(said);
          onDelta({ kind: "text", text: token(said) });
        }
        if (said < count) return;
        clearInterval(timer);
        resolve();
      }, 1000 / tokensPerSecond);
    });
    await opened(this.#gates[1]);
    return { text, toolCalls: [], finishReason: "stop", usage: {} } as unknown as Awaited<
      ReturnType<ModelProvider["call"]>
    >;
  }
}

const opened = (gate: CancelSource): Promise<void> =>
  new Promise((resolve) => {
    if (gate.aborted) resolve();
    else gate.addEventListener("abort", () => resolve());
  });

function definition(): Definition {
  const { venue, ...rest } = definitionWith(1);
  return {
    ...rest,
    venue: {
      ...venue,
      provider: "vscode-lm",
      model: "paced",
      timeouts: { connect_seconds: 300, first_token_seconds: 300, idle_seconds: 300, total_seconds: 300 },
    },
  };
}

/** The conductor view of a session, told what the editor tells it. */
async function conductorPage({ browser, server }: Bench, controller: SessionController): Promise<PanelPage> {
  const texts = new TextCache();
  const parts = new StreamParts();
  let send: (message: ConductorMessage) => Promise<void> = () => Promise.resolve();
  const screen = async (type: "screen" | "update"): Promise<void> => {
    const session = await sessionScreen(controller, texts, Date.now());
    const shown = { place: "ready" as const, session, flows: [] };
    await send(
      type === "screen" ? { type, screen: shown, streams: controller.streams } : { type, screen: shown },
    );
  };
  const failed = (error: unknown): never => {
    throw error;
  };
  const updates = new Coalescer(50, () => screen("update"), failed);
  const streams = new Coalescer(
    50,
    () => send({ type: "stream", session: controller.id, parts: parts.drain() }),
    failed,
  );
  controller.listen({
    changed: () => updates.request(),
    streamed: (part) => {
      parts.take(part);
      streams.request();
    },
  });
  return PanelPage.open(browser, server, {
    panel: "conductor",
    first: "#headline",
    onRequest: (request: { type: string }, page) => {
      if (request.type !== "ready") return;
      send = (message) => page.send(message);
      void screen("screen");
    },
  });
}

type Open = (controller: SessionController) => Promise<PanelPage>;

async function streamedInto(bench: Bench, name: string, shown: string, open: Open): Promise<BenchRow[]> {
  const folder = path.join(bench.folder, name.replaceAll(" ", "-"));
  const model = new PacedModel();
  const controller = await SessionController.start(definition(), {
    ...optionsFor(folder),
    vscodeLm: () => model,
  });
  const page = await open(controller);
  await page.paintedMs();
  const quiet = await page.framesDuring(() => new Promise((resolve) => setTimeout(resolve, seconds * 1000)));
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  const frames = await page.framesDuring(async () => {
    model.begin();
    await page.untilText(shown, new RegExp(`${last}$`));
  });
  const { user, system } = process.cpuUsage(cpu);
  const wallMs = performance.now() - start;
  const received = await page.streamedLength();
  const text = await page.text(shown);
  const said = Array.from({ length: count }, (_, number) => token(number)).join("");
  model.end();
  await page.close();
  await controller.dispose();
  const label = `${name}, ${tokensPerSecond} tokens/s for ${seconds} s`;
  const frameMs = Math.max(bench.frameMs, ...quiet);
  return [
    {
      name: `${label}: longest frame`,
      value: Math.max(...frames) / frameMs,
      unit: "× quiet frame",
      atMost: longestFrames,
      note: `${Math.max(...frames).toFixed(1)} ms; quiet: ${frameMs.toFixed(1)} ms`,
    },
    {
      name: `${label}: characters lost`,
      value: said.length - received + (said.endsWith(text) ? 0 : Infinity),
      unit: "",
      atMost: 0,
    },
    { name: `${label}: host's CPU`, value: (user + system) / 10 / wallMs, unit: "% of a core", atMost: 20 },
  ];
}

/** A reply as it streams in, in both views that show it. */
export async function streamRows(bench: Bench): Promise<BenchRow[]> {
  return [
    ...(await streamedInto(bench, "conductor view", ".stream", (controller) =>
      conductorPage(bench, controller),
    )),
    ...(await streamedInto(bench, "session panel", ".entry .said", async (controller) => {
      const { page, feed } = await sessionPage(bench, controller);
      controller.listen({ changed: () => feed.changed() });
      return page;
    })),
  ];
}
