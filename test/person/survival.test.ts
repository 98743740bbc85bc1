import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { openSnapshot } from "../../src/app/session/snapshot";
import { writeLongSession } from "../fakes/long-session";
import { root } from "../integration/server";
import { Workbench } from "../integration/workbench";
import { ConductorPage } from "./conductor";
import { HeldModel } from "./held-model";
import { showFailures } from "./failures";
import { inOrder } from "./in-order";
import { addFiles, removeProject, sampleProject } from "./sample";
import { armingMs } from "../../src/protocol/press-guard";
import { pace, until } from "../until";

const instruction = "Check what was said.";
const score = (check: string): string => `version: 1
name: pair
steps:
  - { id: talk, role: talker, instruction: Say what comes first. }
  - { id: check, role: checker, instruction: ${check}, approval: before_step }
`;
const flow = (name: string, venue: string): string =>
  `version: 1\nname: ${name}\nband: pair\nvenue: ${venue}\nscore: pair\ntask: Talk.\napproval: none\n`;
const venue = (name: string, url: string, idleSeconds: number): string => `version: 1
name: ${name}
provider: openai
endpoint: ${url}/v1
model: test-model
timeouts: { idle_seconds: ${idleSeconds} }
retry: { attempts: 1 }
`;

/** Nothing may come for this long in a reply of the impatient Venue. */
const idleSeconds = 2;

const files = (url: string): Record<string, string> => ({
  "flows/pair.flow.yaml": flow("pair", "patient"),
  "flows/hurry.flow.yaml": flow("hurry", "impatient"),
  "flows/pair.score.yaml": score(instruction),
  "flows/patient.venue.yaml": venue("patient", url, 600),
  "flows/impatient.venue.yaml": venue("impatient", url, idleSeconds),
  "flows/pair.band.yaml": `version: 1
name: pair
roles:
  talker: { prompt: You talk., tools: [] }
  checker: { prompt: You check., tools: [] }
`,
});

interface Line {
  readonly type: string;
  readonly step: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A process and all that it started. */
function familyOf(pid: number): number[] {
  const table = execFileSync("ps", ["-axo", "pid=,ppid="], { encoding: "utf8" });
  const rows = table
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/).map(Number));
  const family = [pid];
  for (const member of family) {
    for (const [child = 0, parent = 0] of rows) if (parent === member) family.push(child);
  }
  return family;
}

/*
 * The extension is installed here as users have it: VS Code starts its host again after a crash, which it does not do for
 * an extension under development.
 */
describe("a session survives", function () {
  this.timeout(120_000);
  inOrder(this);
  showFailures(this, () => workbench);

  let folder: string;
  let model: HeldModel;
  let workbench: Workbench;
  let conductor: ConductorPage;

  const sessionsFolder = (): string => path.join(folder, ".orket", "sessions");
  const sessions = (): string[] => (existsSync(sessionsFolder()) ? readdirSync(sessionsFolder()).sort() : []);
  /** The session that the test at work has started. */
  let session = "";
  const journal = (): Line[] => {
    const text = readFileSync(path.join(sessionsFolder(), session, "journal.jsonl"), "utf8");
    return text
      .slice(0, text.lastIndexOf("\n"))
      .split("\n")
      .map((line) => JSON.parse(line) as Line);
  };
  const eventsOf = (type: string): Line[] => journal().filter((line) => line.type === type);
  /** The process that has it. */
  const writer = (): number => {
    const lock = readFileSync(path.join(sessionsFolder(), session, "lock"), "utf8");
    return (JSON.parse(lock) as { pid: number }).pid;
  };

  /** Runs a Flow until the model stops in the middle of its first reply. */
  const runUntilHeld = async (name: string): Promise<void> => {
    const before = new Set(sessions());
    model.hold();
    await workbench.command("Orket: Run Flow");
    await workbench.pick(name);
    session = await until("a new session", () => sessions().find((id) => !before.has(id)));
    await model.isHeld();
  };

  /** The same, and the reply so far is on the screen. */
  const runIntoMidStep = async (): Promise<void> => {
    await runUntilHeld("pair");
    conductor = await ConductorPage.open(workbench, "I think about it,");
  };

  /** Runs a Flow up to the question before its second step. */
  const runToQuestion = async (): Promise<void> => {
    await runIntoMidStep();
    await model.release();
    await conductor.asksFor("check");
  };

  /** What was cut off is shown where it stood; one button goes on. */
  const goOn = async (): Promise<void> => {
    conductor = await ConductorPage.open(workbench, "Interrupted");
    await conductor.button("Resume").click();
    await conductor.asksFor("check");
  };

  const finish = async (): Promise<void> => {
    await conductor.approve("check");
    await conductor.stands("Completed");
    const begun = eventsOf("step_start").map(({ step }) => step);
    assert.deepEqual(begun, ["talk", "check"], "a finished step was run again");
    assert.equal(eventsOf("approval_requested").length, 1, "the question was asked anew");
  };

  before(async () => {
    model = await HeldModel.start();
    folder = await sampleProject(0);
    await addFiles(folder, files(model.url));
    workbench = await Workbench.open({ folder, theme: "dark", installed: true });
    conductor = await ConductorPage.open(workbench);
  });

  after(async () => {
    await workbench?.close();
    await model?.close();
    await removeProject(folder);
  });

  describe("its own length", () => {
    it("a length of 100,000 events: the latest are shown, and the earlier ones when somebody goes there", async () => {
      const { paths, events: total } = writeLongSession(folder, 100_000, 200);
      await (
        await openSnapshot(paths.dir)
      ).indexing;
      await workbench.command("Orket: Focus on Sessions View");
      const row = workbench.page.getByRole("treeitem", { name: /^test,/ }).filter({ visible: true });
      await row.waitFor();
      // A row that has just appeared takes no click.
      await pace(armingMs + 200);
      await row.click();
      const all = total.toLocaleString("en");
      const panel = await workbench.panel(`${all} events`);
      await panel.getByText(new RegExp(`– ${all} of ${all}$`)).waitFor();
      await panel.getByRole("tab", { name: "Events" }).click();
      const rows = panel.getByRole("option");
      await rows
        .last()
        .filter({ hasText: `${total - 1}` })
        .filter({ hasText: "Step ended" })
        .waitFor();
      await panel
        .locator("#pager")
        .getByText(new RegExp(`– ${all} of ${all}$`))
        .waitFor();
      await workbench.screenshot("session-long-dark");

      const earlier = panel.getByRole("button", { name: "Earlier events" });
      await earlier.focus();
      for (let press = 0; press < 3; press += 1) await workbench.page.keyboard.press("Enter");
      await panel
        .locator("#pager")
        .getByText(new RegExp(`– ${all} of ${all}$`))
        .waitFor({ state: "detached" });
      const [top] = (await panel.locator("#pager .hint").innerText()).replaceAll(",", "").split(" ");
      await rows
        .filter({ hasText: `${Number(top) - 1}` })
        .first()
        .waitFor();

      await panel.getByRole("listbox").focus();
      await workbench.page.keyboard.press("Home");
      await rows.first().filter({ hasText: "Session started" }).waitFor();
      await panel.getByText('"engine": "bench"').waitFor();
      await panel.getByRole("textbox", { name: "Text" }).fill("s150");
      await panel.getByText(new RegExp(`^[1-9]\\d* of ${all} events$`)).waitFor();
      await rows.first().filter({ hasText: "Step started" }).waitFor();
      await workbench.command("View: Close Editor");
    });
  });

  describe("a second window", () => {
    let second: Workbench;
    let watching: ConductorPage;

    it("which watches it live and says who has it", async () => {
      await runIntoMidStep();
      second = await workbench.another();
      watching = await ConductorPage.open(second, "Only to watch");
      const why = new RegExp(`another window of VS Code \\(process ${writer()} on .*\\) holds it since`);
      await watching.frame.getByText(why).waitFor();
      assert.equal(await watching.button("Pause").count(), 0);

      await model.release();
      await watching.asksFor("check");
      await watching.stands("Waiting for an answer");
      assert.equal(await watching.button("Approve").count(), 0);
      await second.screenshot("survival-watching-dark");
    });

    it("which goes on with it when the first lets go, while the first watches", async () => {
      await conductor.button("Pause").click();
      await conductor.stands("Paused");
      await watching.button("Resume").click();
      await conductor.frame.getByText(/Only to watch: another window/).waitFor();
      await watching.approve("check");

      await watching.stands("Completed");
      await conductor.stands("Completed");
      await second.closeWindow();
    });
  });

  describe("the death of the extension host", () => {
    it("in the middle of a step", async () => {
      await runIntoMidStep();
      process.kill(writer(), "SIGKILL");
      model.letGo();
      await goOn();

      await finish();
      // The lost call is made again, and the loss is said.
      assert.equal(eventsOf("model_call_failed")[0]?.data["code"], "interrupted");
    });

    it("with a question open", async () => {
      await runToQuestion();
      await workbench.command("Orket: Open Session");
      await workbench.panel(/^\d+ events$/);
      process.kill(writer(), "SIGKILL");
      conductor = await ConductorPage.open(workbench, "Interrupted");
      await conductor.asksFor("check");
      // A panel outlives its extension, and says so.
      await workbench.panel(/^Orket does not answer/);
      await workbench.screenshot("survival-crashed-dark");
      await workbench.command("View: Close Editor");
      await goOn();

      await finish();
    });
  });

  describe("the end of VS Code", () => {
    it("in the middle of a step", async () => {
      await runIntoMidStep();
      await workbench.restart();
      model.letGo();
      await goOn();

      await finish();
    });

    it("with a question open, and goes on as recorded when the files have changed since", async () => {
      await runToQuestion();
      await workbench.restart();
      await addFiles(folder, { "flows/pair.score.yaml": score("Check every word.") });
      conductor = await ConductorPage.open(workbench, "Interrupted");
      await conductor.asksFor("check");
      await conductor.button("Resume").click();
      await workbench.page.getByText("The files of pair have changed since the session began").waitFor();
      await workbench.screenshot("survival-changed-dark");
      await workbench.pick("Go on as Recorded");
      await conductor.frame.locator(".instruction", { hasText: instruction }).waitFor();

      await finish();
    });
  });

  describe("what comes between", () => {
    it("a change of its files as a fork that runs by the new ones", async () => {
      await addFiles(folder, { "flows/pair.score.yaml": score(instruction) });
      await runToQuestion();
      await conductor.button("Pause").click();
      await conductor.stands("Paused");
      await addFiles(folder, { "flows/pair.score.yaml": score("Check every word.") });
      const asked = model.calls;
      await conductor.button("Resume").click();
      await workbench.pick("Fork with the New Definition");
      await conductor.frame.locator(".instruction", { hasText: "Check every word." }).waitFor();
      await conductor.approve("check");

      await conductor.stands("Completed");
      // What stood before the change was taken over, not asked again.
      assert.equal(model.calls, asked + 1);
    });

    it("a step that failed for what its files said, and is tried again by the corrected ones", async () => {
      await runUntilHeld("hurry");
      conductor = await ConductorPage.open(workbench, "talk failed");
      model.letGo();
      await addFiles(folder, { "flows/impatient.venue.yaml": venue("impatient", model.url, 600) });
      await conductor.button("Retry").click();
      await workbench.pick("Fork with the New Definition");
      await conductor.approve("check");

      await conductor.stands("Completed");
      await addFiles(folder, { "flows/impatient.venue.yaml": venue("impatient", model.url, idleSeconds) });
    });

    it("a suspended machine, whose lock nobody takes", async () => {
      await runUntilHeld("hurry");
      const family = familyOf(writer());
      for (const pid of family) process.kill(pid, "SIGSTOP");
      const stoppedMs = Date.now();
      try {
        const cli = [path.join(root, "dist", "cli.js"), "-C", folder, "resume", session];
        const { status, stderr } = spawnSync(process.execPath, cli, { encoding: "utf8" });
        assert.equal(status, 2);
        assert.match(
          stderr,
          /open for writing in VS Code \(process \d+ on .*\), since .*, which is suspended/,
        );
        // What is under test is a sleep that is longer than the Venue's patience.
        await until("a long sleep", () => (Date.now() - stoppedMs > 2000 * idleSeconds ? true : undefined));
        await model.release();
      } finally {
        for (const pid of family) process.kill(pid, "SIGCONT");
      }
      conductor = await ConductorPage.open(workbench, "Begin check?");

      await finish();
      // The reply had come meanwhile, and was not given up for lost.
      assert.deepEqual(eventsOf("model_call_failed"), []);
    });
  });
});
