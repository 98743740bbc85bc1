import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Browser, BrowserContext, FrameLocator, Locator, Page } from "playwright-core";
import { launchBrowser } from "./browser";
import { quickInputTrail, recordQuickInput } from "./quick-input-trail";
import { quietSettings, root, startServer, workbenchUrl } from "./server";
import type { Settings, WorkbenchServer } from "./server";
import { pace, until } from "../until";

/*
 * Drives a workbench with the extension as a person would: keys, clicks, what stands on the screen. Nothing here
 * reaches into VS Code or the extension; what a person cannot see, these tests cannot either.
 */

export type Theme = "light" | "dark" | "high-contrast" | "high-contrast-light";

/**
 * The label in the picker, and the file by which the painted workbench is known. Light and dark are what this VS Code
 * shows to someone who never chose.
 */
const themes: Readonly<Record<Theme, { readonly label: string; readonly file: string }>> = {
  light: { label: "Light 2026", file: "2026-light" },
  dark: { label: "Dark 2026", file: "2026-dark" },
  "high-contrast": { label: "Dark High Contrast", file: "hc_black" },
  "high-contrast-light": { label: "Light High Contrast", file: "hc_light" },
};

export interface WorkbenchOptions {
  /** The project to open, or a `.code-workspace` file, by absolute path. Give a copy: the extension writes into it. */
  readonly folder: string;
  /** @default "dark" */
  readonly theme?: Theme;
  readonly settings?: Settings;
  /** Show the question whether the folder is trusted. @default false: it is */
  readonly askForTrust?: boolean;
  /** Have the extension installed as users have it, instead of loaded for development. */
  readonly installed?: boolean;
  /** @default 1280 by 800 */
  readonly size?: { readonly width: number; readonly height: number };
  /** Install the extension of test/integration/fixtures/models. @default false */
  readonly models?: boolean;
  /** What the extension host sees on top of this process's environment. */
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Hands settings to the workbench with its page, as a product's own defaults. A settings file is read by way of the
 * remote connection: at a start too late for the first paint, and a change of it from outside may go unseen.
 */
async function presetSettings(context: BrowserContext, settings: Settings): Promise<void> {
  // The page's own text stays as served: Chromium trusts a page that was rewritten on its way too little to let it
  // connect to the loopback.
  await context.addInitScript((configurationDefaults) => {
    if (window.top !== window) return;
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called on its element below
    const original = Element.prototype.getAttribute;
    Element.prototype.getAttribute = function (name) {
      const value = original.call(this, name);
      if (value === null || name !== "data-settings" || !this.id.endsWith("-web-configuration")) return value;
      return JSON.stringify({ ...(JSON.parse(value) as object), configurationDefaults });
    };
  }, settings);
}

const extensionWebview = 'iframe.webview.ready[src*="extensionId=orket.orket"]';
/** The conductor is the extension's only webview in a side bar; the others are in editors. */
const inSideBar = '[src*="purpose=webviewView"]';

const insideOf = (webview: Locator): FrameLocator =>
  webview.contentFrame().locator("#active-frame").contentFrame();

export class Workbench {
  #current: Page;
  #place: string | undefined;
  readonly #installed: boolean;
  readonly #server: WorkbenchServer;
  readonly #browser: Browser;
  readonly #context: BrowserContext;
  private constructor(
    current: Page,
    place: string | undefined,
    installed: boolean,
    server: WorkbenchServer,
    browser: Browser,
    context: BrowserContext,
  ) {
    this.#current = current;
    this.#place = place;
    this.#installed = installed;
    this.#server = server;
    this.#browser = browser;
    this.#context = context;
  }

  get page(): Page {
    return this.#current;
  }

  get #url(): string {
    return workbenchUrl(this.#server.port, this.#place, { installed: this.#installed });
  }

  static async open(options: WorkbenchOptions): Promise<Workbench> {
    const theme = options.theme ?? "dark";
    const server = await startServer({
      askForTrust: options.askForTrust ?? false,
      environment: options.environment ?? {},
      models: options.models ?? false,
      installed: options.installed ?? false,
    });
    let browser: Browser | undefined;
    try {
      browser = await launchBrowser();
      const context = await browser.newContext({
        viewport: options.size ?? { width: 1280, height: 800 },
        reducedMotion: "reduce",
        colorScheme: theme === "light" || theme === "high-contrast-light" ? "light" : "dark",
        permissions: ["clipboard-read", "clipboard-write"],
      });
      await presetSettings(context, { ...quietSettings, ...options.settings });
      await recordQuickInput(context);
      const page = await context.newPage();
      const { folder, installed = false } = options;
      const workbench = new Workbench(page, folder, installed, server, browser, context);
      await page.goto(workbench.#url);
      await workbench.untilReady();
      await workbench.setTheme(theme);
      return workbench;
    } catch (error) {
      await browser?.close();
      await server.stop();
      throw new Error(`The workbench did not open; the server's log is ${server.logFile}`, { cause: error });
    }
  }

  /** A second window on the same folder, of the same user. */
  async another(): Promise<Workbench> {
    const page = await this.#context.newPage();
    const place = this.#place;
    const installed = this.#installed;
    const server = this.#server;
    const browser = this.#browser;
    const context = this.#context;
    const workbench = new Workbench(page, place, installed, server, browser, context);
    await page.goto(this.#url);
    await workbench.untilReady();
    return workbench;
  }

  /** Closes this window; others go on. */
  async closeWindow(): Promise<void> {
    await this.page.close();
  }

  /** VS Code is gone all at once, the window and every process of it, and is opened again. */
  async restart(): Promise<void> {
    // The server dies first: a window that closes lets its extension host say good-bye.
    const restarted = this.#server.restart();
    await this.page.close();
    await restarted;
    this.#current = await this.#context.newPage();
    await this.page.goto(this.#url);
    await this.untilReady();
  }

  /** Waits until the parts stand, painted in a theme: earlier, a screenshot shows what nobody chose. */
  async untilReady(): Promise<void> {
    const parts = [".part.statusbar .statusbar-item", ".part.activitybar .action-label"];
    for (const part of parts) {
      await this.page.locator(`.monaco-workbench ${part}`).first().waitFor({ timeout: 60_000 });
    }
    await this.page.locator('.monaco-workbench[class*="vscode-theme-"]').waitFor({ timeout: 60_000 });
  }

  /** Opens another window in place of this one: a folder, a `.code-workspace` file, or nothing at all. */
  async openInstead(place: string | undefined): Promise<void> {
    this.#place = place;
    await this.page.goto(this.#url);
    await this.untilReady();
  }

  /** Reloads the window by the command, which lets VS Code put its state away first. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent("load", { timeout: 60_000 });
    await this.command("Developer: Reload Window");
    await loaded;
    await this.untilReady();
  }

  /** Runs a command through the palette by its whole title: "Orket: Run Flow". */
  async command(title: string): Promise<void> {
    const input = await this.#quickInput("F1");
    await input.fill(`>${title}`);
    // While the extension host starts, the list can lack what it will hold a moment later. A row of the list that was
    // there before the text has nothing marked in it, and can become another's between the look and the click.
    const row = this.quickInputRows()
      .filter({ has: this.page.getByText(title, { exact: true }) })
      .filter({ has: this.page.locator(".highlight") })
      .first();
    await row.waitFor({ timeout: 30_000 });
    await row.click();
  }

  /** Opens a file of the folder through quick open. */
  async openFile(relativePath: string): Promise<void> {
    const name = path.posix.basename(relativePath);
    const input = await this.#quickInput("Control+P");
    await input.fill(relativePath);
    // Enter would take the first row, which can still be that of an earlier list.
    await this.quickInputRows().filter({ hasText: name }).first().click({ timeout: 30_000 });
    await this.page.locator(".tabs-container .tab.active").filter({ hasText: name }).first().waitFor();
  }

  /** The rows of the open quick pick, to read or to click. */
  quickInputRows(): Locator {
    return this.page.locator(".quick-input-widget:visible .quick-input-list .monaco-list-row");
  }

  /** Answers the open quick pick with the first row that holds the text. */
  async pick(text: string): Promise<void> {
    await this.quickInputRows().filter({ hasText: text }).first().click();
  }

  /** Answers the open input box. */
  async answer(text: string): Promise<void> {
    const input = this.page.locator(".quick-input-widget:visible .quick-input-box input");
    await input.waitFor();
    await input.fill(text);
    await this.page.keyboard.press("Enter");
  }

  /**
   * Opens a container of the activity bar: "Orket", "Explorer". A click on the icon of one that is open closes it, and the
   * product or the workbench may open it in the moment between a look and the click; so it looks again after each click.
   */
  async openContainer(name: string): Promise<void> {
    const tab = this.page.locator(".part.activitybar").getByRole("tab", { name, exact: false }).first();
    await tab.waitFor();
    const isOpen = async (): Promise<boolean> => (await tab.getAttribute("aria-selected")) === "true";
    await until(`${name} is open`, async () => {
      if (await isOpen()) return true;
      await tab.click();
      return until("the click took effect", isOpen, 2000).catch(() => false);
    });
  }

  /** The inside of the conductor view, whatever else is open. */
  get conductorView(): FrameLocator {
    return insideOf(this.page.locator(extensionWebview + inSideBar).last());
  }

  /** The inside of the panel that holds the text, when several are open. */
  async panel(holding: string | RegExp): Promise<FrameLocator> {
    const panels = this.page.locator(`${extensionWebview}:not(${inSideBar})`);
    const deadline = Date.now() + 30_000;
    for (;;) {
      const count = await panels.count();
      for (let index = 0; index < count; index += 1) {
        const frame = insideOf(panels.nth(index));
        const found = await frame
          .getByText(holding)
          .count()
          .catch(() => 0);
        // A frame that is being replaced can have a body and be gone a moment later.
        if (found > 0) return frame;
      }
      assert.ok(Date.now() < deadline, `no panel of Orket shows ${String(holding)} (${count} open)`);
      await pace(50);
    }
  }

  /** The texts of the notifications on the screen. */
  async notifications(): Promise<readonly string[]> {
    return this.page.locator(".notifications-toasts .notification-list-item-message").allInnerTexts();
  }

  /** Presses a notification's button. */
  async answerNotification(button: string): Promise<void> {
    await this.page.locator(".notifications-toasts").getByRole("button", { name: button }).first().click();
  }

  /** Chooses a color theme from its picker; what runs goes on running. */
  async setTheme(theme: Theme): Promise<void> {
    if (await this.#painted(theme).isVisible()) return;
    await this.command("Preferences: Color Theme");
    const { label } = themes[theme];
    await this.page.locator(".quick-input-widget:visible input[type=text]").first().fill(label);
    await this.quickInputRows()
      .filter({ has: this.page.getByText(label, { exact: true }) })
      .first()
      .click();
    await this.#painted(theme).waitFor();
  }

  /** Everything that stands on the page and in its webviews, also what is hidden: markup and all. */
  async everything(): Promise<string> {
    const frames = this.page.frames().map((frame) => frame.content().catch(() => ""));
    return (await Promise.all(frames)).join("\n");
  }

  /** What the workbench keeps in the browser: its state, and that of extensions and webviews. */
  async stored(): Promise<string> {
    return this.page.evaluate(async () => {
      const done = <T>(request: IDBRequest<T>): Promise<T> =>
        new Promise((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(new Error(String(request.error)));
        });
      const kept: unknown[] = [{ ...localStorage }];
      for (const { name } of await indexedDB.databases()) {
        const database = await done(indexedDB.open(name ?? ""));
        for (const store of database.objectStoreNames)
          kept.push(name, store, await done(database.transaction(store).objectStore(store).getAll()));
        database.close();
      }
      return JSON.stringify(kept);
    });
  }

  /** Where the server keeps user data and logs. */
  get dataFolder(): string {
    return this.#server.dataFolder;
  }

  /** What the server prints. */
  get logFile(): string {
    return this.#server.logFile;
  }

  /** What stands in front, in words: where the keys go, the quick pick, a dialog, notifications, the open tab. */
  async inFront(): Promise<string> {
    // Under test VS Code shows no toast: what it has told lies behind the bell.
    await this.page
      .locator(".statusbar-item .codicon-bell-dot")
      .click({ timeout: 1000 })
      .catch(() => undefined);
    const parts = {
      quick: ".quick-input-widget:visible",
      dialog: ".monaco-dialog-box",
      notifications: ".notification-list-item",
      tab: ".tab.active",
    };
    const focused = await this.page.evaluate(
      () => document.activeElement?.outerHTML.slice(0, 200) ?? "nowhere",
    );
    const lines = [`focus: ${focused}`];
    for (const [part, selector] of Object.entries(parts)) {
      for (const text of await this.page.locator(selector).allInnerTexts())
        lines.push(`${part}: ${text.replace(/\s+/g, " ")}`);
    }
    return [...lines, "the quick input, lately:", ...(await quickInputTrail(this.page))].join("\n");
  }

  /** Writes `test-output/screenshots/NAME.png` and gives its path. */
  async screenshot(name: string): Promise<string> {
    const file = path.join(root, "test-output", "screenshots", `${name}.png`);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, await this.still());
    return file;
  }

  /** The picture once it has come to rest: what still fades or scrolls differs from one to the next. */
  async still(): Promise<Buffer> {
    let before: Buffer = Buffer.alloc(0);
    // A clock in the picture never rests.
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const picture = await this.page.screenshot({ animations: "disabled", caret: "hide" });
      if (picture.equals(before)) break;
      before = picture;
      await this.page.evaluate(() => new Promise((painted) => requestAnimationFrame(painted)));
    }
    return before;
  }

  async close(): Promise<void> {
    await this.#context.close();
    await this.#browser.close();
    await this.#server.stop();
  }

  #painted(theme: Theme): Locator {
    return this.page.locator(`.monaco-workbench[class*="-themes-${themes[theme].file}-json"]`);
  }

  async #quickInput(key: string): Promise<Locator> {
    const input = this.page.locator(".quick-input-widget:visible input[type=text]").first();
    // What closed a moment ago gives the keys back, to a webview only after 50 ms: what opened meanwhile would lose them
    // and close. No person is so quick.
    await pace(200);
    // The first key after a load can be lost: the workbench has not bound its keys yet.
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await this.page.keyboard.press(key);
      try {
        await input.waitFor({ timeout: 1500 });
        return input;
      } catch {
        continue;
      }
    }
    throw new Error(`${key} opened nothing`);
  }
}
