import * as vscode from "vscode";
import { AllowedKeys } from "../../app/keys/allowed-keys";
import type { RuntimeOptions } from "../../app/session/session";
import { OrketError } from "../../engine/error/orket-error";
import type { Secrets } from "./secrets";

/** What a session asks before it first does something that an untrusted file could have caused. */
export function questionsOf(
  secrets: Secrets,
): Pick<RuntimeOptions, "resolveSecret" | "confirmKey" | "confirmForeign"> {
  const keys = new AllowedKeys();
  return {
    // Listing gets no key that was not allowed, and asks no questions.
    resolveSecret: keys.guard(secrets.resolve),
    confirmKey: async (reference, origin) => {
      if (await keys.allows({ reference, origin })) return;
      // A key that is not stored is asked for first; storing it for a server allows it.
      if (!(await secrets.has(reference))) return;
      const send = "Send It";
      const answer = await vscode.window.showWarningMessage(
        `Send the key ${reference} to ${origin}?`,
        {
          modal: true,
          detail: `The Venue of this Flow names this key for this server. Whoever runs ${origin} can use it from then on. You are asked once for each key and server.`,
        },
        send,
      );
      if (answer === send) {
        await keys.allow({ reference, origin });
        return;
      }
      throw new OrketError("key_not_allowed", `The key ${reference} was not sent to ${origin}.`, {
        hint: "Check the Venue's endpoint, then run the Flow again.",
        details: { reference, origin },
      });
    },
    confirmForeign: async (id, facts) => {
      const goOn = "Go On with It";
      const answer = await vscode.window.showWarningMessage(
        "This session was not written on this machine by you. Go on with it?",
        { modal: true, detail: [id, ...facts].join("\n") },
        goOn,
      );
      return answer === goOn;
    },
  };
}

/** Records that a key was stored for a server that a run named: that allows it there. */
export async function allowStoredKey(name: string, origin: string): Promise<void> {
  await new AllowedKeys().allow({ reference: `secret:${name}`, origin });
}
