import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { ElementHandle, Locator } from "playwright-core";
import type { Definition } from "../../src/engine/model/definition";
import { ModelServer } from "../fakes/servers/model-server";
import { ollama } from "../fakes/servers/vendors";
import { sharedContent } from "../fakes/session";
import { Workbench } from "../integration/workbench";
import { ConductorPage, notification } from "./conductor";
import { showFailures } from "./failures";
import { inOrder } from "./in-order";
import { addFiles, removeProject, sampleProject } from "./sample";
import { until } from "../until";

/** A model server that has two models and always says the same. */
async function modelServer(): Promise<ModelServer> {
  const server = await ModelServer.start();
  const facts: Readonly<Record<string, unknown>> = {
    "/api/version": { version: "0.9.9" },
    "/api/tags": {
      models: ["tiny:1b", "large:7b"].map((name) => ({ name, digest: "a".repeat(64), details: {} })),
    },
    "/api/ps": { models: [{ name: "large:7b", context_length: 8192 }] },
  };
  server.behaviour = async (exchange) => {
    const { path: place } = exchange.request;
    if (place !== "/api/chat") {
      exchange.answer(place in facts ? 200 : 404, facts[place] ?? {});
      return;
    }
    exchange.begin(ollama.contentType);
    await exchange.send(ollama.text("It is so.") + ollama.finish({ usage: { input: 3, output: 2 } }));
    exchange.end();
  };
  return server;
}

const flow = (name: string, venue: string, more = ""): string =>
  `version: 1
name: ${name}
band: standard
venue: ${venue}
score: brief
task: Say something.
inputs: { node: { default: "22" } }
approval: none
${more}`;

const files = (endpoint: string): Record<string, string> => ({
  "flows/frugal.flow.yaml": flow("frugal", "steady", "limits: { model_calls: 1 }\n"),
  "flows/slow.flow.yaml": flow("slow", "slow"),
  "flows/asked.flow.yaml": flow("asked", "live"),
  "flows/live.venue.yaml": `version: 1\nname: live\nprovider: ollama\nendpoint: "${endpoint}"\nmodel: tiny:1b\n`,
  "flows/steady.venue.yaml": "version: 1\nname: steady\nprovider: scripted\nreplies: steady.replies.yaml\n",
  "flows/slow.venue.yaml": "version: 1\nname: slow\nprovider: scripted\nreplies: slow.replies.yaml\n",
  "flows/steady.replies.yaml":
    "version: 1\nsteps:\n  plan: [{ text: The plan is short. }]\n  check: [{ text: It is right. }]\n",
  "flows/slow.replies.yaml": `version: 1
chunk_delay_ms: 100
steps:
  plan: [{ text: "${"The plan is long. ".repeat(5).trimEnd()}" }]
  check: [{ text: It is right. }]
`,
  "flows/brief.score.yaml": `version: 1
name: brief
steps:
  - { id: plan, role: architect, instruction: "Say what the plan is for {{inputs.node}}." }
  - { id: check, role: reviewer, instruction: Say whether it is right. }
`,
});

describe("sessions that are repeated, forked, exported and put away", function () {
  this.timeout(120_000);
  inOrder(this);
  showFailures(this, () => workbench);

  let folder: string;
  let workbench: Workbench;
  let conductor: ConductorPage;
  let server: ModelServer;

  const sessions = (): string[] => readdirSync(path.join(folder, ".orket", "sessions")).sort();
  const rows = (name: RegExp): Locator =>
    workbench.page.getByRole("treeitem", { name }).filter({ visible: true });
  const quiet = (): Promise<void> => workbench.command("Notifications: Clear All Notifications");
  const row = (text: string): Locator => workbench.quickInputRows().filter({ hasText: text }).first();
  const dialog = (): Locator => workbench.page.locator(".monaco-dialog-box");
  /** Answers the dialog that asks where to save. It puts its own proposal in once it has looked at the folder. */
  const saveAs = async (file: string): Promise<void> => {
    const widget = workbench.page.locator(".quick-input-widget:visible");
    const input = widget.locator(".quick-input-box input");
    await widget.getByText("Export Session").waitFor();
    const proposal = await input.elementHandle();
    await workbench.page.waitForFunction(
      (box) => box?.value.includes("-frugal-"),
      proposal as ElementHandle<HTMLInputElement> | null,
    );
    await input.fill(file);
    await workbench.page.keyboard.press("Enter");
  };
  const run = async (name: string): Promise<void> => {
    const before = sessions().length;
    await workbench.command("Orket: Run Flow");
    await workbench.pick(name);
    await workbench.answer("22");
    await until("a new session", () => sessions().length > before);
  };

  before(async () => {
    server = await modelServer();
    folder = await sampleProject(0);
    await addFiles(folder, files(server.url));
    workbench = await Workbench.open({ folder, theme: "dark" });
    conductor = await ConductorPage.open(workbench);
    await workbench.command("Orket: Run Flow");
    await workbench.pick("frugal");
    await workbench.answer("22");
    await conductor.frame.getByRole("textbox", { name: "New limit (calls)" }).fill("5");
    await conductor.button("Resume").click();
    await conductor.stands("Completed");
  });

  after(async () => {
    await workbench?.close();
    await server?.close();
    await removeProject(folder);
  });

  it("says that there is nothing to compare the only session with", async () => {
    await workbench.command("Orket: Compare Sessions");
    await workbench.pick("frugal");

    await notification(workbench, "There is no other session to compare frugal with");
    await quiet();
  });

  it("says what a number of runs cannot be", async () => {
    await workbench.command("Orket: Repeat Session");
    await workbench.pick("frugal");
    const input = workbench.page.locator(".quick-input-widget:visible .quick-input-box input");
    await workbench.page.getByText("The session made 2 model calls; its replies are scripted.").waitFor();
    await input.fill("many");
    await workbench.page.getByText("A whole number from 1 to 1000.").waitFor();
    await conductor.screenshot("repeat-times-dark");
    await workbench.page.keyboard.press("Escape");
  });

  it("repeats a session, with the limit that was raised, and says how many runs were alike", async () => {
    await workbench.command("Orket: Repeat Session");
    await workbench.pick("frugal");
    await workbench.answer("2");

    const message = await notification(workbench, "2 of 2 runs gave the same artifacts.");
    await message.getByText("no model was asked").waitFor();
    await conductor.screenshot("repeat-result-dark");
    await workbench.page.mouse.move(600, 400);
    await message.getByRole("button", { name: "Show Runs" }).click();
    await workbench.page.locator(".tab.active").filter({ hasText: "repetitions.md" }).waitFor();
    const lines = workbench.page.locator(".view-line").filter({ hasText: "every prompt and reply" });
    await lines.nth(1).waitFor();
    assert.equal(sessions().length, 3);
    await quiet();
  });

  it("shows above the events that it was repeated", async () => {
    await workbench.command("Orket: Open Session");
    const panel = await workbench.panel(/^\d+ events$/);

    await panel.getByText(/^repeated: 2 of 2 runs gave the same artifacts/).waitFor();
    await conductor.screenshot("session-repeated-dark");
  });

  it("ends the runs when it is cancelled, and then claims nothing", async () => {
    await run("slow");
    await conductor.frame.getByRole("heading", { name: "slow" }).waitFor();
    await conductor.stands("Completed");
    const before = sessions().length;
    await workbench.command("Orket: Repeat Session");
    await workbench.pick("slow");
    await workbench.answer("20");
    const progress = await notification(workbench, "Repeating slow");
    await until("a new session", () => sessions().length > before);
    await conductor.screenshot("repeat-progress-dark");
    await progress.getByRole("button", { name: "Cancel" }).click();

    await notification(workbench, "Nothing is recorded as proven.");
    const [slow] = sessions().filter((id) => id.includes("-slow-"));
    assert.ok(!existsSync(path.join(folder, ".orket", "sessions", slow ?? "", "proof.json")));
    await quiet();
  });

  it("forks with another model, picked from those that the backend has, another input and another limit", async () => {
    await run("asked");
    await conductor.frame.getByRole("heading", { name: "asked" }).waitFor();
    await conductor.stands("Completed");
    const before = sessions();
    await workbench.command("Orket: Fork Session");
    await workbench.pick("asked");
    await row("architect").click();

    await row("Run the Fork").waitFor();
    await row("Model").click();
    await row("Every Role").waitFor();
    await row("reviewer").click();
    await row("large:7b").getByText("loaded, 8,192 tokens").waitFor();
    await conductor.screenshot("fork-model-dark");
    await row("large:7b").click();
    await row("changed: model of reviewer large:7b").waitFor();
    await row("node: 22").click();
    await workbench.answer("24");
    await row("node: 24").waitFor();
    await row("model_calls: 500").click();
    await workbench.answer("9");
    await row("model_calls: 9").waitFor();
    await conductor.screenshot("fork-changes-dark");
    await row("Run the Fork").click();

    await until("a new session", () => sessions().length > before.length);
    const [made = ""] = sessions().filter((id) => !before.includes(id));
    const journal = path.join(folder, ".orket", "sessions", made, "journal.jsonl");
    await until(
      "its end in the journal",
      () => existsSync(journal) && readFileSync(journal, "utf8").includes('"type":"session_end"'),
    );
    const file = path.join(folder, ".orket", "sessions", made, "definition.json");
    const { flow: its, venue } = JSON.parse(readFileSync(file, "utf8")) as Definition;
    assert.deepEqual(
      [its.inputs, its.limits.model_calls, venue.model, venue.roles["reviewer"]?.model],
      [{ node: "24" }, 9, "tiny:1b", "large:7b"],
    );
    const asked = server.received.filter(({ path: place }) => place === "/api/chat");
    assert.equal(asked.at(-1)?.body["model"], "large:7b");
  });

  it("takes a prompt of many lines from an editor, and closes it", async () => {
    await workbench.command("Orket: Fork Session");
    await workbench.pick("asked");
    await row("architect").click();
    await row("Prompt").click();
    const tab = workbench.page.locator(".tab.active").filter({ hasText: "You are the architect" });
    await tab.waitFor();
    await workbench.page.locator(".editor-group-container.active .view-lines").first().click();
    await workbench.page.keyboard.press("Control+Home");
    await workbench.page.keyboard.type("Be brief.");
    const question = await notification(workbench, "The prompt of architect: change it in the editor.");
    await conductor.screenshot("fork-prompt-dark");
    await question.getByRole("button", { name: "Use This Text" }).click();

    await row("changed: prompt of architect").waitFor();
    await row("Be brief.You are the architect").waitFor();
    await tab.waitFor({ state: "detached" });
    await workbench.page.keyboard.press("Escape");
    await quiet();
  });

  it("refuses a change that cannot be, says why, and goes on asking", async () => {
    await workbench.command("Orket: Fork Session");
    await workbench.pick("asked");
    await row("architect").click();
    await row("Instruction").click();
    await workbench.answer("Say it for {{inputs.pyhton}}.");
    await dialog().getByText("There is no input pyhton").waitFor();
    await conductor.screenshot("fork-refused-dark");
    await dialog().getByRole("button", { name: "OK" }).click();

    await row("nothing changed").waitFor();
    await workbench.page.keyboard.press("Escape");
  });

  const exports = {
    "Web page": { ending: "html", has: "<!doctype html" },
    Events: { ending: "ndjson", has: '"type":"session_start"' },
    "OpenTelemetry trace": { ending: "otlp.json", has: '"resourceSpans"' },
  } as const;
  for (const [label, { ending, has }] of Object.entries(exports)) {
    it(`saves a session as ${label} where it is told`, async () => {
      const file = path.join(folder, `saved.${ending}`);
      await workbench.command("Orket: Export Session");
      await workbench.pick("frugal");
      const kind = workbench.page.getByText(label, { exact: true });
      await workbench.quickInputRows().filter({ has: kind }).first().waitFor();
      if (ending === "html") await conductor.screenshot("export-formats-dark");
      await workbench.quickInputRows().filter({ has: kind }).first().click();
      await saveAs(file);

      await notification(workbench, `Wrote saved.${ending}.`);
      assert.ok(readFileSync(file, "utf8").toLowerCase().includes(has.toLowerCase()));
      await quiet();
    });
  }

  it("gives a session a title, and takes it away again", async () => {
    await workbench.page.locator(".pane-header").filter({ hasText: "Sessions" }).click();
    await workbench.command("Orket: Rename Session");
    await workbench.pick("asked");
    const title = `A title that is longer than any side bar, ${"and longer still, ".repeat(5)}with an end`;
    await workbench.answer(title);
    await rows(new RegExp(`^${title}`)).waitFor();
    await conductor.screenshot("sessions-long-title-dark");
    await workbench.command("Orket: Rename Session");
    await workbench.pick("A title that is longer");
    await workbench.answer("");

    await rows(/^A title/).waitFor({ state: "detached" });
  });

  it("offers to repeat a session in its row's menu", async () => {
    await rows(/^frugal,.*completed/)
      .first()
      .click({ button: "right" });
    const menu = workbench.page.locator(".monaco-menu:visible");
    await menu.getByText("Repeat Session").waitFor();
    await conductor.screenshot("sessions-menu-dark");
    await workbench.page.keyboard.press("Escape");
  });

  it("asks before it deletes and before it prunes, and does neither when the answer is no", async () => {
    const count = sessions().length;
    await workbench.command("Orket: Delete Session");
    await workbench.pick("asked");
    await dialog().getByText("cannot be brought back").waitFor();
    await conductor.screenshot("delete-dialog-dark");
    await dialog().getByRole("button", { name: "Cancel" }).click();
    await dialog().waitFor({ state: "detached" });
    assert.equal(sessions().length, count);
  });

  it("removes stored contents that nothing needs any more, and says how much", async () => {
    const blobs = path.join(folder, ".orket", "blobs");
    const stored = (): number =>
      existsSync(blobs)
        ? readdirSync(blobs, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
            .length
        : 0;
    await workbench.command("Orket: Prune Stored Contents");
    await notification(workbench, "is needed");
    await quiet();
    sharedContent(path.join(blobs, "sha256"), "written by an older Orket");
    const before = stored();
    assert.ok(before > 0);
    for (let left = sessions().length; left > 0; left -= 1) {
      await workbench.command("Orket: Delete Session");
      await workbench.quickInputRows().first().click();
      await dialog().getByRole("button", { name: "Delete" }).click();
      await until("a session less", () => sessions().length < left);
    }
    await workbench.page
      .locator(".tab")
      .filter({ hasText: /^frugal \w{4}/ })
      .waitFor({ state: "detached" });
    await workbench.command("Orket: Prune Stored Contents");
    await dialog().getByText(`${before} stored content`).waitFor();
    await conductor.screenshot("prune-dialog-dark");
    await dialog().getByRole("button", { name: "Cancel" }).click();
    await dialog().waitFor({ state: "detached" });
    assert.equal(stored(), before);
    await workbench.command("Orket: Prune Stored Contents");
    await dialog().getByRole("button", { name: "Remove" }).click();

    await notification(workbench, "Removed ");
    assert.equal(stored(), 0);
  });
});
