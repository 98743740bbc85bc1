import { execFileSync } from "node:child_process";
import path from "node:path";
import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";
import { root } from "./server";

/** Starts the Chromium that scripts/find-chromium.mjs finds or installs. */
export async function launchBrowser(): Promise<Browser> {
  const script = path.join(root, "scripts/find-chromium.mjs");
  const executablePath = execFileSync(process.execPath, [script], { encoding: "utf8" }).trim();
  return chromium.launch({
    executablePath,
    headless: process.env["ORKET_HEADED"] === undefined,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // Containers give /dev/shm 64 MB, which a workbench outgrows.
      "--disable-dev-shm-usage",
    ],
  });
}
