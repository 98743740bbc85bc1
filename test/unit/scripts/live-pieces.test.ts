import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

interface RunPiece {
  readonly Unavailable: new (message: string) => Error;
  whyEnded(code: number | null, signal: string | null, minutes: number): string;
  run(folder: string, log: string, command: string, args: readonly string[]): Promise<void>;
}

describe("a piece of the live suite", () => {
  let piece: RunPiece;
  let folder: string;

  before(async () => {
    const file = path.resolve(__dirname, "../../../scripts/live/run-piece.mjs");
    piece = (await import(file)) as RunPiece;
    folder = mkdtempSync(path.join(os.tmpdir(), "orket-piece-"));
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("that holds instructions that the processor does not have does not count as installed, and says so", async function () {
    if (process.platform === "win32") this.skip();
    const dies = ["-e", "process.kill(process.pid, 'SIGILL'); setInterval(() => 0, 1000)"];
    await assert.rejects(piece.run(folder, "dies", process.execPath, dies), (error) => {
      assert.ok(error instanceof piece.Unavailable);
      assert.match(error.message, /does not run on this machine's processor \(illegal instruction\)/);
      return true;
    });
    await piece.run(folder, "runs", process.execPath, ["--version"]);
  });

  it("says how else it ended", () => {
    assert.match(piece.whyEnded(132, null, 60), /illegal instruction/);
    assert.match(piece.whyEnded(0xc000001d, null, 60), /illegal instruction/);
    assert.equal(piece.whyEnded(1, null, 60), "exit 1");
    assert.equal(piece.whyEnded(null, "SIGTERM", 5), "ended after 5 minutes");
    assert.equal(piece.whyEnded(null, "SIGSEGV", 5), "ended by SIGSEGV");
  });
});
