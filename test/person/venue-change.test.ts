import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { Workbench } from "../integration/workbench";
import { ConductorPage, notification } from "./conductor";
import { showFailures } from "./failures";
import { inOrder } from "./in-order";
import { until } from "../until";
import { addFiles, removeProject, sampleProject } from "./sample";

const there = ["small-chat", "large-chat"];

/** A server with two models that refuses every other one. */
async function twoModels(): Promise<{ url: string; called: string[]; close: () => void }> {
  const called: string[] = [];
  const server = http.createServer((request, response) => {
    let text = "";
    request.on("data", (bytes: Buffer) => (text += bytes.toString()));
    request.on("end", () => {
      const answer = (status: number, value: unknown): void => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
      };
      if (request.url === "/v1/models") {
        answer(200, { object: "list", data: there.map((id) => ({ id, object: "model" })) });
        return;
      }
      const { model } = JSON.parse(text) as { model: string };
      called.push(model);
      const message = { role: "assistant", content: `${model} says it.` };
      if (there.includes(model)) answer(200, { choices: [{ index: 0, finish_reason: "stop", message }] });
      else
        answer(404, { error: { message: `The model '${model}' does not exist.`, code: "model_not_found" } });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${port}/v1`, called, close };
}

const flow = (name: string): string => `version: 1
name: ${name}
band: standard
venue: ${name}
score: say
task: Say it.
inputs: { node: { default: "22" } }
approval: none
`;
const venue = (name: string, endpoint: string, model: string): string =>
  `version: 1\nname: ${name}\nprovider: openai\nendpoint: ${endpoint}\nmodel: ${model}\nretry: { attempts: 1 }\n`;

describe("a session that failed on its Venue", function () {
  this.timeout(120_000);
  inOrder(this);
  showFailures(this, () => workbench);

  let folder: string;
  let workbench: Workbench;
  let conductor: ConductorPage;
  let server: Awaited<ReturnType<typeof twoModels>>;
  /** An address that refuses connections. */
  let dead: string;

  const run = async (name: string): Promise<void> => {
    await workbench.command("Notifications: Clear All Notifications");
    await workbench.command("Orket: Run Flow");
    await workbench.pick(name);
    await workbench.answer("22");
  };
  const press = async (message: string, button: string): Promise<void> => {
    await (await notification(workbench, message)).getByRole("button", { name: button }).click();
  };
  const changeVenue = async (name: string, from: string, to: string): Promise<void> => {
    const file = path.join(folder, "flows", `${name}.venue.yaml`);
    const text = await readFile(file, "utf8");
    assert.ok(text.includes(from));
    await writeFile(file, text.replace(from, to));
  };
  /** The events of the newest session of a Flow. */
  const eventsOf = (name: string): string[] => {
    const sessions = path.join(folder, ".orket", "sessions");
    const id = readdirSync(sessions)
      .filter((one) => one.includes(`-${name}-`))
      .sort()
      .at(-1);
    assert.ok(id !== undefined);
    const lines = readFileSync(path.join(sessions, id, "journal.jsonl"), "utf8")
      .trim()
      .split("\n");
    return lines.map((line) => (JSON.parse(line) as { type: string }).type);
  };

  before(async () => {
    server = await twoModels();
    const gone = await twoModels();
    dead = gone.url;
    gone.close();
    folder = await sampleProject(0);
    await addFiles(folder, {
      "flows/dead.flow.yaml": flow("dead"),
      "flows/dead.venue.yaml": venue("dead", dead, there[0] ?? ""),
      "flows/lacking.flow.yaml": flow("lacking"),
      "flows/lacking.venue.yaml": venue("lacking", server.url, "absent-chat"),
      // Its role is routed: the Venue of its own is called by nobody.
      "flows/routed.flow.yaml": flow("routed"),
      "flows/routed.venue.yaml": `${venue("routed", dead, there[0] ?? "")}roles: { architect: { venue: spare } }\n`,
      "flows/spare.venue.yaml": venue("spare", server.url, "absent-chat"),
      "flows/say.score.yaml":
        "version: 1\nname: say\nsteps:\n  - { id: say, role: architect, instruction: Say it. }\n",
    });
    workbench = await Workbench.open({ folder, theme: "light" });
    conductor = await ConductorPage.open(workbench);
  });

  after(async () => {
    await workbench?.close();
    server?.close();
    await removeProject(folder);
  });

  it("because its endpoint was dead goes on when the file names another and the button is pressed", async () => {
    await run("dead");
    await press(`Cannot reach the server at ${dead}`, "Run Anyway");
    await conductor.frame.getByRole("heading", { name: "say failed" }).waitFor({ timeout: 30_000 });
    assert.equal(await conductor.button("Go on with the new Venue").count(), 0);

    await changeVenue("dead", dead, server.url);
    await conductor.button("Go on with the new Venue").waitFor({ timeout: 30_000 });
    await conductor.screenshot("venue-changed-light");
    await conductor.button("Go on with the new Venue").click();

    await conductor.stands("Completed");
    assert.deepEqual(server.called.splice(0), [there[0]]);
    assert.ok(eventsOf("dead").includes("venue_changed"));
  });

  it("because a model was missing on the Venue of a role goes on with one that is there", async () => {
    await run("routed");
    await press("The Venue spare asks for absent-chat", "Run Anyway");
    await conductor.frame.getByRole("heading", { name: "say failed" }).waitFor({ timeout: 30_000 });
    for (const model of there) await conductor.button(`Use ${model}`).waitFor({ timeout: 30_000 });
    await workbench.setTheme("high-contrast");
    await conductor.screenshot("venue-other-models-high-contrast");
    await conductor.button("Use large-chat").click();

    await conductor.stands("Completed");
    assert.deepEqual(server.called.splice(0), ["absent-chat", "large-chat"]);
    assert.ok(eventsOf("routed").includes("venue_changed"));
  });

  it("need not fail at all: the run is offered the models before its first step", async () => {
    await run("lacking");
    const message = await notification(workbench, "The Venue lacking asks for absent-chat");
    assert.match((await message.textContent()) ?? "", /It has small-chat, large-chat\./);
    await conductor.screenshot("venue-model-missing-high-contrast");
    await message.getByRole("button", { name: "Use small-chat" }).click();

    await until("the model is called", () => server.called.length > 0);
    await conductor.stands("Completed");
    assert.deepEqual(server.called.splice(0), ["small-chat"]);
    assert.ok(!eventsOf("lacking").includes("venue_changed"));
  });
});
