import * as z from "zod";

/**
 * The name of a container image as docker and podman read it: `[REGISTRY[:PORT]/]PATH[:TAG][@DIGEST]`. The grammar is that of
 * the package `distribution/reference`; every text that fits is safe in a command line, and begins with no `-`.
 */
const imagePattern =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]{1,5})?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@sha256:[0-9a-f]{64})?$/;

/** Longest reference: 255 characters of a name (OCI), a tag and a digest. */
const maxImageLength = 455;

export const imageSchema = z
  .string()
  .max(maxImageLength)
  .regex(imagePattern, { error: "not the name of an image, such as python:3.12-slim" });
