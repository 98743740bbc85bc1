import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Locator } from "playwright-core";
import { Workbench } from "../integration/workbench";
import { ConductorPage, notification } from "./conductor";
import { showFailures } from "./failures";
import { inOrder } from "./in-order";
import { addFiles, removeProject, sampleProject } from "./sample";
import { until } from "../until";
import { readable, visible } from "./readable";

const files = {
  "flows/typo.flow.yaml": `version: 1
name: typo
band: standrd
venue: scripted
score: standard
task: Say something.
`,
  "flows/colors.band.yaml": `version: 1
name: colors
roles:
  painter:
    prompt: |   # a comment {{task}}
      # How to paint {{task}}
      - Use **bold** strokes and \`thin_lines\`.
      Never {{inputs.color}} with *haste*.
    tools: [read_file]
`,
  "flows/slow.venue.yaml": "version: 1\nname: slow\nprovider: scripted\nreplies: slow.replies.yaml\n",
  "flows/slow.replies.yaml": `version: 1
chunk_delay_ms: 200
steps:
  plan: [{ text: ${"One word after the other. ".repeat(40)} }]
`,
  "flows/editor.venue.yaml": "version: 1\nname: editor\nprovider: vscode-lm\n",
  "flows/brief.flow.yaml": `version: 1
name: brief
band: standard
venue: brief
score: brief
task: Say something.
inputs: { node: { default: "22" } }
approval: none
`,
  "flows/brief.venue.yaml": "version: 1\nname: brief\nprovider: scripted\nreplies: brief.replies.yaml\n",
  "flows/brief.replies.yaml": `version: 1
steps:
  look: [{ text: "", tool_calls: [{ tool: set_verdict, args: { verdict: approve } }] }, { text: It is right. }]
`,
  "flows/brief.score.yaml": `version: 1
name: brief
steps:
  - { id: look, role: reviewer, instruction: Say whether it is right., verdict: [approve, request_changes] }
`,
  ".roomodes": `customModes:
  - slug: poet
    name: Poet
    roleDefinition: You write short poems.
    groups: [read, edit]
`,
};

describe("writing definitions as a person does", function () {
  this.timeout(120_000);
  inOrder(this);
  showFailures(this, () => workbench);

  let folder: string;
  let workbench: Workbench;

  const onDisk = (name: string): string => readFileSync(path.join(folder, name), "utf8");
  const editor = (): Locator =>
    workbench.page.locator(".editor-group-container.active .monaco-editor").first();
  const lens = (title: string | RegExp): Locator =>
    workbench.page.locator(".codelens-decoration a").filter({ hasText: title });
  const text = (word: string): Locator =>
    editor().locator(".view-line span span").filter({ hasText: word }).first();
  const shot = async (name: string): Promise<void> => {
    await workbench.screenshot(name);
  };
  const key = (name: string): Promise<void> => workbench.page.keyboard.press(name);
  /** The file once it is another than before, and whole: it is empty while it is written. */
  const changed = async (name: string, before: string): Promise<string> => {
    await until(`${name} was written`, () => !["", before].includes(onDisk(name)));
    return onDisk(name);
  };
  const closeAll = (): Promise<void> => workbench.command("View: Close All Editors");

  before(async () => {
    folder = await sampleProject();
    await addFiles(folder, files);
    workbench = await Workbench.open({ folder, theme: "dark", models: true });
  });

  after(async () => {
    await workbench?.close();
    await removeProject(folder);
  });

  it("underlines a wrong name and says what is meant", async () => {
    await workbench.openFile("flows/typo.flow.yaml");
    await editor().locator(".squiggly-error").first().waitFor({ timeout: 30_000 });
    const hover = workbench.page
      .locator(".monaco-hover:visible")
      .filter({ hasText: "Did you mean 'standard'?" });
    // A line that is drawn anew under the pointer takes the hover away; a person moves the mouse once more.
    for (let attempt = 0; attempt < 8 && (await hover.count()) === 0; attempt += 1) {
      await text("task").first().hover();
      await text("standrd").hover();
      await hover.waitFor({ timeout: 4000 }).catch(() => undefined);
    }
    await hover.waitFor();
    await hover.getByText("orket/reference-not-found").waitFor();

    await shot("editing-squiggle-dark");
  });

  it("fixes it from the light bulb", async () => {
    await key("Escape");
    await text("standrd").click();
    await key("Control+.");
    const action = workbench.page.locator(".action-widget:visible").getByText("Replace with 'standard'");
    await action.waitFor();
    await shot("editing-quick-fix-dark");
    await action.click();

    await editor().locator(".squiggly-error").first().waitFor({ state: "detached" });
  });

  it("offers keys with their documentation, and the values that can stand", async () => {
    await key("Control+End");
    await workbench.page.keyboard.type("app");
    const list = workbench.page.locator(".suggest-widget:visible .monaco-list-row");
    await list.filter({ hasText: "approval" }).first().waitFor();
    await shot("editing-completion-dark");
    await key("Enter");

    await list.filter({ hasText: "before_step" }).first().waitFor();
    await key("Escape");
    await key("Control+s");
    await closeAll();
    unlinkSync(path.join(folder, "flows", "typo.flow.yaml"));
  });

  it("renames a role in all files from where the cursor stands", async () => {
    await workbench.openFile("flows/standard.score.yaml");
    await text("coder").click();
    await key("F2");
    const box = workbench.page.locator(".rename-box:visible input").first();
    await box.waitFor();
    assert.equal(await box.inputValue(), "coder");
    await shot("editing-rename-dark");
    const before = onDisk("flows/standard.band.yaml");
    await box.fill("builder");
    await key("Enter");
    await text("builder").waitFor();
    await workbench.command("File: Save All");

    await changed("flows/standard.band.yaml", before);
    assert.match(onDisk("flows/standard.band.yaml"), /^ {2}builder:$/m);
    assert.match(onDisk("flows/standard.score.yaml"), /role: builder/);
    await closeAll();
  });

  it("opens a prompt beside its Band, and writes it back", async () => {
    await workbench.openFile("flows/standard.band.yaml");
    const before = onDisk("flows/standard.band.yaml");
    await lens("Edit Prompt").first().waitFor();
    await lens("Edit Prompt").first().click();
    await workbench.page.locator(".tab.active").filter({ hasText: "architect.md" }).waitFor();
    await lens("Preview").first().waitFor();
    await shot("editing-prompt-dark");
    await editor().locator(".view-lines").click();
    await key("Control+End");
    await workbench.page.keyboard.type("Be brief about {{ta");
    const list = workbench.page.locator(".suggest-widget:visible .monaco-list-row");
    await list.filter({ hasText: "task" }).first().waitFor();
    await key("Enter");
    await key("Control+s");

    const now = await changed("flows/standard.band.yaml", before);
    assert.match(now, /^ {6}Be brief about \{\{task\}\}$/m);
    assert.equal(now.split("\n").length, before.split("\n").length + 1);
  });

  it("shows the prompt as it would be sent", async () => {
    await lens("Preview").first().click();
    await workbench.page.locator(".tab").filter({ hasText: "architect in plan.md" }).waitFor();

    await workbench.page.locator(".view-line").filter({ hasText: "Node 20" }).first().waitFor();
    await shot("editing-preview-dark");
  });

  it("tries a prompt once, with its time and tokens, and without a session", async () => {
    await lens("Try Prompt").first().click();
    await workbench.pick("scripted");
    await workbench.page.locator(".tab").filter({ hasText: "architect on scripted.md" }).waitFor();
    await workbench.page
      .locator(".view-line")
      .filter({ hasText: "I look at what is there" })
      .first()
      .waitFor();
    await workbench.page.locator(".view-line").filter({ hasText: "Tokens:" }).first().waitFor();

    await shot("editing-try-dark");
    assert.equal(existsSync(path.join(folder, ".orket", "sessions")), false);
    await closeAll();
  });

  it("keeps what came when a try is cancelled", async () => {
    await workbench.openFile("flows/standard.band.yaml");
    await lens("Try Prompt").first().click();
    await workbench.pick("slow");
    const line = (holding: string): Locator =>
      workbench.page.locator(".view-line").filter({ hasText: holding });
    await line("One word after").first().waitFor();
    const running = await notification(workbench, "Trying architect on slow");
    await shot("editing-try-running-dark");
    await running.getByRole("button", { name: "Cancel" }).click();

    await line("Cancelled").first().waitFor();
    await line("One word after").first().waitFor();
    await closeAll();
  });

  it("asks for a model of the editor where the Venue names none", async () => {
    await workbench.openFile("flows/standard.band.yaml");
    await lens("Try Prompt").first().click();
    await workbench.pick("editor");
    await workbench.quickInputRows().filter({ hasText: "orket-test/large" }).waitFor();
    await shot("editing-try-model-dark");
    await workbench.pick("orket-test/large");

    await workbench.page
      .locator(".view-line")
      .filter({ hasText: "Model: orket-test/large" })
      .first()
      .waitFor();
    await workbench.page.locator(".view-line").filter({ hasText: "Hello." }).first().waitFor();
    assert.equal(existsSync(path.join(folder, ".orket", "sessions")), false);
    await closeAll();
  });

  it("shows on a step how it ended and what it used, and leads to the session", async () => {
    await workbench.openFile("flows/brief.score.yaml");
    await workbench.command("Orket: Run Flow");
    await workbench.pick("brief");
    await workbench.answer("22");
    await lens(/Last: done · approve · about \d+ tokens/).waitFor({ timeout: 30_000 });
    await shot("editing-result-dark");
    await lens("Last: done").click();

    await workbench.page.locator(".tab.active").filter({ hasText: /brief/ }).waitFor();
    await workbench.panel(/^\d+ events$/);
    await closeAll();
  });

  it("colors Markdown and placeholders inside of prompts, and nothing outside", async () => {
    await workbench.openFile("flows/colors.band.yaml");
    await workbench.command("Developer: Inspect Editor Tokens and Scopes");
    const inspector = workbench.page.locator(".token-inspect-widget");
    const places: readonly (readonly [string, RegExp, RegExp?])[] = [
      ["6:10", /markup\.heading\.markdown/],
      ["6:26", /variable\.language\.orket/],
      ["7:7", /punctuation\.definition\.list\.begin\.markdown/],
      ["7:15", /markup\.bold\.markdown/],
      ["7:35", /markup\.inline\.raw\.string\.markdown/],
      ["8:16", /variable\.language\.orket/],
      ["8:22", /variable\.other\.property\.orket/],
      ["8:37", /markup\.italic\.markdown/],
      ["8:8", /string\.unquoted\.block\.yaml/, /markup|orket$/m],
      ["5:24", /comment\.line\.number-sign\.yaml/, /placeholder/],
      ["9:14", /string\.unquoted\.plain/, /markup|placeholder/],
    ];
    for (const [place, wanted, unwanted] of places) {
      await key("Control+g");
      await workbench.page.locator(".quick-input-widget:visible input[type=text]").first().fill(`:${place}`);
      await key("Enter");
      await inspector.filter({ hasText: wanted }).waitFor({ timeout: 10_000 });
      if (unwanted !== undefined) assert.doesNotMatch(await inspector.innerText(), unwanted, place);
    }
    await shot("editing-colors-dark");
    await key("Escape");
    await closeAll();
  });

  it("looks at a file of more than 1 MB when it is saved, and says so", async () => {
    const name = "flows/large.band.yaml";
    const head = "version: 1\nname: large\nroles:\n  poet: { prompt: Write. }\n";
    await addFiles(folder, { [name]: head + `# ${"x".repeat(98)}\n`.repeat(11_000) });
    await workbench.openFile(name);
    const status = workbench.page.locator(".statusbar-item").filter({ hasText: "Checked on save" });
    await status.waitFor();
    await editor().locator(".squiggly-error").first().waitFor();
    await shot("editing-large-dark");
    // Below the limit again, but not on the disk.
    await editor().locator(".view-lines").click();
    await key("Control+a");
    await workbench.page.keyboard.insertText(head);
    await status.waitFor({ state: "detached" });
    await editor().locator(".squiggly-error").first().waitFor({ state: "detached" });
    await key("Control+s");
    await closeAll();
  });

  for (const theme of ["light", "high-contrast"] as const) {
    it(`can be read in the theme ${theme}`, async () => {
      await workbench.setTheme(theme);
      await workbench.openFile("flows/standard.band.yaml");
      await lens("Edit Prompt").first().click();
      await workbench.page.locator(".tab.active").filter({ hasText: "architect.md" }).waitFor();
      await lens("Preview").first().waitFor();
      await shot(`editing-prompt-${theme}`);
      await readable(editor(), /architect/i, visible);
      await closeAll();
      await workbench.openFile("flows/shapes.flow.yaml");
      await lens("Show Plan").click();
      // The plan opens as a page of VS Code's own preview, not as its source.
      const plan = await until("the plan as a page", async () => {
        for (const frame of workbench.page.frames()) {
          const title = frame.locator("h1", { hasText: "Plan of shapes" });
          if ((await title.count().catch(() => 0)) > 0) return frame;
        }
        return undefined;
      });
      await shot(`editing-plan-${theme}`);
      await readable(plan.locator("body"), /Plan of shapes/, visible);
      await closeAll();
    });
  }

  it("writes a new Flow from a template", async () => {
    await workbench.setTheme("dark");
    await workbench.command("Orket: New Flow");
    await workbench.quickInputRows().first().waitFor();
    await shot("editing-new-flow-dark");
    await workbench.pick("Plan");
    await workbench.answer("parser");
    await workbench.pick("No model yet");
    await workbench.answer("flows");

    await workbench.page.locator(".tab.active").filter({ hasText: "parser.flow.yaml" }).waitFor();
    await lens("Run with Step Approval").waitFor();
    for (const kind of ["flow", "band", "score", "replies"])
      assert.ok(existsSync(path.join(folder, "flows", `parser.${kind}.yaml`)), kind);
    assert.equal(await editor().locator(".squiggly-error").count(), 0);
    await shot("editing-lenses-dark");
    await closeAll();
  });

  it("imports the agents of another tool, with a report", async () => {
    await workbench.command("Orket: Import");
    await workbench.pick("This folder");
    await workbench.answer("imported");

    await workbench.page
      .locator(".view-line")
      .filter({ hasText: "Import: Roo Code modes" })
      .first()
      .waitFor();
    await shot("editing-import-dark");
    await closeAll();
  });

  it("imports a file from outside the folder, with those that belong to it", async () => {
    const crew = path.join(path.dirname(folder), "elsewhere", "config");
    mkdirSync(crew, { recursive: true });
    writeFileSync(
      path.join(crew, "agents.yaml"),
      "scout:\n  role: Scout\n  goal: Look around.\n  backstory: You see far.\n",
    );
    writeFileSync(
      path.join(crew, "tasks.yaml"),
      "look:\n  description: Look at the hills.\n  expected_output: What you saw.\n  agent: scout\n",
    );
    await workbench.command("Orket: Import");
    await workbench.pick("Choose Files");
    const input = workbench.page.locator(".quick-input-widget:visible .quick-input-box input");
    await workbench.quickInputRows().filter({ hasText: "flows" }).waitFor();
    await input.fill(`${crew}/`);
    const row = workbench.quickInputRows().filter({ hasText: "agents.yaml" });
    await row.waitFor();
    await row.click();
    await workbench.page.getByPlaceholder("flows").waitFor();
    await workbench.answer("from-crew");

    await workbench.page.locator(".view-line").filter({ hasText: "Import: CrewAI" }).first().waitFor();
    const written = readdirSync(path.join(folder, "from-crew")).map((name) => name.replace(/^.*?\./, ""));
    for (const kind of ["flow.yaml", "band.yaml", "score.yaml"])
      assert.ok(written.includes(kind), written.join());
    await closeAll();
  });

  it("says why nothing is overwritten", async () => {
    const input = workbench.page.locator(".quick-input-widget:visible .quick-input-box input");
    // The box checks against the files that were there when it opened.
    await until("the name is refused", async () => {
      await workbench.command("Orket: New Flow");
      await workbench.pick("Plan");
      await input.fill("parser");
      const refused = await workbench.page
        .locator(".quick-input-message")
        .filter({ hasText: "already" })
        .waitFor({ timeout: 1000 })
        .then(
          () => true,
          () => false,
        );
      await key("Escape");
      return refused;
    });
  });

  it("leads through the first run", async () => {
    await workbench.command("Welcome: Open Walkthrough...");
    await workbench.pick("Get Started with Orket");
    await workbench.page.getByText("Write a team").first().waitFor();

    await shot("editing-walkthrough-dark");
  });

  it("leads from a folder without a Flow to the first one", async () => {
    const empty = path.join(path.dirname(folder), "empty");
    mkdirSync(empty);
    await workbench.openInstead(empty);
    const conductor = await ConductorPage.open(workbench, "This folder has no Flow yet.");
    await conductor.button("Write Sample Project").waitFor();
    await conductor.screenshot("editing-no-flow-dark");
    await conductor.button("New Flow").click();

    await workbench.quickInputRows().filter({ hasText: "Plan, build, review" }).waitFor();
    await key("Escape");
  });
});
