import { mkdir } from "node:fs/promises";
import path from "node:path";
import { launchBrowser } from "../integration/browser";
import { startPanelServer } from "./server";

const shown: readonly { readonly theme: string; readonly width: number }[] = [
  { theme: "Dark 2026", width: 300 },
  { theme: "Light 2026", width: 220 },
  { theme: "Dark High Contrast", width: 300 },
];

/** Writes a sheet with each state whose name contains `text`, in three themes; the light one is narrow. */
export async function takePictures(folder: string, text: string): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const server = await startPanelServer();
  const browser = await launchBrowser();
  const files: string[] = [];
  try {
    for (const { theme, width } of shown) {
      const page = await browser.newPage({
        viewport: { width: 1640, height: 900 },
        reducedMotion: "reduce",
      });
      const query = new URLSearchParams({ theme, width: String(width), only: text });
      await page.goto(`${server.url}/?${query}`, { waitUntil: "load" });
      for (const frame of page.frames().slice(1))
        await frame.locator("#app > *, #toolbar > *").first().waitFor();
      const file = path.join(folder, `${theme.replace(/\W+/g, "-").toLowerCase()}-${width}.png`);
      await page.screenshot({ path: file, fullPage: true });
      files.push(file);
      await page.close();
    }
  } finally {
    await browser.close();
    await server.close();
  }
  return files;
}
