import { OrketError } from "../../engine/error/orket-error";
import { isUnsolved, offerText, withHunks } from "./offer";
import type { Offer } from "./offer";
import type { Bytes } from "./text";

/** What a person wants of an offer; nothing named means all of it. */
export interface Choice {
  /** `Offer.shown` of what the person saw. */
  readonly shown?: string;
  /** Numbers of the hunks, from 1. */
  readonly hunks?: readonly number[];
  /** The person's own version; null deletes the file. */
  readonly edited?: Bytes;
}

/** What a choice comes to. */
export interface Chosen {
  readonly content: Bytes;
  readonly mode: "whole" | "hunks" | "edited";
  /** What is proposed after this, against `base`; absent when all of it is decided. */
  readonly rest?: { readonly base: Bytes; readonly content: Bytes };
}

/**
 * What an acceptance writes: exactly what was shown, or a part of it, or what the person made of it. Pure.
 * @throws {OrketError} acceptance_stale, acceptance_conflict, usage.
 */
export function chooseFrom(file: string, offer: Offer, choice: Choice = {}): Chosen {
  checkShown(file, offer, choice.shown);
  if (choice.edited !== undefined) {
    if (isUnsolved(choice.edited)) throw unsolved(file);
    return { content: choice.edited, mode: "edited" };
  }
  if (offer.kind === "conflict") throw conflictError(file, offer);
  if (choice.hunks === undefined) return { content: offer.result, mode: "whole" };
  const { text, chosen } = hunksNamed(file, offer, choice.hunks);
  if (chosen.size === text.hunks.length) return { content: offer.result, mode: "hunks" };
  const content = withHunks(text, chosen) ?? null;
  return { content, mode: "hunks", rest: { base: content, content: offer.result } };
}

/**
 * What is still proposed when some hunks are not wanted; undefined: nothing is.
 * @throws {OrketError} acceptance_stale, acceptance_conflict, usage.
 */
export function withoutHunks(
  file: string,
  offer: Offer,
  choice: Required<Pick<Choice, "hunks">> & Pick<Choice, "shown">,
): { base: Bytes; content: Bytes } | undefined {
  checkShown(file, offer, choice.shown);
  if (offer.kind === "conflict") throw conflictError(file, offer);
  const { text, chosen } = hunksNamed(file, offer, choice.hunks);
  const left = new Set(text.hunks.map(({ number }) => number).filter((number) => !chosen.has(number)));
  if (left.size === 0) return undefined;
  return { base: offer.project, content: withHunks(text, left) ?? null };
}

function hunksNamed(
  file: string,
  offer: Offer,
  numbers: readonly number[],
): { text: NonNullable<ReturnType<typeof offerText>>; chosen: Set<number> } {
  const text = offerText(offer);
  if (text === undefined)
    throw new OrketError("usage", `${file} is not text, so it has no hunks.`, {
      hint: "Accept or reject the whole file.",
    });
  const chosen = new Set(numbers);
  const wrong = [...chosen].find((number) => text.hunks[number - 1] === undefined);
  const count = text.hunks.length;
  if (wrong !== undefined || chosen.size === 0)
    throw new OrketError(
      "usage",
      `${file} has ${count === 0 ? "no hunks" : count === 1 ? "one hunk" : `hunks 1 to ${count}`}; there is no hunk ${String(wrong)}.`,
      { hint: "orket diff shows the hunks with their numbers." },
    );
  return { text, chosen };
}

function checkShown(file: string, offer: Offer, shown: string | undefined): void {
  if (shown === undefined || shown === offer.shown) return;
  throw new OrketError("acceptance_stale", `${file} has changed since it was shown. Nothing was written.`, {
    hint: "Look at it again, then decide.",
    details: { path: file, shown, now: offer.shown },
  });
}

function unsolved(file: string): OrketError {
  return new OrketError("acceptance_conflict", `The edited version of ${file} still has conflict markers.`, {
    hint: "Choose one side or both at each place, remove the markers, then accept it.",
    details: { path: file },
  });
}

const reasons = {
  both_changed: "The project and the proposal changed the same lines of",
  both_added: "The project and the proposal both created",
  deleted_in_project: "The project deleted what the proposal changes:",
  deletion: "The proposal deletes what the project has changed:",
  binary: "The project has changed a file that is not text:",
} as const;

function conflictError(file: string, { conflict, project }: Offer): OrketError {
  return new OrketError(
    "acceptance_conflict",
    `${reasons[conflict?.reason ?? "both_changed"]} ${file}. Nothing was written.`,
    {
      hint: "Bring both together in an edited version and accept that, or reject the proposal.",
      details: { path: file, reason: conflict?.reason, exists: project !== null },
    },
  );
}
