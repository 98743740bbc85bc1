import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { errorCodes } from "../../../src/engine/error/orket-error";
import { ProviderError, providerErrorCodes } from "../../../src/engine/error/provider-error";

describe("docs/errors.md", () => {
  const text = readFileSync("docs/errors.md", "utf8");

  it("has a line for every error code, and none for a code that is gone", () => {
    const documented = [...text.matchAll(/^\| `([a-z_]+)` +\|[^|]+\|[^|]+\|$/gm)].map(([, code]) => code);
    assert.deepEqual(documented, [...errorCodes]);
  });

  it("names every way in which a model call can fail, and marks those that are tried again", () => {
    for (const code of providerErrorCodes) {
      const retried = new ProviderError(code, "").retryable ? "` ↻" : "`";
      assert.ok(text.includes(`\`${code}${retried}`), code);
    }
  });
});
