/** First bytes of file types that models meet in projects. */
const signatures: readonly (readonly [bytes: readonly number[], what: string])[] = [
  [[0x89, 0x50, 0x4e, 0x47], "a PNG picture"],
  [[0xff, 0xd8, 0xff], "a JPEG picture"],
  [[0x47, 0x49, 0x46, 0x38], "a GIF picture"],
  [[0x25, 0x50, 0x44, 0x46], "a PDF document"],
  [[0x50, 0x4b, 0x03, 0x04], "a ZIP archive (or a document in one)"],
  [[0x1f, 0x8b], "a gzip archive"],
  [[0x7f, 0x45, 0x4c, 0x46], "a program (ELF)"],
  [[0x4d, 0x5a], "a program of Windows"],
  [[0x00, 0x61, 0x73, 0x6d], "a WebAssembly module"],
  [[0xff, 0xfe], "text in UTF-16 (little endian)"],
  [[0xfe, 0xff], "text in UTF-16 (big endian)"],
];

/** The type of a file whose bytes are not UTF-8 text, recognized by its first bytes: for a sentence to the model. */
export function describeBytes(bytes: Uint8Array): string {
  const known = signatures.find(([start]) => start.every((byte, index) => bytes[index] === byte));
  if (known !== undefined) return known[1];
  return bytes.subarray(0, 8000).includes(0) ? "a binary file" : "text in another encoding, such as Latin-1,";
}
