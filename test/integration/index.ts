import { readdirSync } from "node:fs";
import path from "node:path";
import Mocha from "mocha";

/** What VS Code calls in the extension host, in the server build and in Electron alike. */
export async function run(): Promise<void> {
  const mocha = new Mocha({
    ui: "bdd",
    timeout: 30_000,
    reporter: path.resolve(__dirname, "../../../scripts/reporter.cjs"),
    forbidOnly: Boolean(process.env["CI"]),
    ...(process.env["ORKET_GREP"] === undefined ? {} : { grep: process.env["ORKET_GREP"] }),
  });
  for (const file of readdirSync(__dirname, { recursive: true, encoding: "utf8" }).sort()) {
    if (file.endsWith(".test.js")) mocha.addFile(path.join(__dirname, file));
  }
  const failed = await new Promise<number>((resolve) => mocha.run(resolve));
  if (failed > 0) throw new Error(`${failed} of the tests inside VS Code failed`);
}
