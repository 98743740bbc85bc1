import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { root } from "../integration/server";
import { Workbench } from "../integration/workbench";
import type { Theme } from "../integration/workbench";
import { ConductorPage } from "./conductor";
import { removeProject, sampleProject } from "./sample";

/*
 * The pictures of the README, from a real workbench: a question in the conductor view, the artifacts so far, and one of
 * them as a diff. `npm run screenshots` runs this; the pictures are committed, since the README links to them.
 */

async function picture(theme: Theme, file: string): Promise<void> {
  const folder = await sampleProject();
  const workbench = await Workbench.open({ folder, theme, size: { width: 1280, height: 800 } });
  try {
    let conductor = await ConductorPage.open(workbench);
    await conductor.button("Run shapes").click();
    await workbench.pick("22");
    await conductor.agreeToCommands();
    conductor = await ConductorPage.open(workbench, /Begin plan\?/);
    await conductor.approve("plan");
    await conductor.approve("build#1");
    await conductor.asksFor("build#2");
    await workbench.page.getByRole("treeitem", { name: /^shapes\/index\.js, changed/ }).click();
    const changed = workbench.page
      .locator(".monaco-diff-editor .view-line")
      .filter({ hasText: "circleArea" });
    await changed.first().waitFor();
    await workbench.page.mouse.move(900, 600);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, await workbench.still());
    console.log(file);
  } finally {
    await workbench.close();
    await removeProject(folder);
  }
}

async function main(): Promise<void> {
  const images = path.join(root, "docs", "images");
  await picture("dark", path.join(images, "conductor-dark.png"));
  await picture("light", path.join(images, "conductor-light.png"));
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
