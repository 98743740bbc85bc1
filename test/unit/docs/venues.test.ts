import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { nodeSchema, timeoutsSchema, venueFileSchema } from "../../../src/engine/model/venue";

const page = readFileSync(path.join(__dirname, "../../../docs/venues.md"), "utf8");

describe("The page about Venues", () => {
  it("shows Venue files that are valid as they stand", () => {
    const files = [...page.matchAll(/```yaml\n(version: 1\n[\s\S]*?)```/g)].map(([, text]) => text ?? "");
    assert(files.length >= 8);
    for (const file of files) {
      const read = venueFileSchema.safeParse(parse(file));
      assert(read.success, `${file}\n${read.error?.message ?? ""}`);
    }
  });

  it("names every key of a Venue, of a node and of the timeouts", () => {
    for (const schema of [venueFileSchema, nodeSchema, timeoutsSchema]) {
      for (const key of Object.keys(schema.shape)) assert(page.includes(`| \`${key}\``), key);
    }
  });
});
