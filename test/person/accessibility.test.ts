import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import type { Browser, Page } from "playwright-core";
import { launchBrowser } from "../integration/browser";
import { readThemes, startPanelServer, states } from "../panels/server";
import type { PanelName, PanelServer } from "../panels/server";

/** What axe reports of a page; only what is read here. */
interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly unknown[]; readonly failureSummary?: string }[];
}

const root = path.resolve(__dirname, "../..");
const axe = readFileSync(path.join(root, "node_modules/axe-core/axe.min.js"), "utf8");

/** States whose parts stand in others too: left out, since each theme is looked at. */
const left = new Set(["many-steps", "limit-cost", "pausing", "virtual", "million", "searching"]);

/** States that together have every colour: looked at in all themes, the others in one each, in turn. */
const colourful = new Set([
  "flows",
  "running",
  "question-after",
  "question-edited",
  "failed",
  "done",
  "live",
  "timeline",
  "usage",
]);

/** What stands in a state only once its content has come. */
const drawn: Readonly<Record<string, string>> = {
  live: "article",
  events: ".row",
  timeline: ".bar",
  usage: ".token-bar",
};

describe("the panels, read by axe", function () {
  this.timeout(120_000);
  let browser: Browser;
  let server: PanelServer;
  let themes: readonly string[];

  before(async () => {
    server = await startPanelServer();
    browser = await launchBrowser();
    // The fields and buttons of Solarized Light have less than 4.5 by its own choice.
    themes = Object.keys(await readThemes()).filter((name) => name !== "Solarized Light");
  });

  after(async () => {
    await browser?.close();
    await server?.close();
  });

  async function violations(page: Page): Promise<string[]> {
    const found = await page.evaluate(async () => {
      const { axe: reader } = window as unknown as {
        axe: { run(options: object): Promise<{ violations: Violation[] }> };
      };
      const { violations: all } = await reader.run({
        runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"] },
        // A panel is a part of the workbench's page, which has the heading of the first level.
        rules: { "page-has-heading-one": { enabled: false } },
      });
      return all.map(({ id, nodes }) => ({
        id,
        nodes: nodes.map(({ target, failureSummary }) => ({ target, failureSummary })),
      }));
    });
    return found.flatMap(({ id, nodes }) =>
      nodes.map(
        ({ target, failureSummary = "" }) =>
          `${id}: ${JSON.stringify(target)} ${failureSummary.split("\n")[1] ?? ""}`,
      ),
    );
  }

  // 150 pixels are what a view of 300 has at 200 %.
  it("fits every state of the conductor view into 220 pixels, and into 150", async () => {
    const page = await browser.newPage({ reducedMotion: "reduce" });
    const wide: string[] = [];
    for (const state of states.conductor) {
      await page.setViewportSize({ width: 220, height: 900 });
      await page.goto(server.page("conductor", state, "Dark High Contrast"));
      await page.locator("#app > *, #toolbar > h2").first().waitFor();
      // What is folded has a width, too.
      await page.evaluate(() => {
        for (const one of document.querySelectorAll("details")) one.open = true;
      });
      for (const width of [220, 150]) {
        await page.setViewportSize({ width, height: 900 });
        const beyond = await page.evaluate(() => {
          const room = document.documentElement.clientWidth;
          return [
            ...document.querySelectorAll("#app orket-button, #app p, #app h2, #app h3, #app li, #app span"),
          ]
            .filter((one) => one.getClientRects().length > 0 && getComputedStyle(one).position !== "absolute")
            .filter((one) => one.closest("pre") === null && one.getBoundingClientRect().right > room + 0.5)
            .map(({ textContent }) => textContent);
        });
        wide.push(...beyond.map((text) => `${state}, ${width}: ${text}`));
      }
    }
    await page.close();
    assert.deepEqual(wide, []);
  });

  it("begins a text that is written from right to left on the right, and any other on the left", async () => {
    const page = await browser.newPage({ viewport: { width: 300, height: 900 } });
    await page.goto(server.page("conductor", "other-scripts", "Light 2026"));
    await page.locator(".instruction").waitFor();
    /** From the text's first word to both sides of its element, in pixels. */
    const roomBeside = (selector: string): Promise<{ readonly left: number; readonly right: number }> =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => {
          for (let one: Element | null = element; one !== null; one = one.parentElement)
            if (one instanceof HTMLDetailsElement) one.open = true;
          const range = document.createRange();
          range.setStart(element.firstChild ?? element, 0);
          range.setEnd(element.firstChild ?? element, 3);
          const [word, box] = [range.getBoundingClientRect(), element.getBoundingClientRect()];
          return { left: word.left - box.left, right: box.right - word.right };
        });
    const arabic = await roomBeside(".instruction");
    const japanese = await roomBeside("pre.text");
    await page.close();

    assert.ok(arabic.right < 12 && arabic.left > 12, JSON.stringify(arabic));
    assert.ok(japanese.left < 12 && japanese.right > 12, JSON.stringify(japanese));
  });

  it("fits every state of a narrow session panel, also at 200 %: only tables scroll sideways, and the filters can be read", async () => {
    const page = await browser.newPage({ reducedMotion: "reduce" });
    const wrong: string[] = [];
    for (const state of states.session)
      for (const [width, height] of [
        [420, 320],
        [300, 500],
      ] as const) {
        await page.setViewportSize({ width, height });
        await page.goto(server.page("session", state, "Light High Contrast"));
        await page.locator("#toolbar > .title").waitFor();
        // Charts are left out where there is no room.
        if (drawn[state] !== undefined)
          await page.locator(drawn[state]).first().waitFor({ state: "attached" });
        const found = await page.evaluate(() => {
          const { scrollWidth, clientWidth } = document.documentElement;
          const cut = [...document.querySelectorAll("orket-dropdown")].flatMap((one) => {
            const value = one.shadowRoot?.querySelector(".selected-value");
            return value != null && value.scrollWidth > value.clientWidth ? [value.textContent.trim()] : [];
          });
          const isNamed = [...document.querySelectorAll("orket-dropdown")].every(
            (one) => one.getAttribute("title") !== null,
          );
          return [
            ...(scrollWidth > clientWidth ? [`${scrollWidth} pixels wide`] : []),
            ...cut.map((text) => `cuts ${text}`),
            ...(isNamed ? [] : ["a filter without a tooltip"]),
          ];
        });
        wrong.push(...found.map((text) => `${state}, ${width} × ${height}: ${text}`));
      }
    await page.close();
    assert.deepEqual(wrong, []);
  });

  // A panel of 1,000 by 600 pixels at 200 %.
  it("leaves half of a small session panel to its entries", async () => {
    const page = await browser.newPage({ viewport: { width: 500, height: 300 } });
    const heights: Record<string, number> = {};
    for (const [state, list] of Object.entries({ live: "#transcript-list", events: "#events" })) {
      await page.goto(server.page("session", state, "Light High Contrast"));
      await page.locator(`${list} article, ${list} .row`).first().waitFor();
      heights[state] = (await page.locator(list).boundingBox())?.height ?? 0;
    }
    await page.close();
    assert.deepEqual(
      Object.entries(heights).filter(([, height]) => height < 150),
      [],
    );
  });

  for (const panel of Object.keys(states) as PanelName[]) {
    for (const [index, state] of states[panel].filter((name) => !left.has(name)).entries()) {
      it(`finds nothing wrong in ${panel} ${state}${colourful.has(state) ? ", in any theme" : ""}`, async () => {
        const context = await browser.newContext({
          viewport: { width: panel === "conductor" ? 300 : 900, height: 900 },
          reducedMotion: "reduce",
          bypassCSP: true,
        });
        const wrong: string[] = [];
        const page = await context.newPage();
        const looked = colourful.has(state) ? themes : themes.slice(index % themes.length).slice(0, 1);
        for (const theme of looked) {
          await page.goto(server.page(panel, state, theme));
          await page.locator("#app > *, #toolbar > h2, #toolbar > .title").first().waitFor();
          // A view of the session panel asks for its content.
          if (drawn[state] !== undefined) await page.locator(drawn[state]).first().waitFor();
          await page.evaluate(axe);
          wrong.push(...(await violations(page)).map((text) => `${theme}: ${text}`));
        }
        await context.close();
        assert.deepEqual(wrong, []);
      });
    }
  }
});
