import assert from "node:assert/strict";
import { cpSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { UserSessionMarks } from "../../src/adapters/journal/session-marks";
import { startSession } from "../../src/app/session/open";
import { definitionOf, step } from "../fakes/engine-harness";
import { makeOutside, plants, snapshot } from "../fakes/hostile/orket-folder";
import { libraryOptions } from "../fakes/library-run";
import { environment } from "../fakes/session";
import { Workbench } from "../integration/workbench";
import { ConductorPage } from "./conductor";
import { showFailures } from "./failures";
import { inOrder } from "./in-order";

/** Names, kinds, sizes and times of everything below a folder. Contents are not read: some are without an end. */
function listing(dir: string): string[] {
  return readdirSync(dir, { recursive: true })
    .map(String)
    .sort()
    .map((name) => {
      const { mode, size, mtimeMs } = lstatSync(path.join(dir, name));
      return `${name} ${mode.toString(8)} ${size} ${mtimeMs}`;
    });
}

/** A session of somebody else that has not ended; its Venue is a server. @returns its folder. */
async function strangersSession(project: string, marks: string, endpoint: string): Promise<string> {
  const definition = definitionOf([step("plan", "writer"), step("last", "writer")]);
  Object.assign(definition.venue, { provider: "openai", endpoint, model: "m", api_key: "env:PRECIOUS_KEY" });
  const machine = { ...environment(), marks: new UserSessionMarks(() => marks) };
  const live = await startSession(
    definition,
    libraryOptions(project, { environment: machine, resolveSecret: () => Promise.resolve("") }),
  );
  await live.close();
  return live.directory;
}

/** The session once for each hostile form of something in its folder, and hostile forms beside the sessions. */
function plantAll(project: string, outside: string, session: string): void {
  const orket = path.join(project, ".orket");
  const letters = "abcdefghijklmnopqrstuvwxyz";
  const inSession = plants().filter(({ name }) => name.startsWith("sessions/S/"));
  for (const [number, plant] of inSession.entries()) {
    const ending = `zz${letters[Math.floor(number / 26)] ?? ""}${letters[number % 26] ?? ""}`;
    const copy = session.replace(/[a-z0-9]{4}$/, ending);
    cpSync(session, copy, { recursive: true });
    plant.put({ project, orket, session: copy, outside });
  }
  for (const name of [
    "trash as a link to a folder outside",
    "blobs as a link to a folder outside",
    "capabilities.json as a link to /dev/zero",
    "prune.lock as a link to a file outside",
  ]) {
    const plant = plants().find((one) => one.name === name);
    assert.ok(plant !== undefined, name);
    plant.put({ project, orket, session, outside });
  }
}

describe("a clone from a stranger, with links, bombs and sessions in .orket", function () {
  this.timeout(180_000);
  inOrder(this);
  showFailures(this, () => workbench);

  let base: string;
  let project: string;
  let outside: string;
  let workbench: Workbench;
  let conductor: ConductorPage;
  let server: http.Server;
  let requests = 0;
  let origin: string;
  let planted: { readonly outside: string[]; readonly orket: string[] };

  before(async () => {
    base = await realpath(await mkdtemp(path.join(os.tmpdir(), "orket-stranger-")));
    project = path.join(base, "clone");
    outside = path.join(base, "outside");
    mkdirSync(project);
    mkdirSync(outside);
    makeOutside(outside);
    server = http.createServer((_, response) => {
      requests += 1;
      response.end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const session = await strangersSession(project, path.join(base, "marks"), `${origin}/v1`);
    plantAll(project, outside, session);
    planted = { outside: snapshot(outside), orket: listing(path.join(project, ".orket")) };
    workbench = await Workbench.open({ folder: project, theme: "dark", askForTrust: true });
  });

  after(async () => {
    await workbench?.close();
    server?.close();
    await rm(base, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });

  const assertUntouched = (): void => {
    assert.deepEqual(snapshot(outside), planted.outside);
    assert.deepEqual(listing(path.join(project, ".orket")), planted.orket);
    assert.equal(requests, 0);
  };

  it("is opened without trust: its sessions are shown, none waits for anybody, nothing is written, called or followed", async () => {
    await workbench.page.locator(".statusbar-item").filter({ hasText: "Restricted Mode" }).waitFor();
    conductor = await ConductorPage.open(workbench, /not written on this machine by you/);
    await conductor.frame.locator(".status").filter({ hasText: "Paused" }).waitFor();
    await workbench.command("Orket: Open Session");
    const panel = await workbench.panel(/^\d+ events?$/);
    await panel.getByText("Session started").first().waitFor();

    assertUntouched();
    assert.equal(
      await workbench.page.locator(".part.activitybar .badge-content").filter({ visible: true }).count(),
      0,
      "nothing of a stranger waits for the user",
    );
    await conductor.screenshot("stranger-untrusted-dark");
  });

  it("goes on with a session only after a question that names server and key, once it is trusted", async () => {
    await workbench.command("Workspaces: Manage Workspace Trust");
    await workbench.page
      .locator(".workspace-trust-editor")
      .getByRole("button", { name: "Trust", exact: true })
      .first()
      .click();
    await workbench.page
      .locator(".statusbar-item")
      .filter({ hasText: "Restricted Mode" })
      .waitFor({ state: "detached" });
    await workbench.command("Orket: Resume Session");

    const dialog = workbench.page.locator(".monaco-dialog-box").filter({
      hasText: "This session was not written on this machine by you. Go on with it?",
    });
    await dialog.getByText(origin).first().waitFor();
    await dialog.getByText("env:PRECIOUS_KEY").first().waitFor();
    await conductor.screenshot("stranger-question-dark");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await dialog.waitFor({ state: "detached" });

    assertUntouched();
  });
});
