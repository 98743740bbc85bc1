import path from "node:path";
import * as z from "zod";
import { readState, userStateFolder, writeState } from "../../adapters/system/user-state";
import { originOf } from "../../engine/model/reach";
import type { KeyUse } from "../../engine/model/reach";
import { OrketError } from "../../engine/error/orket-error";
import { defined } from "../../engine/model/defined";
import { once } from "../../engine/model/once";
import { entryOf } from "../../engine/model/entry-of";

/**
 * Variables that are known to belong to one provider, with its API address from that provider's documentation: a user who
 * set them meant that server. Checked November 2026.
 */
const wellKnown: Readonly<Record<string, string>> = {
  "env:OPENAI_API_KEY": "https://api.openai.com",
  "env:ANTHROPIC_API_KEY": "https://api.anthropic.com",
  "env:CEREBRAS_API_KEY": "https://api.cerebras.ai",
  "env:DEEPSEEK_API_KEY": "https://api.deepseek.com",
  "env:FIREWORKS_API_KEY": "https://api.fireworks.ai",
  "env:GEMINI_API_KEY": "https://generativelanguage.googleapis.com",
  "env:GOOGLE_API_KEY": "https://generativelanguage.googleapis.com",
  "env:GROQ_API_KEY": "https://api.groq.com",
  "env:MISTRAL_API_KEY": "https://api.mistral.ai",
  "env:OLLAMA_API_KEY": "https://ollama.com",
  "env:OPENROUTER_API_KEY": "https://openrouter.ai",
  "env:PERPLEXITY_API_KEY": "https://api.perplexity.ai",
  "env:TOGETHER_API_KEY": "https://api.together.xyz",
  "env:XAI_API_KEY": "https://api.x.ai",
};

const fileSchema = once(() =>
  z.object({
    format: z.literal(1),
    /** Origins by reference. */
    allowed: z.record(z.string(), z.array(z.string())),
  }),
);

/** Where a user's answers are stored, and can be edited by hand: outside every project. */
function allowedKeysFile(folder = userStateFolder()): string {
  return path.join(folder, "keys.json");
}

/** The user's decisions on which key may go to which server. */
export class AllowedKeys {
  readonly #file: string;
  readonly #given: readonly KeyUse[];

  /** @param given allowed for this process alone (`--allow-key`). */
  constructor(given: readonly KeyUse[] = [], file = allowedKeysFile()) {
    this.#given = given;
    this.#file = file;
  }

  async allows({ reference, origin }: KeyUse): Promise<boolean> {
    if (Object.hasOwn(wellKnown, reference) && wellKnown[reference] === origin) return true;
    if (this.#given.some((one) => one.reference === reference && one.origin === origin)) return true;
    const { [reference]: origins = [] } = await this.#read();
    return origins.includes(origin);
  }

  /** Remembers that the user allowed it. */
  async allow({ reference, origin }: KeyUse): Promise<void> {
    const allowed = await this.#read();
    const origins = [...new Set([...(entryOf(allowed, reference) ?? []), origin])];
    await writeState(this.#file, { format: 1, allowed: { ...allowed, [reference]: origins } });
  }

  /**
   * Provides a key only to a server that it is allowed for. A missing key is reported first.
   * @throws {OrketError} key_not_allowed; secret_missing from `resolve`.
   */
  guard(
    resolve: (reference: string) => Promise<string>,
  ): (reference: string, origin: string) => Promise<string> {
    return async (reference, origin) => {
      let key: string;
      try {
        key = await resolve(reference);
      } catch (error) {
        if (!OrketError.is(error, "secret_missing")) throw error;
        // When storing the key, the user is shown its server, and allows it by storing the key.
        throw new OrketError(error.code, error.message, {
          ...defined({ hint: error.hint }),
          details: { ...error.details, reference, origin },
        });
      }
      if (await this.allows({ reference, origin })) return key;
      throw notAllowed({ reference, origin });
    };
  }

  async #read(): Promise<Readonly<Record<string, string[]>>> {
    const read = fileSchema().safeParse(await readState(this.#file));
    return read.success ? read.data.allowed : {};
  }
}

function notAllowed({ reference, origin }: KeyUse): OrketError {
  return new OrketError(
    "key_not_allowed",
    `The key ${reference} has not been allowed for ${origin}, so it was not sent there.`,
    {
      hint: `If you trust that server with the key: --allow-key ${reference}@${origin} on the command line, or answer the question in VS Code.`,
      details: { reference, origin },
    },
  );
}

/** Reads `NAME@ORIGIN`; a NAME without its kind means both. @throws {OrketError} usage */
export function readAllowedKey(written: string): KeyUse[] {
  const at = written.indexOf("@");
  const name = written.slice(0, at);
  const address = written.slice(at + 1);
  const isName = /^(?:(?:secret|env):)?[A-Za-z0-9_.-]+$/.test(name);
  if (at <= 0 || !isName || !URL.canParse(address) || !/^https?:/.test(address)) {
    throw new OrketError(
      "usage",
      "--allow-key is NAME@ORIGIN, such as secret:lab@https://models.example.org.",
    );
  }
  const origin = originOf(address);
  const references = name.includes(":") ? [name] : [`secret:${name}`, `env:${name}`];
  return references.map((reference) => ({ reference, origin }));
}
