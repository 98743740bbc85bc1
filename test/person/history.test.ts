import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { Locator } from "playwright-core";
import { Workbench } from "../integration/workbench";
import { ConductorPage, notification } from "./conductor";
import { showFailures } from "./failures";
import { addFiles, removeProject, sampleProject } from "./sample";
import { until } from "../until";
import { readable, visible } from "./readable";

/** A model server that says what it has; nobody calls it. */
async function ollama(): Promise<{ readonly port: number; close(): void }> {
  const answers: Readonly<Record<string, unknown>> = {
    "/api/version": { version: "0.9.9" },
    "/api/tags": { models: [{ name: "tiny:1b", digest: "a".repeat(64), details: {} }] },
    "/api/ps": { models: [{ name: "tiny:1b", context_length: 4096 }] },
  };
  const server = http.createServer((request, response) => {
    const answer = answers[request.url ?? ""];
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}

const files = (port: number): Record<string, string> => ({
  "flows/two.flow.yaml": `version: 1
name: two
description: Two steps with scripted replies.
band: standard
venue: steady
score: brief
task: Say something.
inputs: { node: { default: "22" } }
approval: none
`,
  "flows/steady.venue.yaml": "version: 1\nname: steady\nprovider: scripted\nreplies: steady.replies.yaml\n",
  "flows/other.venue.yaml": "version: 1\nname: other\nprovider: scripted\nreplies: other.replies.yaml\n",
  "flows/steady.replies.yaml":
    "version: 1\nsteps:\n  plan: [{ text: The plan is short. }]\n  check: [{ text: It is right. }]\n",
  "flows/other.replies.yaml":
    "version: 1\nsteps:\n  plan: [{ text: Another plan. }]\n  check: [{ text: It is wrong. }]\n",
  "flows/brief.score.yaml": `version: 1
name: brief
steps:
  - { id: plan, role: architect, instruction: Say what the plan is. }
  - { id: check, role: reviewer, instruction: Say whether it is right. }
`,
  "flows/desks.venue.yaml": `version: 1
name: desks
provider: mesh
model: tiny:1b
nodes:
  - { name: window, provider: ollama, endpoint: "http://127.0.0.1:${port}", slots: 2 }
  - { name: door, provider: ollama, endpoint: "http://127.0.0.1:9" }
`,
  "flows/bare.venue.yaml": `version: 1
name: bare
provider: openai
endpoint: "http://127.0.0.1:${port}/v1"
model: m
`,
});

/** A Flow that names a Venue without a model. */
const lame: Readonly<Record<string, string>> = {
  "flows/lame.flow.yaml": `version: 1
name: lame
band: standard
venue: lame
score: brief
task: Say something.
inputs: { node: { default: "22" } }
approval: none
`,
  "flows/lame.venue.yaml": "version: 1\nname: lame\nprovider: ollama\n",
};

describe("sessions afterwards, and where the next ones run", function () {
  this.timeout(120_000);
  showFailures(this, () => workbench);
  let folder: string;
  let workbench: Workbench;
  let conductor: ConductorPage;
  let server: Awaited<ReturnType<typeof ollama>>;

  const sessions = (): string[] => readdirSync(path.join(folder, ".orket", "sessions")).sort();
  const rows = (name: RegExp): Locator =>
    workbench.page.getByRole("treeitem", { name }).filter({ visible: true });
  const tell = async (text: string): Promise<Locator> => notification(workbench, text);
  const quiet = (): Promise<void> => workbench.command("Notifications: Clear All Notifications");

  /** Chooses when all seven have answered: with each answer the rows are drawn anew, and one can become another's. */
  const selectVenue = async (name: string): Promise<void> => {
    await workbench.command("Orket: Select Venue");
    await workbench
      .quickInputRows()
      .filter({ hasText: /answers|does not answer/ })
      .nth(6)
      .waitFor();
    // A row can hold, unseen, what the palette's had beside it: "other commands".
    const label = workbench.page.getByText(name, { exact: true });
    await workbench.quickInputRows().filter({ has: label }).click();
  };

  before(async () => {
    server = await ollama();
    folder = await sampleProject(0);
    await addFiles(folder, files(server.port));
    workbench = await Workbench.open({ folder, theme: "dark" });
    conductor = await ConductorPage.open(workbench);
    await workbench.command("Orket: Run Flow");
    await workbench.pick("two");
    await workbench.answer("22");
    await conductor.stands("Completed");
  });

  after(async () => {
    await workbench?.close();
    server?.close();
    await removeProject(folder);
  });

  it("replays a session and says that it is identical", async () => {
    await workbench.command("Orket: Replay Session");
    await workbench.pick("two");

    await tell("the replay is identical");
    await quiet();
  });

  it("shows what was proven above the events, and no more", async () => {
    await workbench.command("Orket: Open Session");
    const panel = await workbench.panel(/^\d+ events$/);

    await panel
      .getByText("recorded: the journal is complete and unbroken (orket verify checks its contents)")
      .waitFor();
    await panel.getByText(/^replayed: a replay was identical/).waitFor();
    assert.equal(await panel.getByText(/^repeated/).count(), 0);
    await conductor.screenshot("session-proven-dark");
  });

  it("verifies a session", async () => {
    await workbench.command("Orket: Verify Session");
    await workbench.pick("two");

    await tell("two is as it was written");
    await quiet();
  });

  it("forks a session at a step with another instruction, and runs it", async () => {
    await workbench.command("Orket: Fork Session");
    await workbench.pick("two");
    await workbench.page.getByPlaceholder(/From which step on/).waitFor();
    await workbench.quickInputRows().filter({ hasText: "reviewer" }).first().waitFor();
    await workbench.page.keyboard.type("check");
    await workbench.quickInputRows().filter({ hasText: "architect" }).waitFor({ state: "detached" });
    await workbench.page.keyboard.press("Enter");
    await workbench.quickInputRows().filter({ hasText: "Run the Fork" }).first().waitFor();
    await conductor.screenshot("fork-dark");
    await workbench.pick("Instruction");
    await workbench.answer("Say it in one word.");
    await workbench.quickInputRows().filter({ hasText: "changed: instruction of check" }).first().waitFor();
    await workbench.pick("Run the Fork");

    await conductor.stands("Completed");
    await until("the fork on the disk", () => sessions().length > 1);
    assert.equal(sessions().length, 2);
  });

  it("compares two sessions step by step", async () => {
    await workbench.command("Orket: Compare Sessions");
    await workbench.quickInputRows().first().click();
    await workbench.page.getByPlaceholder(/with which session/).waitFor();
    await workbench.quickInputRows().first().click();
    await workbench.quickInputRows().filter({ hasText: "differs: prompt" }).first().waitFor();
    await workbench
      .quickInputRows()
      .filter({ hasText: "plan" })
      .filter({ hasText: "same" })
      .first()
      .waitFor();
    await conductor.screenshot("compare-dark");
    await workbench.quickInputRows().filter({ hasText: "differs: prompt" }).first().click();

    await workbench.page.locator(".monaco-diff-editor").first().waitFor();
    await workbench.page.locator(".tab.active").filter({ hasText: "two ↔ two (check)" }).waitFor();
    await workbench.page.locator(".view-line").filter({ hasText: "Tokens:" }).first().waitFor();
    await conductor.screenshot("compare-diff-dark");
  });

  it("compares in the session's panel, where it also shows when each role worked and what it used", async () => {
    await workbench.command("Orket: Open Session");
    const panel = await workbench.panel(/^\d+ events$/);
    await panel.getByRole("tab", { name: "Compare" }).click();
    await panel.getByRole("button", { name: "Compare with a session" }).click();
    await workbench.quickInputRows().first().click();
    await panel.getByText(/^1 of \d+ steps differ$/).waitFor();
    await conductor.screenshot("session-compare-dark");
    await panel.getByRole("button", { name: "check" }).click();
    await workbench.page.locator(".tab.active").filter({ hasText: "two ↔ two (check)" }).waitFor();
    await workbench.command("View: Close Editor");

    await panel.getByRole("tab", { name: "Tokens and cost" }).click();
    await panel
      .getByRole("table", { name: "By role" })
      .getByRole("row")
      .filter({ hasText: "Session" })
      .waitFor();
    await conductor.screenshot("session-usage-dark");
    await panel.getByRole("tab", { name: "Timeline" }).click();
    await panel.getByRole("treeitem", { name: /^architect/ }).focus();
    await workbench.page.keyboard.press("ArrowDown");
    await conductor.screenshot("session-timeline-dark");
    await workbench.page.keyboard.press("Enter");
    await panel.getByRole("tab", { name: "Transcript", selected: true }).waitFor();
    await panel.getByText(/^\d+ of \d+ events$/).waitFor();
    await panel.getByRole("feed").getByRole("heading", { name: "plan" }).waitFor();
    await panel.getByRole("button", { name: "Clear filters" }).click();
    await panel.getByText(/^\d+ events$/).waitFor();
  });

  it("asks every Venue and uses the chosen one for the next run", async () => {
    await workbench.command("Orket: Select Venue");
    await workbench.quickInputRows().filter({ hasText: "1 of 2 nodes answer" }).first().waitFor();
    await workbench.quickInputRows().filter({ hasText: "tiny:1b (loaded, 4,096 tokens)" }).first().waitFor();
    const bare = workbench.quickInputRows().filter({ hasText: "The server returned no list of models." });
    await bare.getByText(/openai, answers in \d+ ms$/).waitFor();
    await bare.hover();
    await bare.getByRole("button", { name: /^Try Out/ }).waitFor();
    await conductor.screenshot("select-venue-dark");
    await workbench.page.keyboard.press("Escape");
    await selectVenue("other");
    await conductor.frame.getByRole("button", { name: "other" }).waitFor();

    await workbench.command("Orket: Run Flow");
    await workbench.pick("two");
    await workbench.answer("22");
    await conductor.stands("Completed");
    const usesOther = (id: string): boolean => {
      const file = path.join(folder, ".orket", "sessions", id, "definition.json");
      // A session's folder is there a moment before its definition.
      return existsSync(file) && /"name":\s*"other"/.test(readFileSync(file, "utf8"));
    };
    // The session before is still shown as done for a moment.
    await until("a session with the other Venue", () => sessions().some(usesOther));
    assert.equal(sessions().filter(usesOther).length, 1);
    await selectVenue("As Each Flow Says");
    await conductor.frame.getByRole("button", { name: "other" }).waitFor({ state: "detached" });
  });

  it("lists the sessions with their titles, and renames one", async () => {
    await workbench.page.locator(".pane-header").filter({ hasText: "Sessions" }).click();
    await rows(/^two,/).first().waitFor();
    await workbench.command("Orket: Open Session");
    await workbench.page
      .locator(".tab.active")
      .filter({ hasText: /^two \w{4}/ })
      .waitFor();
    await workbench.command("Orket: Rename Session");
    await workbench.quickInputRows().first().click();
    await workbench.answer("The second try");

    await rows(/^The second try,/).waitFor();
    await workbench.page.locator(".tab.active").filter({ hasText: "The second try" }).waitFor();
  });

  it("says in a row's tooltip how large the session is and what was proven", async () => {
    await rows(/^two,/).last().hover();
    await workbench.page.locator(".monaco-hover").filter({ hasText: "on the disk" }).first().waitFor();
    await workbench.page.locator(".monaco-hover").filter({ hasText: "replayed: a replay" }).first().waitFor();
    await workbench.screenshot("session-tooltip-dark");
    await workbench.page.mouse.move(900, 500);
  });

  it("finds a session by what was said in it", async () => {
    await workbench.command("Orket: Search Sessions");
    await workbench.answer("short");

    await workbench.quickInputRows().filter({ hasText: "The plan is short" }).first().waitFor();
    await workbench.page.keyboard.press("Escape");
  });

  it("shows a mesh's nodes in the Library, and drains one", async () => {
    await workbench.page.locator(".pane-header").filter({ hasText: "Library" }).click();
    // Room for the list, which draws only what can be seen.
    for (const name of ["Artifacts", "Sessions"]) {
      await workbench.page.locator(".pane-header").filter({ hasText: name }).click();
    }
    await rows(/^Flows/).click();
    await rows(/^Bands/).click();
    const twistie = rows(/^desks, venue/).locator(".monaco-tl-twistie");
    await twistie.click();
    await rows(/^window, node, up · 0 of 2 busy/).waitFor({ timeout: 30_000 });
    await rows(/^door, node, down/).waitFor({ timeout: 30_000 });
    const node = rows(/^window, node/);
    await node.hover();
    await node.getByRole("button", { name: "Drain Node" }).click();
    await rows(/^window, node, drained/).waitFor();
    await conductor.screenshot("mesh-dark");
    await workbench.page.mouse.move(900, 500);
    await node.hover();
    await node.getByRole("button", { name: "Put Node Back" }).click();
    await rows(/^window, node, up/).waitFor();

    // A row that was closed for a while says what is so now.
    await twistie.click();
    await node.waitFor({ state: "detached" });
    await twistie.click();
    await node.hover();
    await node.getByRole("button", { name: "Drain Node" }).click();
    await rows(/^window, node, drained/).waitFor();
    await node.hover();
    await node.getByRole("button", { name: "Put Node Back" }).click();
    await rows(/^window, node, up/).waitFor();
  });

  it("can be read in other themes", async () => {
    for (const theme of ["light", "high-contrast"] as const) {
      await workbench.setTheme(theme);
      await conductor.screenshot(`history-${theme}`);
      await readable(conductor.frame.locator("body"), /Completed/);
      await readable(workbench.page.locator(".part.sidebar"), /Library/, visible);
    }
    await workbench.setTheme("dark");
  });

  it("names the step, the event and the cause when a replay differs, and shows both sides", async () => {
    const id = sessions()[0] ?? "";
    const journal = path.join(folder, ".orket", "sessions", id, "journal.jsonl");
    writeFileSync(journal, readFileSync(journal, "utf8").replace("The plan is short.", "The plan is shart."));
    await workbench.command("Orket: Replay Session");
    await workbench.quickInputRows().filter({ hasText: id }).first().click();
    const message = await tell("The replay differs in step plan");
    // The pointer rests on the bell, whose tooltip lies over the button.
    await workbench.page.mouse.move(600, 400);
    await message.getByRole("button", { name: "Show Difference" }).click();

    await workbench.page.locator(".tab.active").filter({ hasText: "recorded ↔ replayed, plan" }).waitFor();
    await workbench.page.locator(".view-line").filter({ hasText: "Cause" }).first().waitFor();
    await conductor.screenshot("replay-difference-dark");
    await quiet();
  });

  it("deletes a session after a question", async () => {
    const count = sessions().length;
    await workbench.command("Orket: Delete Session");
    await workbench.quickInputRows().first().click();
    await workbench.page.locator(".monaco-dialog-box").getByRole("button", { name: "Delete" }).click();
    await until("a session less", () => sessions().length !== count);

    assert.equal(sessions().length, count - 1);
  });

  it("runs a Flow whose own Venue is broken on the one that was chosen", async () => {
    await addFiles(folder, lame);
    try {
      await workbench.command("Orket: Run Flow");
      await workbench.pick("lame");
      await tell(
        "The Flow lame cannot run. flows/lame.venue.yaml, line 3: The provider ollama needs a 'model'.",
      );
      await quiet();
      await selectVenue("other");
      await conductor.frame.getByRole("button", { name: "other" }).waitFor();

      const before = sessions().length;
      await workbench.command("Orket: Run Flow");
      await workbench.pick("lame");
      await workbench.answer("22");
      await conductor.frame.getByRole("heading", { name: "lame" }).waitFor();
      await conductor.stands("Completed");
      assert.equal(sessions().length, before + 1);
      await selectVenue("As Each Flow Says");
      await conductor.frame.getByRole("button", { name: "other" }).waitFor({ state: "detached" });
    } finally {
      await Promise.all(Object.keys(lame).map((name) => rm(path.join(folder, name))));
    }
  });
});
