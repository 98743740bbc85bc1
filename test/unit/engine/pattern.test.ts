import assert from "node:assert/strict";
import { matchesWhole, patternProblem } from "../../../src/engine/model/pattern";

describe("A pattern of a field", () => {
  it("matches what the same regular expression matches", () => {
    const patterns = [
      "[a-z0-9]+(-[a-z0-9]+)*",
      "v?\\d{1,3}(\\.\\d+){2}",
      "a|bc?|",
      "^x.y$",
      "(?:ab)*",
      "[^/]{2,}",
      "\\w+@\\w+\\.com",
    ];
    const texts = [
      "",
      "a",
      "bc",
      "a-b-c1",
      "-a",
      "v1.2.3",
      "12.0.10",
      "1.2",
      "x\u{1F600}y",
      "x\ny",
      "abab",
      "aba",
      "q@w.com",
      "ab/",
    ];
    for (const pattern of patterns)
      for (const text of texts)
        assert.equal(
          matchesWhole(pattern, text),
          new RegExp(`^(?:${pattern})$`, "u").test(text),
          `${pattern} on ${text}`,
        );
  });

  it("takes bounded work where going back would take for ever", () => {
    for (const pattern of ["(a+)+b", "(a|a)*b", "(a?){500}(a*)*b", "((a{1,500}){1,500})*b"])
      assert.equal(matchesWhole(pattern, "a".repeat(1000)), false);
  });

  it("is refused with a reason where it cannot be matched that way", () => {
    assert.match(patternProblem("(?=a)a") ?? "", /only \(…\) and \(\?:…\)/);
    assert.match(patternProblem("(a)\\1") ?? "", /cannot be used at character 4/);
    assert.match(patternProblem("(a") ?? "", /not closed/);
    assert.equal(patternProblem("[a-z]+"), undefined);
  });
});
