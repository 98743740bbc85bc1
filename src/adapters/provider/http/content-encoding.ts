import zlib from "node:zlib";
import type { BodySink } from "./transport";

/** Takes a compressed body piece by piece and passes on its contents as soon as they can be read. */
export interface BodyDecoder {
  push(bytes: Uint8Array): void;
  end(): void;
  stop(): void;
}

/** Output is requested immediately: a streamed reply is shown while it arrives. */
const makers: Readonly<Record<string, () => zlib.Gunzip | zlib.BrotliDecompress | zlib.Inflate>> = {
  gzip: () => zlib.createGunzip({ flush: zlib.constants.Z_SYNC_FLUSH, finishFlush: zlib.constants.Z_FINISH }),
  "x-gzip": () => zlib.createGunzip({ flush: zlib.constants.Z_SYNC_FLUSH }),
  deflate: () => zlib.createInflate({ flush: zlib.constants.Z_SYNC_FLUSH }),
  br: () => zlib.createBrotliDecompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH }),
};

/**
 * A decoder for a Content-Encoding; undefined: the body is not encoded. Orket asks for no compression, and some gateways
 * compress anyway. Several encodings are decoded from the last to the first.
 */
export function decoderFor(encoding: string, sink: BodySink): BodyDecoder | undefined {
  const names = encoding
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity");
  const steps = names.reverse().map((name) => {
    const zstd = (zlib as { createZstdDecompress?: () => zlib.Gunzip }).createZstdDecompress;
    return name === "zstd" ? zstd?.() : Object.hasOwn(makers, name) ? makers[name]?.() : undefined;
  });
  const [first] = steps;
  const last = steps.at(-1);
  if (first === undefined || last === undefined || steps.includes(undefined)) return undefined;
  let ended = false;
  const finish = (how: () => void): void => {
    if (ended) return;
    ended = true;
    how();
  };
  for (const [index, step] of steps.entries()) {
    const next = steps[index + 1];
    if (step !== undefined && next !== undefined) step.pipe(next);
    step?.on("error", (error: Error) =>
      finish(() => sink.error(Object.assign(error, { code: "ERR_CONTENT_ENCODING" }))),
    );
  }
  last.on("data", (bytes: Uint8Array) => {
    if (!ended) sink.data(bytes);
  });
  last.on("end", () => finish(() => sink.end()));
  return {
    push: (bytes) => void first.write(bytes),
    end: () => void first.end(),
    stop: () =>
      finish(() => {
        for (const step of steps) step?.destroy();
      }),
  };
}
