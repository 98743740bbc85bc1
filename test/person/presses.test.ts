import assert from "node:assert/strict";
import type { Browser, Locator, Page } from "playwright-core";
import { inParallel } from "../../src/app/in-parallel";
import type { ConductorMessage, ConductorScreen, SessionScreen } from "../../src/protocol/conductor";
import { armingMs } from "../../src/protocol/press-guard";
import { launchBrowser } from "../integration/browser";
import { approval, conductorFixtures, screen, session } from "../panels/screens";
import { startPanelServer } from "../panels/server";
import type { PanelServer } from "../panels/server";
import { pace } from "../until";

/*
 * The conductor view in a browser, with a hand on the mouse and the keyboard. After each answer the next question comes
 * within 20 ms and lies under the pointer, as it does in a quick session.
 */

interface Sent {
  /** On the page's clock. */
  readonly at: number;
  readonly request: { readonly type: string; readonly request?: number };
}

declare global {
  interface Window {
    requests: Sent[];
    next: ConductorMessage[];
  }
}

/** The same screen about other things: what lies under the pointer when an answer was given. */
function following(of: ConductorScreen): ConductorScreen {
  const { session: before } = of;
  if (before === null) return of;
  const changed: SessionScreen = {
    ...before,
    approvals: before.approvals.map((one) => ({ ...one, id: `${one.id}-next`, sha256: "1".repeat(64) })),
    failures: before.failures.map((one) => ({ ...one, message: `${one.message} Again.` })),
    ...(before.status === "paused" && before.failures.length === 0 && before.limit === undefined
      ? { status: "running" as const }
      : {}),
    ...(before.status === "running" && before.approvals.length === 0 ? { status: "paused" as const } : {}),
    ...(before.limit === undefined ? {} : { limit: { ...before.limit, used: before.limit.used + 1 } }),
    roles: before.roles.map((role) => ({ ...role, enabled: !role.enabled })),
  };
  return { ...of, session: changed };
}

describe("an answer is given by who could have read the question", function () {
  this.timeout(90_000);
  let browser: Browser;
  let server: PanelServer;

  before(async () => {
    server = await startPanelServer();
    browser = await launchBrowser();
  });

  after(async () => {
    await browser?.close();
    await server?.close();
  });

  async function open(state: string): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 320, height: 1600 } });
    await page.goto(server.page("conductor", state, "Dark 2026"));
    await page.locator("#app > *").first().waitFor();
    return page;
  }

  /** What was decided so far, and when. */
  const decided = (page: Page): Promise<{ readonly type: string; readonly at: number }[]> =>
    page.evaluate(() =>
      window.requests
        .filter(({ request }) => request.request !== undefined || request.type === "run_flow")
        .map(({ at, request }) => ({ at, type: request.type })),
    );

  const decisions = async (page: Page): Promise<string[]> => (await decided(page)).map(({ type }) => type);

  /** Waits until the control takes a press. */
  async function armed(control: Locator): Promise<void> {
    // The toolkit's own elements have no role by which Playwright would know them as disabled.
    await control.and(control.page().locator(":not([aria-disabled=true])")).waitFor();
    await control.click({ trial: true });
  }

  const button = (page: Page, name: string): Locator => page.getByRole("button", { name, exact: true });

  async function queue(page: Page, state: string, count = 8): Promise<void> {
    const fixture = conductorFixtures[state];
    assert.ok(fixture !== undefined);
    const next: ConductorMessage[] = [];
    let { screen: last } = fixture;
    for (let index = 0; index < count; index += 1)
      next.push({ type: "update", screen: (last = following(last)) });
    await page.evaluate((messages) => (window.next = messages), next);
  }

  async function centerOf(control: Locator): Promise<{ readonly x: number; readonly y: number }> {
    const box = await control.boundingBox();
    assert.ok(box !== null);
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }

  /** The states that have controls of their own; the switches of the roles are tried in one of them. */
  const deciding = [
    "running",
    "two-questions",
    "question-after",
    "question-before",
    "question-edited",
    "refused",
    "failed",
    "interrupted",
    "limit",
    "paused",
    "flows",
  ];
  // What is folded away is tried in one state, as the switches are.
  const unfolded = "running";
  const controls = (page: Page, state: string): Locator =>
    page.locator(
      `orket-button:not([disabled]):visible${state === unfolded ? ", .switch:not([disabled]):visible" : ""}`,
    );

  /** Waits until the state is drawn, with everything in view that can be pressed. */
  async function whole(page: Page, state: string): Promise<void> {
    await controls(page, state).first().waitFor();
    if (state !== unfolded) return;
    await page.locator("details").first().waitFor();
    await page.evaluate(() => {
      for (const one of document.querySelectorAll("details")) one.open = true;
    });
  }

  /** Clicks three times on every control, and returns the controls that answered, and those that did so too quickly. */
  async function tryEach(state: string): Promise<{ readonly answered: number; readonly wrong: string[] }> {
    const page = await open(state);
    await whole(page, state);
    const count = await controls(page, state).count();
    const wrong: string[] = [];
    let answered = 0;
    for (let index = 0; index < count; index += 1) {
      if (index > 0) {
        await page.reload();
        await whole(page, state);
      }
      await queue(page, state);
      const control = controls(page, state).nth(index);
      await armed(control);
      const { x, y } = await centerOf(control);
      await page.mouse.click(x, y);
      for (const gapMs of [150, 420]) {
        await pace(gapMs);
        await page.mouse.click(x, y);
      }
      const answers = await decided(page);
      if (answers.length > 0) answered += 1;
      // On a busy machine a click comes late, and may count.
      const gapsMs = answers.slice(1).map(({ at }, before) => at - (answers[before]?.at ?? 0));
      if (gapsMs.some((gapMs) => gapMs < armingMs))
        wrong.push(`${state}, control ${index}: ${answers.map(({ type }) => type).join(", ")}`);
    }
    await page.close();
    return { answered, wrong };
  }

  it("takes one of quick clicks on every control of every state that has a decision", async () => {
    const wrong: string[] = [];
    const silent: string[] = [];
    // Most of the time goes into the gaps between the clicks: the pages spend it together.
    await inParallel(deciding, 6, async (state) => {
      const found = await tryEach(state);
      wrong.push(...found.wrong);
      if (found.answered === 0) silent.push(state);
    });
    assert.deepEqual(wrong, []);
    assert.deepEqual(silent, [], "no click counted at all");
  });

  it("takes no click on a question that has just come", async () => {
    const page = await open("question-before");
    const approve = button(page, "Approve");
    const { x, y } = await centerOf(approve);
    await page.mouse.click(x, y);

    assert.deepEqual(await decisions(page), []);
    await approve.click();
    assert.deepEqual(await decisions(page), ["answer"]);
    await page.close();
  });

  it("answers one question with a true double click", async () => {
    const page = await open("question-before");
    await queue(page, "question-before");
    const approve = button(page, "Approve");
    await armed(approve);
    await approve.dblclick();

    assert.deepEqual(await decisions(page), ["answer"]);
    await page.close();
  });

  it("answers one question however long Enter is held down, and the next one after a look at it", async () => {
    const page = await open("question-before");
    await queue(page, "question-before");
    const approve = button(page, "Approve");
    await armed(approve);
    await approve.focus();
    await page.keyboard.down("Enter");
    for (let at = 0; at < 2 * armingMs; at += 40) {
      await pace(40);
      await page.keyboard.down("Enter");
    }
    await page.keyboard.up("Enter");

    assert.deepEqual(await decisions(page), ["answer"]);
    await approve.click();
    assert.deepEqual(await decisions(page), ["answer", "answer"]);
    await page.close();
  });

  it("drops a click that was on its way when the question changed", async () => {
    const page = await open("question-before");
    const approve = button(page, "Approve");
    await armed(approve);
    const { x, y } = await centerOf(approve);
    await page.mouse.move(x, y);
    await page.mouse.down();
    const next: ConductorMessage = {
      type: "update",
      screen: screen(session({ approvals: [approval({ id: "a9", step: "other", sha256: "9".repeat(64) })] })),
    };
    await page.evaluate((message) => window.postMessage(message, "*"), next);
    await page.getByRole("heading", { name: "Begin other?" }).waitFor();
    await page.mouse.up();

    assert.deepEqual(await decisions(page), []);
    await page.close();
  });

  it("waits again when a control moved away from under the pointer", async () => {
    const page = await open("two-questions");
    const second = button(page, "Approve").nth(1);
    await armed(second);
    const next: ConductorMessage = {
      type: "update",
      screen: screen(session({ approvals: [approval({ id: "a4", step: "t1", role: "tester" })] })),
    };
    await page.evaluate((message) => window.postMessage(message, "*"), next);
    const moved = button(page, "Approve");
    await page.locator("orket-button[aria-disabled=true]", { hasText: "Approve" }).waitFor();
    const { x, y } = await centerOf(moved);
    await page.mouse.click(x, y);

    assert.deepEqual(await decisions(page), []);
    await page.close();
  });

  it("has Resume nowhere where Pause was", async () => {
    const page = await open("running");
    const pause = await centerOf(button(page, "Pause"));
    await page.close();
    const paused = await open("paused");
    const resume = await button(paused, "Resume").boundingBox();
    assert.ok(resume !== null);

    const inside = pause.x >= resume.x && pause.x <= resume.x + resume.width;
    assert.ok(!inside || pause.y < resume.y || pause.y > resume.y + resume.height);
    await paused.close();
  });
});
