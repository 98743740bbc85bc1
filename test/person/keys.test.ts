import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { filesBelow, goodAnswers, KeyEchoServer, keysIn, ways } from "../fakes/servers/key-echo";
import { Workbench } from "../integration/workbench";
import { ConductorPage, notification } from "./conductor";
import { showFailures } from "./failures";
import { inOrder } from "./in-order";
import { addFiles, removeProject, sampleProject } from "./sample";

const key = "sk-person/4d7f+91c0e2b8a605==";

const files = (endpoint: string): Record<string, string> => ({
  "flows/keyed.flow.yaml": `version: 1
name: keyed
description: Its server wants a key, and gives it back.
band: standard
venue: keyed
score: note
task: Write a note.
inputs: { node: { default: "22" } }
approval: none
`,
  "flows/keyed.venue.yaml": `version: 1
name: keyed
provider: openai
endpoint: ${endpoint}
model: m
api_key: secret:lab
retry: { attempts: 1 }
`,
  "flows/note.score.yaml":
    "version: 1\nname: note\nsteps:\n  - { id: note, role: coder, instruction: Write it. }\n",
});

describe("a key in VS Code", function () {
  this.timeout(180_000);
  inOrder(this);
  showFailures(this, () => workbench);

  const server = new KeyEchoServer();
  let folder: string;
  let workbench: Workbench;
  let conductor: ConductorPage;

  const run = async (): Promise<void> => {
    await workbench.command("Orket: Run Flow");
    await workbench.pick("keyed");
    await workbench.answer("22");
  };
  const shownNowhere = async (): Promise<void> => {
    assert.deepEqual(keysIn(await workbench.everything(), [key]), []);
  };

  before(async () => {
    await server.start();
    folder = await sampleProject(0);
    await addFiles(folder, files(server.endpoint));
    workbench = await Workbench.open({ folder, theme: "dark" });
    conductor = await ConductorPage.open(workbench);
  });

  after(async () => {
    await workbench?.close();
    server.close();
    await removeProject(folder);
  });

  it("is asked for by the run that lacks it, and is not shown while it is typed", async () => {
    await run();
    const message = await notification(workbench, "There is no stored secret named lab");
    await message.getByRole("button", { name: "Set Secret" }).click();
    await workbench.answer("lab");
    await workbench.page.locator(".quick-input-widget:visible input[type=password]").fill(key);
    await workbench.screenshot("set-secret-dark");
    await workbench.page.keyboard.press("Enter");

    await notification(workbench, "The secret lab is stored");
    await shownNowhere();
    assert.equal(server.seen.length, 0);
    await workbench.command("Notifications: Clear All Notifications");
  });

  for (const [name, mark] of [
    ["a refusal with the header in it", "Incorrect API key provided"],
    ["an error within the stream", "stopped for"],
  ] as const) {
    it(`is shown nowhere when the server answers with ${name}`, async () => {
      server.speak = ways[name] ?? server.speak;
      server.seen.length = 0;
      await run();

      await conductor.stands("Failed");
      await conductor.frame.getByText(`${mark}`).and(conductor.frame.getByText("[key]")).first().waitFor();
      assert.equal(server.seen.at(-1)?.key, `Bearer ${key}`);
      await shownNowhere();
      await conductor.stop();
      await conductor.stands("Stopped");
    });
  }

  it("is shown nowhere when the server gives it back in a good reply, piece by piece", async () => {
    server.speak = goodAnswers;
    server.listsModels = true;
    await run();

    await conductor.stands("Completed");
    await workbench.command("Orket: Open Session");
    const panel = await workbench.panel(/^\d+ events$/);
    await panel.getByText("gave back the key of the Venue").first().click();
    await panel.getByText("letter by letter [key].").first().waitFor();
    await shownNowhere();
    await conductor.screenshot("session-key-given-back-dark");
  });

  it("is shown nowhere by the Venues' state, the artifact and the log", async () => {
    await workbench.command("Orket: Select Venue");
    const row = workbench.quickInputRows().filter({ hasText: "m, Bearer [key]" }).first();
    await row.waitFor();
    await shownNowhere();
    await row.hover();
    await row.getByRole("button", { name: "Try Out" }).click();
    await notification(workbench, "keyed: m: seed unknown, tokens not counted, JSON Schema not kept.");
    await workbench.command("Orket: Select Venue");
    await workbench.quickInputRows().filter({ hasText: "m: seed unknown" }).first().waitFor();
    await workbench.screenshot("select-venue-tried-dark");
    await shownNowhere();
    await workbench.page.keyboard.press("Escape");
    await workbench.page
      .getByRole("treeitem", { name: /^out\.md/ })
      .first()
      .click();
    await workbench.page.locator(".view-line").filter({ hasText: "key = Bearer [key]" }).first().waitFor();
    await workbench.command("Output: Show Output Channels...");
    await workbench.pick("Orket");
    await workbench.page
      .locator(".view-line")
      .filter({ hasText: "no stored secret named lab" })
      .first()
      .waitFor();
    await shownNowhere();
  });

  it("is in no export", async () => {
    for (const format of ["NDJSON", "OTLP", "Web page"]) {
      await workbench.command("Orket: Export Session");
      await workbench.quickInputRows().first().click();
      await workbench.pick(format);
      await workbench.page
        .getByRole("textbox", { name: /Export Session/ })
        .or(workbench.page.locator(".quick-input-widget:visible input[type=text]"))
        .first()
        .waitFor();
      await workbench.page.keyboard.press("Enter");
      await notification(workbench, `Wrote `);
      await workbench.command("Notifications: Clear All Notifications");
    }
  });

  it("is in nothing that was written: sessions, exports, logs, user data", async () => {
    const written = [
      ...filesBelow(folder),
      ...filesBelow(workbench.dataFolder),
      { place: "the browser", text: await workbench.stored() },
      { place: "the server's output", text: readFileSync(workbench.logFile, "latin1") },
    ];
    for (const ending of ["journal.jsonl", "definition.json", "out.md", "Orket.log", ".html", ".ndjson"]) {
      assert.ok(
        written.some(({ place }) => place.endsWith(ending)),
        `there is no ${ending}`,
      );
    }
    assert.ok(written.some(({ place, text }) => place === "the browser" && text.includes("orket")));
    for (const { place, text } of written) assert.deepEqual(keysIn(text, [key]), [], place);
    for (const { all } of server.seen) assert.deepEqual(keysIn(all, [key]), []);
  });
});
