/** Text and bytes. Pure functions that every host has and the language itself does not. */
export interface Utf8 {
  encode(text: string): Uint8Array;
  /** null when the bytes are not UTF-8 text. */
  decode(bytes: Uint8Array): string | null;
}
