import assert from "node:assert/strict";
import { squareArea } from "../shapes/index.js";

export const tests = {
  "the area of a square is its side times itself": () => {
    assert.equal(squareArea(3), 9);
  },
};
