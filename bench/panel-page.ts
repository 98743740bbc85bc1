import type { Browser, CDPSession, Page } from "playwright-core";
import type { SessionController } from "../src/app/session/controller";
import type { RuntimeOptions } from "../src/app/session/session";
import { SessionFeed } from "../src/host/event-panel/session-feed";
import { noFilter } from "../src/protocol/session-panel";
import type { PanelMessage } from "../src/protocol/session-panel";
import type { PanelRequest } from "../src/protocol/session-requests";
import type { PanelName, PanelServer } from "../test/panels/server";

/** The time between two frames of a screen, in milliseconds. */
export const screenFrameMs = 1000 / 60;

export interface Bench {
  readonly browser: Browser;
  readonly server: PanelServer;
  readonly folder: string;
  /** A frame of this run, in milliseconds. */
  readonly frameMs: number;
}

/** What a page does for the bench, beside what it does in the editor. */
interface BenchWindow {
  /** When the first content was painted, in milliseconds after the navigation. */
  readonly painted: Promise<number>;
  /** Every streamed character that arrived. */
  readonly streamed: { length: number };
  /** Begins to note the time between frames; the returned function ends it. */
  noteFrames(): () => readonly number[];
  /** Scrolls, and returns the time from the first frame at the new place to that with all of its rows, in milliseconds. */
  jump(share: number): Promise<number>;
}

declare global {
  var orketBench: BenchWindow;
}

/** The stand-in for the extension: passes everything on, and measures. Written as text, since it runs under the page's policy. */
const standIn = (kept: unknown, first: string): string => `"use strict";
const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
const untilFrame = async (isSo) => {
  for (;;) {
    const at = await frame();
    if (isSo()) return at;
  }
};
window.orketBench = {
  streamed: { length: 0 },
  painted: untilFrame(() => document.querySelector(${JSON.stringify(first)}) !== null).then(frame),
  noteFrames() {
    const gaps = [];
    let last;
    let on = true;
    const note = (at) => {
      if (last !== undefined) gaps.push(at - last);
      last = at;
      if (on) requestAnimationFrame(note);
    };
    requestAnimationFrame(note);
    return () => {
      on = false;
      return gaps;
    };
  },
  async jump(share) {
    const list = document.getElementById("list");
    const top = Math.round(share * (list.scrollHeight - list.clientHeight));
    list.scrollTop = top;
    const begun = await frame();
    const isDrawn = () => {
      const box = list.getBoundingClientRect();
      const rows = [...list.querySelectorAll(".row")].filter((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return bottom > box.top && top < box.bottom;
      });
      return rows.length > 5 && rows.every((row) => row.querySelector(".cell-seq").textContent !== "");
    };
    return (await untilFrame(isDrawn)) - begun;
  },
};
window.addEventListener("message", ({ data }) => {
  if (data.type === "stream") for (const { text } of data.parts) window.orketBench.streamed.length += text.length;
});
window.acquireVsCodeApi = () => ({
  getState: () => (${JSON.stringify(kept ?? null)}) ?? undefined,
  setState: () => undefined,
  postMessage: (message) => window.toHost(JSON.stringify(message)),
});`;

interface Options {
  readonly panel: PanelName;
  /** What the panel kept before. */
  readonly kept?: unknown;
  /** Selects what counts as its first content. */
  readonly first: string;
  readonly onRequest: (request: never, page: PanelPage) => unknown;
}

/** A panel in Chromium: the page and the bundle that the editor loads, with the bench in the place of the editor. */
export class PanelPage {
  readonly #page: Page;
  readonly #devtools: CDPSession;

  private constructor(page: Page, devtools: CDPSession) {
    this.#page = page;
    this.#devtools = devtools;
  }

  static async open(browser: Browser, server: PanelServer, options: Options): Promise<PanelPage> {
    const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("Performance.enable");
    const opened = new PanelPage(page, devtools);
    // Directly over the protocol, since what Playwright offers for it takes longer than the editor's own way.
    devtools.on("Runtime.bindingCalled", ({ payload }) => {
      options.onRequest(JSON.parse(payload) as never, opened);
    });
    await devtools.send("Runtime.enable");
    await devtools.send("Runtime.addBinding", { name: "toHost" });
    await page.route("**/stand-in.js*", (route) =>
      route.fulfill({ contentType: "text/javascript", body: standIn(options.kept, options.first) }),
    );
    // Any state: its fixture is never asked for.
    const state = { session: "few", conductor: "running", flow: "plan" }[options.panel];
    await page.goto(server.page(options.panel, state, "Dark 2026"), { waitUntil: "commit" });
    return opened;
  }

  /** Nobody hears what is sent to a page that was closed. */
  async send(message: unknown): Promise<void> {
    try {
      const expression = `void window.postMessage(${JSON.stringify(message)}, "*")`;
      await this.#devtools.send("Runtime.evaluate", { expression });
    } catch (error) {
      if (!this.#page.isClosed()) throw error;
    }
  }

  async paintedMs(): Promise<number> {
    await this.#page.waitForFunction(() => "orketBench" in window);
    return this.#page.evaluate(() => window.orketBench.painted);
  }

  jumpMs(share: number): Promise<number> {
    return this.#page.evaluate((to) => window.orketBench.jump(to), share);
  }

  /** The times between frames, in milliseconds, while the work is done. */
  async framesDuring(work: () => Promise<unknown>): Promise<readonly number[]> {
    const end = await this.#page.evaluateHandle(() => window.orketBench.noteFrames());
    await work();
    return end.evaluate((stop) => stop());
  }

  streamedLength(): Promise<number> {
    return this.#page.evaluate(() => window.orketBench.streamed.length);
  }

  async text(selector: string): Promise<string> {
    return (await this.#page.locator(selector).last().textContent()) ?? "";
  }

  /** Waits until the last element that the selector finds has a text that passes. */
  async untilText(selector: string, passes: RegExp): Promise<void> {
    await this.#page.waitForFunction(
      ([wanted, source]) =>
        new RegExp(source).test([...document.querySelectorAll(wanted)].at(-1)?.textContent ?? ""),
      [selector, passes.source] as const,
      { timeout: 120_000, polling: 20 },
    );
  }

  /** Memory of what is still used, in megabytes. */
  async heapMb(): Promise<number> {
    await this.#devtools.send("HeapProfiler.collectGarbage");
    return (await this.#metric("JSHeapUsedSize")) / 1e6;
  }

  /** Work of the page's thread so far, in milliseconds: scripts, styles, layout, painting. */
  async workedMs(): Promise<number> {
    return (await this.#metric("TaskDuration")) * 1000;
  }

  async #metric(wanted: string): Promise<number> {
    const { metrics } = await this.#devtools.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === wanted)?.value ?? NaN;
  }

  close(): Promise<void> {
    return this.#page.close();
  }
}

export const optionsFor = (folder: string): RuntimeOptions => ({
  workDomain: folder,
  startDirectory: folder,
  engineVersion: "bench",
  startedBy: "library",
  resolveSecret: () => Promise.resolve(""),
});

/** A session panel with its feed. */
export async function sessionPage(
  { browser, server }: Pick<Bench, "browser" | "server">,
  controller: SessionController,
  view: "transcript" | "events" = "transcript",
): Promise<{ page: PanelPage; feed: SessionFeed }> {
  let send: (message: PanelMessage) => Promise<void> = () => Promise.resolve();
  const feed = new SessionFeed(controller, {
    send: (message) => send(message),
    artifacts: () => [],
    textOf: String,
    atRest: () => undefined,
    failed: (error) => {
      throw error;
    },
  });
  const page = await PanelPage.open(browser, server, {
    panel: "session",
    kept: { folder: "", session: controller.id, view, filter: noFilter },
    first: view === "transcript" ? "article" : ".row .cell-seq:not(:empty)",
    onRequest: (request: PanelRequest, opened) => {
      send = (message) => opened.send(message);
      const handlers = feed.handlers as Partial<Record<string, (request: PanelRequest) => unknown>>;
      return handlers[request.type]?.(request);
    },
  });
  return { page, feed };
}
