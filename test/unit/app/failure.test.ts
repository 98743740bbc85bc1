import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { failureOf } from "../../../src/app/failure";
import { exitCodeOfError, exitCodes } from "../../../src/cli/exit-code";
import { OrketError } from "../../../src/engine/error/orket-error";
import { ProviderError } from "../../../src/engine/error/provider-error";

/** The same error as another bundle's copy of its class would make it: the marker and the fields, not the class. */
function fromAnotherBundle(error: Error): Error {
  return Object.assign(Object.create(Error.prototype) as Error, { message: error.message }, error);
}

describe("a failure", () => {
  it("that has a code is told as it is, whatever bundle made it", () => {
    const refusal = new OrketError("not_trusted", "This folder is not trusted.", { hint: "Trust it." });

    assert.equal(failureOf(refusal), refusal);
    const copy = failureOf(fromAnotherBundle(refusal));
    assert.equal(copy instanceof OrketError, false);
    assert.deepEqual([copy.code, copy.message, copy.hint], ["not_trusted", refusal.message, "Trust it."]);
  });

  it("of a model call is the provider's, whatever bundle made it", () => {
    for (const error of [
      new ProviderError("unauthorized", "The server refuses the key."),
      fromAnotherBundle(new ProviderError("unauthorized", "The server refuses the key.")),
    ]) {
      const { code, message, details } = failureOf(error);

      assert.deepEqual(
        [code, message, details],
        ["provider_failed", "The server refuses the key.", { code: "unauthorized" }],
      );
    }
    assert.equal(exitCodeOfError("provider_failed"), exitCodes.providerFailed);
  });

  it("of a file names the file and the cause, and is no bug", async () => {
    const missing = path.join(__dirname, "no-such-file");
    const error: unknown = await readFile(missing).catch((reason: unknown) => reason);

    const { code, message, hint } = failureOf(error);

    assert.equal(code, "disk_failed");
    assert.ok(message.includes("ENOENT") && message.includes(missing), message);
    assert.ok(hint !== undefined);
  });

  it("that nothing else explains is a bug, with its words", () => {
    for (const [error, words] of [
      [new TypeError("x is not a function"), "x is not a function"],
      ["a text", "a text"],
      [
        Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED", syscall: "connect" }),
        "connect ECONNREFUSED",
      ],
    ] as const) {
      const failure = failureOf(error);

      assert.equal(failure.code, "internal");
      assert.ok(failure.message.endsWith(words), failure.message);
      assert.equal(failure.cause, error);
    }
  });
});
