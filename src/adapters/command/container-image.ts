import * as z from "zod";
import { askEngine, forgetEngine } from "./container-engine";
import type { Engine } from "./container-engine";
import { once } from "../../engine/model/once";

/** An image of this machine. */
export interface Image {
  /** As the Flow names it. */
  readonly name: string;
  /** `sha256:` and 64 hexadecimal digits. What is started is this, whatever the name refers to by then. */
  readonly id: string;
  /** Folders for which the engine would make storage outside the view. */
  readonly volumes: readonly string[];
}

const imageInfo = once(() =>
  z.object({
    Id: z.string().regex(/^(?:sha256:)?[0-9a-f]{64}$/),
    Os: z.string(),
    Config: z.object({ Volumes: z.record(z.string(), z.unknown()).nullish() }).nullish(),
  }),
);

/** A sentence: why the image cannot be used. */
export interface ImageProblem {
  readonly message: string;
}

/** What the engine says about an image (`image inspect`). */
export function readImage(name: string, text: string): Image | ImageProblem {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  // podman gives a list, whatever the format.
  const read = imageInfo().safeParse(Array.isArray(value) ? value[0] : value);
  if (!read.success) return { message: `What the engine says about the image ${name} cannot be read.` };
  const { Id, Os, Config } = read.data;
  if (Os !== "linux")
    return { message: `The image ${name} is one of ${Os}; only images of Linux can be used.` };
  const volumes = Object.keys(Config?.Volumes ?? {});
  const strange = volumes.find(
    (place) =>
      !/^(?:\/[A-Za-z0-9._-]+)+\/?$/.test(place) ||
      /^\/work(?:\/|$)|^\/(?:proc|sys|dev)(?:\/|$)|\/\.\.?(?:\/|$)/.test(place),
  );
  if (strange !== undefined) {
    return {
      message: `The image ${name} declares the volume ${JSON.stringify(strange)}, which cannot be isolated.`,
    };
  }
  return { name, id: Id.startsWith("sha256:") ? Id : `sha256:${Id}`, volumes };
}

/** The image in the first engine that has it. Nothing is downloaded. */
export async function findImage(
  engines: readonly Engine[],
  name: string,
): Promise<{ readonly engine: Engine; readonly image: Image } | ImageProblem> {
  for (const engine of engines) {
    const answer = await askEngine(engine, ["image", "inspect", "--format", "{{json .}}", name]);
    if (answer.ok) {
      const image = readImage(name, answer.stdout);
      return "message" in image ? image : { engine, image };
    }
    if (/no such image|image not known|unable to find|no image with/i.test(answer.problem)) continue;
    // It may have stopped; the next command asks it again.
    forgetEngine(engine);
    return { message: `${engine.program} did not say whether it has the image ${name}: ${answer.problem}.` };
  }
  const program = engines[0]?.program ?? "docker";
  return {
    message: `The image ${name} is not on this machine, and Orket downloads no images. Run '${program} pull ${name}', then try again.`,
  };
}
