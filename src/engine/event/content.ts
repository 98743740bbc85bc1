import * as z from "zod";
import { utf8Length } from "../model/utf8";

/** Text of up to this many UTF-8 bytes is stored in the journal line itself; longer text is stored in a blob. */
export const inlineContentMaxBytes = 1024;

export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** A blob: SHA-256 in lower-case hexadecimal, and its length. */
export const blobRefSchema = z.strictObject({ sha256: digestSchema, bytes: z.int().min(0) });
export type BlobRef = z.infer<typeof blobRefSchema>;

/** A text: short ones inline, long ones as a blob. */
export const contentSchema = z.union([z.strictObject({ text: z.string() }), blobRefSchema]);
export type Content = z.infer<typeof contentSchema>;

/** Whether the text is in the event itself. */
export function isInline(content: Content): content is { text: string } {
  return "text" in content;
}

/** Length of the text in UTF-8 bytes. */
export function utf8LengthOf(content: Content): number {
  return isInline(content) ? utf8Length(content.text) : content.bytes;
}

/** How long the text is: in characters where it is in the event, otherwise in bytes. */
export function contentLength(content: Content): number {
  return isInline(content) ? content.text.length : content.bytes;
}
