import type { FrameLocator, Locator } from "playwright-core";
import { armingMs } from "../../src/protocol/press-guard";
import type { Workbench } from "../integration/workbench";
import { pace, until } from "../until";

/** The conductor view, by what a person reads and presses in it. */
export class ConductorPage {
  readonly #workbench: Workbench;
  private constructor(
    workbench: Workbench,
    readonly frame: FrameLocator,
  ) {
    this.#workbench = workbench;
  }

  /** @param holding text that the view shows once it has what is meant */
  static async open(
    workbench: Workbench,
    holding: string | RegExp = /Steps|No session yet/,
  ): Promise<ConductorPage> {
    const header = workbench.page.locator(".pane-header").filter({ hasText: "Conductor" });
    if (!(await header.isVisible())) {
      // After a reload the side bar comes back by itself.
      const inSideBar = workbench.page
        .locator('.part.activitybar [role="tab"][aria-selected="true"]')
        .first();
      await inSideBar.waitFor({ timeout: 5000 }).catch(() => undefined);
      await workbench.openContainer("Orket");
    }
    return ConductorPage.opened(workbench, holding);
  }

  /** The view that something else than its icon opens. */
  static async opened(
    workbench: Workbench,
    holding: string | RegExp = /Steps|No session yet/,
  ): Promise<ConductorPage> {
    const frame = workbench.conductorView;
    await frame.getByText(holding).first().waitFor({ state: "attached", timeout: 30_000 });
    return new ConductorPage(workbench, frame);
  }

  button(name: string): Locator {
    return this.frame.getByRole("button", { name, exact: true });
  }

  /** Ends the session, and says that it is meant where the view asks. */
  async stop(): Promise<void> {
    await this.button("Stop").click();
    const sure = this.button("Stop for good");
    await sure
      .or(this.frame.locator(".status").filter({ hasText: "Stopped" }))
      .first()
      .waitFor();
    if (await sure.isVisible()) await sure.click();
  }

  /** Waits for the question whether the step may begin. */
  async asksFor(step: string): Promise<void> {
    await this.frame.getByRole("heading", { name: `Begin ${step}?` }).waitFor({ timeout: 30_000 });
  }

  async approve(step: string): Promise<void> {
    await this.asksFor(step);
    await this.button("Approve").click();
  }

  /** Agrees to a Flow's commands in the dialog that shows them. */
  async agreeToCommands(): Promise<void> {
    const dialog = this.#workbench.page.locator(".monaco-dialog-box").filter({ hasText: "can run commands" });
    await dialog.waitFor();
    // As in a question, an answer that comes before anybody can have read it does not count.
    await pace(armingMs + 200);
    await dialog.getByRole("button", { name: "Agree" }).click();
    await dialog.waitFor({ state: "detached" });
  }

  /** Waits until the headline says so: "Completed", "Paused". */
  async stands(status: string): Promise<void> {
    await this.frame.locator(".status", { hasText: status }).waitFor({ timeout: 30_000 });
  }

  async screenshot(name: string): Promise<void> {
    // A pointer that rests on something shows its tooltip.
    await this.#workbench.page.mouse.move(900, 500);
    const tooltip = this.#workbench.page.locator(".workbench-hover-container:visible");
    await until("no tooltip", async () => (await tooltip.count()) === 0);
    await this.#workbench.screenshot(name);
  }
}

/**
 * The notification that holds the text. Under test VS Code keeps notifications in their center and shows no toast, so
 * the center is opened.
 */
export async function notification(workbench: Workbench, text: string): Promise<Locator> {
  const item = workbench.page
    .locator(".notifications-center .notification-list-item")
    .filter({ hasText: text });
  const bell = workbench.page.locator(".statusbar-item .codicon-bell-dot");
  await until(
    `a notification "${text}"`,
    async () => {
      await item.or(bell).first().waitFor({ timeout: 30_000 });
      if (await item.first().isVisible()) return true;
      // It can become another between the look and the click.
      await bell.click({ timeout: 1000 }).catch(() => undefined);
      return item.first().isVisible();
    },
    30_000,
  );
  // The bell's tooltip would lie over the buttons.
  await workbench.page.mouse.move(600, 400);
  return item.first();
}
