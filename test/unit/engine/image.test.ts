import assert from "node:assert/strict";
import { imageSchema } from "../../../src/engine/model/image";
import { commandSchema, commandTableText } from "../../../src/engine/model/command";

describe("The name of a container image", () => {
  const digest = "0123456789abcdef".repeat(4);

  it("is a whole reference: registry, path, tag and digest, all but the path optional", () => {
    for (const image of [
      "python",
      "python:3.12-slim",
      "library/python",
      "ghcr.io/owner/name_of.image--x:v1.2_3",
      "localhost:5000/a/b__c:latest",
      "Registry.example.com/a",
      `python@sha256:${digest}`,
      `quay.io/a/b:1@sha256:${digest}`,
      // An image of this machine alone, by its id.
      `sha256:${digest}`,
    ])
      assert.equal(imageSchema.safeParse(image).success, true, image);
  });

  it("cannot be an option, a placeholder, a file, or more than one argument", () => {
    for (const image of [
      "",
      "-v",
      "--privileged",
      "{{inputs.image}}",
      "python 3",
      "python\n",
      "/tmp/image.tar",
      "docker://python",
      "oci-archive:/tmp/x",
      "dir:/",
      "../python",
      "Python",
      "python:",
      "python:-x",
      "python@latest",
      "a//b",
      "a/-b",
      "$(id)",
      `${"a".repeat(500)}`,
    ])
      assert.equal(imageSchema.safeParse(image).success, false, image);
  });

  it("is part of what a person agrees to; a table without one has the text it always had", () => {
    const spec = commandSchema.parse({ argv: ["x"], isolation: "container", image: "a:1" });
    const other = { ...spec, image: "a:2" };
    assert.notEqual(commandTableText({ x: spec }), commandTableText({ x: other }));
    assert.equal(
      commandTableText({ x: commandSchema.parse({ argv: ["x"] }) }),
      '[["x",[["argv",["x"]],["effects","none"],["isolation","sandbox"],["network","none"],["output","text"],["timeout_seconds",300],["writes",[]]],[]]]',
    );
  });
});
