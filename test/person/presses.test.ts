import assert from "node:assert/strict";
import type { Browser, Locator, Page } from "playwright-core";
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

  /** What was decided so far. */
  const decided = (page: Page): Promise<string[]> =>
    page.evaluate(() =>
      window.requests
        .filter(({ request }) => request.request !== undefined || request.type === "run_flow")
        .map(({ request }) => request.type),
    );

  /** Waits until the control takes a press. */
  const armed = (control: Locator): Promise<void> => control.click({ trial: true });

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
    "flows",
    "running",
    "question-before",
    "question-after",
    "question-edited",
    "two-questions",
    "failed",
    "limit",
    "paused",
    "interrupted",
    "refused",
  ];
  for (const state of deciding) {
    it(`takes one of quick clicks on every control of ${state}`, async () => {
      const page = await open(state);
      // What is folded away is tried in one state, as the switches are.
      const whole = state === "running";
      const pressable = `orket-button:not([disabled]):visible${whole ? ", .switch:not([disabled]):visible" : ""}`;
      const unfold = async (): Promise<void> => {
        if (!whole) return;
        await page.evaluate(() => {
          for (const one of document.querySelectorAll("details")) one.open = true;
        });
      };
      await unfold();
      await page.locator(pressable).first().waitFor();
      const count = await page.locator(pressable).count();
      for (let index = 0; index < count; index += 1) {
        if (index > 0) {
          await page.reload();
          await page.locator("#app > *").first().waitFor();
          await unfold();
        }
        await queue(page, state);
        const control = page.locator(pressable).nth(index);
        await armed(control);
        const { x, y } = await centerOf(control);
        await page.mouse.click(x, y);
        for (const gapMs of [150, 420]) {
          await pace(gapMs);
          await page.mouse.click(x, y);
        }
        const answers = await decided(page);
        assert.ok(answers.length <= 1, `control ${index}: ${answers.join(", ")}`);
      }
      await page.close();
    });
  }

  it("takes no click on a question that has just come", async () => {
    const page = await open("question-before");
    const approve = button(page, "Approve");
    const { x, y } = await centerOf(approve);
    await page.mouse.click(x, y);

    assert.deepEqual(await decided(page), []);
    await approve.click();
    assert.deepEqual(await decided(page), ["answer"]);
    await page.close();
  });

  it("answers one question with a true double click", async () => {
    const page = await open("question-before");
    await queue(page, "question-before");
    const approve = button(page, "Approve");
    await armed(approve);
    await approve.dblclick();

    assert.deepEqual(await decided(page), ["answer"]);
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

    assert.deepEqual(await decided(page), ["answer"]);
    await approve.click();
    assert.deepEqual(await decided(page), ["answer", "answer"]);
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

    assert.deepEqual(await decided(page), []);
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

    assert.deepEqual(await decided(page), []);
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
