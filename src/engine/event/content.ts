import * as z from "zod";

/** Text of up to this many UTF-8 bytes stands in the journal line itself; longer text goes to a blob. */
export const inlineContentMaxBytes = 1024;

export const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** A blob: SHA-256 in lower-case hexadecimal, and its length. */
export const blobRefSchema = z.strictObject({ sha256: digestSchema, bytes: z.int().min(0) });
export type BlobRef = z.infer<typeof blobRefSchema>;

/** A text: short ones as they are, long ones as a blob. */
export const contentSchema = z.union([z.strictObject({ text: z.string() }), blobRefSchema]);
export type Content = z.infer<typeof contentSchema>;

/** Whether the text stands in the event itself. */
export function isInline(content: Content): content is { text: string } {
  return "text" in content;
}

/** How long the text is: in characters where it stands in the event, else in bytes. */
export function contentLength(content: Content): number {
  return isInline(content) ? content.text.length : content.bytes;
}
