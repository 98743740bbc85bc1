import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Locator } from "playwright-core";
import { Workbench } from "../integration/workbench";
import { UserSessionMarks } from "../../src/adapters/journal/session-marks";
import { proposing, writeFiles } from "../fakes/proposal";
import { showFailures } from "./failures";
import { removeProject } from "./sample";
import { armingMs } from "../../src/protocol/press-guard";
import { pace, until } from "../until";
import { readable } from "./readable";

const lines = (change: Readonly<Record<number, string>> = {}): string =>
  Array.from({ length: 40 }, (_, index) => `${change[index] ?? `line ${index}`}\n`).join("");

/** Two clicks by hand, this far apart in milliseconds; 0: a double click. */
const gaps = [0, 150, 350, 600];

describe("the review of what a team proposes", function () {
  this.timeout(60_000);

  showFailures(this, () => workbench);

  let workbench: Workbench;
  let folder: string;
  const at = (file: string): string => readFileSync(path.join(folder, file), "utf8");
  const row = (name: RegExp): Locator => workbench.page.getByRole("treeitem", { name }).first();
  const inTitle = (name: string): Locator =>
    workbench.page
      .locator(".editor-actions")
      .getByRole("button", { name: new RegExp(`^${name}`) })
      .first();

  /** The middle of a row's button, once the rows have come to rest. */
  function stillAt(item: Locator, name: string): Promise<{ x: number; y: number }> {
    let before = "";
    return until(
      `the button ${name} at rest`,
      async () => {
        await item.hover();
        const button = item.getByRole("button", { name });
        // A row that is drawn anew takes its button away: the pointer is moved again.
        const timeout = 1000;
        const box = await button.boundingBox({ timeout }).catch(() => null);
        const enabled =
          (await button.getAttribute("aria-disabled", { timeout }).catch(() => "true")) !== "true";
        if (box !== null && enabled && before === JSON.stringify(box))
          return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
        before = JSON.stringify(box);
        // At rest is what stands at the same place in two looks that are this far apart.
        await pace(250);
        return undefined;
      },
      60_000,
    );
  }

  before(async () => {
    folder = path.join(await mkdtemp(path.join(os.tmpdir(), "orket-review-")), "project");
    writeFiles(folder, {
      "src/a.txt": lines(),
      "src/c.txt": lines(),
      "src/e.txt": lines(),
      "src/g.txt": lines(),
    });
    const small = Object.fromEntries(gaps.map((gap) => [`small/${gap}.txt`, "new\n"]));
    const proposed = [
      {
        "src/a.txt": lines({ 2: "agent A", 20: "agent B", 38: "agent C" }),
        "src/c.txt": lines({ 20: "agent C" }),
        "src/e.txt": lines({ 20: "agent E" }),
        "src/g.txt": lines({ 2: "agent A", 4: "agent B", 20: "agent C" }),
        "src/z.txt": "left\n",
        ...small,
      },
    ];
    const live = await proposing(folder, proposed, undefined, new UserSessionMarks());
    await live.close();
    workbench = await Workbench.open({
      folder,
      theme: "dark",
      settings: { "files.autoSave": "off" },
      size: { width: 1280, height: 1100 },
    });
    await workbench.openContainer("Orket");
  });

  after(async () => {
    await workbench?.close();
    await removeProject(folder);
  });

  it("says of each file how much changes, and accepts one hunk of three in the diff", async () => {
    await row(/^src\/a\.txt, changed, pending, 3 lines added, 3 removed/).click();
    const lens = workbench.page.getByRole("button", { name: /Accept hunk 2 of 3/ }).first();
    await lens.waitFor();
    await workbench.screenshot("review-hunks-dark");
    await lens.dblclick();

    await row(/^src\/a\.txt, changed, partly, 2 lines added/).waitFor();
    assert.equal(at("src/a.txt"), lines({ 20: "agent B" }));
    await workbench.page
      .getByRole("button", { name: /Accept hunk 1 of 2/ })
      .first()
      .waitFor();
  });

  for (const gap of gaps) {
    it(`decides about one file, however often the button is pressed (${gap === 0 ? "a double click" : `two clicks, ${gap} ms`})`, async () => {
      const { x, y } = await stillAt(
        row(new RegExp(`^small/${gap}\\.txt, added, pending`)),
        "Accept Artifact",
      );
      if (gap === 0) await workbench.page.mouse.dblclick(x, y);
      else {
        await workbench.page.mouse.click(x, y);
        await pace(gap);
        await workbench.page.mouse.click(x, y);
      }
      await row(new RegExp(`^small/${gap}\\.txt, added, accepted`)).waitFor();
      // The time of somebody who looks at what came of it: a second click would have had its effect.
      await pace(2 * armingMs);
      assert.equal(existsSync(path.join(folder, `small/${gap}.txt`)), true);
      assert.equal(existsSync(path.join(folder, "src/z.txt")), false);
      const open = gaps.slice(gaps.indexOf(gap) + 1);
      for (const other of open) assert.equal(existsSync(path.join(folder, `small/${other}.txt`)), false);
    });
  }

  it("takes what a person makes of the right side of the diff, saved or not", async () => {
    await row(/^src\/e\.txt, changed, pending/).click();
    const line = workbench.page.locator(".editor.modified .view-line").filter({ hasText: "agent E" }).first();
    await line.click();
    await workbench.page.keyboard.press("End");
    await workbench.page.keyboard.type(", which I saved");
    await workbench.page.keyboard.press("Control+s");
    await row(/^src\/e\.txt, changed, pending, your version/).waitFor();
    assert.equal(at("src/e.txt"), lines(), "the project has nothing of it");
    await workbench.page.keyboard.type(" and did not");
    await workbench.screenshot("review-edited-dark");
    await inTitle("Accept Artifact").dblclick();

    await row(/^src\/e\.txt, changed, accepted/).waitFor();
    await pace(1000);
    assert.equal(at("src/e.txt"), lines({ 20: "agent E, which I saved and did not" }));
    assert.equal(existsSync(path.join(folder, "src/z.txt")), false, "the next diff came, and nothing else");
    assert.equal(at("src/a.txt"), lines({ 20: "agent B" }));
  });

  it("accepts and rejects single changes in the gutter of the project's file", async () => {
    await workbench.openFile("src/g.txt");
    await workbench.page.locator(".dirty-diff-glyph").first().waitFor();
    const inPeek = (name: string): Locator =>
      workbench.page.locator(`.peekview-actions [aria-label^="${name}"]`).first();
    await workbench.page.locator(".monaco-editor .view-lines").first().click();
    await workbench.page.keyboard.press("Control+Home");
    await workbench.command("Show Next Change");
    await inPeek("Accept This Change").waitFor();
    await workbench.screenshot("review-gutter-dark");
    await inPeek("Accept This Change").click();
    // The change two lines below is one by itself.
    await until("what the press does", () => at("src/g.txt") === lines({ 2: "agent A" }));
    await workbench.page.keyboard.press("Escape");
    await until(
      "what the press does",
      async () => (await workbench.page.locator(".dirty-diff-glyph").count()) === 2,
    );
    await workbench.page.locator(".monaco-editor .view-lines").first().click();
    await workbench.page.keyboard.press("Control+Home");
    // The editor opens the change that it knew before, with its actions disabled, until it has compared again.
    await until("a change that can be rejected", async () => {
      await workbench.command("Show Next Change");
      if (await inPeek("Reject This Change").isEnabled()) return true;
      await workbench.page.keyboard.press("Escape");
      return false;
    });
    await inPeek("Reject This Change").click();
    await until(
      "what the press does",
      async () => (await workbench.page.locator(".dirty-diff-glyph").count()) === 1,
    );
    assert.equal(at("src/g.txt"), lines({ 2: "agent A" }));
    await workbench.page.keyboard.press("Escape");
  });

  it("solves a conflict with an unsaved document in place", async () => {
    await workbench.openFile("src/c.txt");
    await workbench.page.locator(".monaco-editor .view-lines").first().click();
    await workbench.page.keyboard.press("Control+Home");
    for (let line = 0; line < 20; line += 1) await workbench.page.keyboard.press("ArrowDown");
    await workbench.page.keyboard.type("mine ");
    const item = row(/^src\/c\.txt, changed, pending, conflict/);
    await item.hover();
    await item.getByRole("button", { name: "Edit Before Accepting" }).click();
    await workbench.page.getByText("Accept Both Changes").first().waitFor();
    await workbench.screenshot("review-conflict-dark");
    await workbench.page.getByText("Accept Both Changes").first().click();
    await inTitle("Accept Artifact").click();

    await row(/^src\/c\.txt, changed, accepted/).waitFor();
    assert.equal(at("src/c.txt"), lines(), "the document stays unsaved");
    await workbench.command("View: Open Last Editor in Group");
    await workbench.page.locator(".view-line").filter({ hasText: "agent C" }).first().waitFor();
    await workbench.command("Undo");
    await workbench.page.locator(".view-line").filter({ hasText: "mine line 20" }).first().waitFor();
    await workbench.command("File: Revert File");
  });

  it("puts a file back, and brings it again", async () => {
    const { x, y } = await stillAt(row(/^small\/0\.txt, added, accepted/), "Revert Acceptance");
    await workbench.page.mouse.click(x, y);
    await row(/^small\/0\.txt, added, pending/).waitFor();
    assert.equal(existsSync(path.join(folder, "small/0.txt")), false);
    await workbench.command("Orket: Undo Revert");
    await row(/^small\/0\.txt, added, accepted/).waitFor();
    assert.equal(at("small/0.txt"), "new\n");
  });

  it("decides from the session's panel, whose buttons say which file they are about", async () => {
    await workbench.command("Orket: Open Session");
    const panel = await workbench.panel(/^\d+ events$/);
    const press = async (name: string, effect: RegExp): Promise<void> => {
      const button = panel.getByRole("button", { name, exact: true });
      await until(`${name} leads to ${effect.source}`, async () => {
        // What has just been scrolled to or has moved takes no press yet; a person presses it again.
        await button.scrollIntoViewIfNeeded();
        await until(
          `${name} takes a press`,
          async () => (await button.getAttribute("aria-disabled")) !== "true",
        );
        await button.click();
        return row(effect)
          .waitFor({ timeout: 5000 })
          .then(
            () => true,
            () => false,
          );
      });
    };
    await press("Accept src/z.txt", /^src\/z\.txt, added, accepted/);
    assert.equal(at("src/z.txt"), "left\n");
    await press("Revert src/z.txt", /^src\/z\.txt, added, pending/);
    assert.equal(existsSync(path.join(folder, "src/z.txt")), false);
    await press("Reject src/z.txt", /^src\/z\.txt, added, rejected/);
  });

  it("shows everything that waits in one editor, and in Source Control", async () => {
    await workbench.command("Orket: Review All Changes");
    await workbench.page.locator(".multiDiffEditor").first().waitFor();
    await workbench.screenshot("review-all-dark");
    await workbench.openContainer("Source Control");
    await workbench.page.getByText("Proposed").first().waitFor();
    await workbench.screenshot("review-scm-dark");
  });

  for (const theme of ["light", "high-contrast"] as const) {
    it(`can be read in the theme ${theme}`, async () => {
      await workbench.setTheme(theme);
      await workbench.openContainer("Orket");
      // By keyboard: the view may be small, and its first row is the file.
      await workbench.command("Focus on Artifacts View");
      await workbench.page.keyboard.press("Home");
      await workbench.page.keyboard.press("Enter");
      await workbench.page
        .getByRole("button", { name: /Accept hunk/ })
        .first()
        .waitFor();
      await workbench.screenshot(`review-hunks-${theme}`);
      await readable(workbench.page.locator(".part.sidebar"), /src/);
    });
  }
});
