import type { Utf8 } from "../../engine/port/utf8";

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text and bytes, as Node converts them. */
export const nodeUtf8: Utf8 = {
  encode: (text) => Buffer.from(text, "utf8"),
  decode: (bytes) => {
    if (bytes.includes(0)) return null;
    try {
      return strictUtf8.decode(bytes);
    } catch {
      return null;
    }
  },
};
