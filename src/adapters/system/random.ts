import { randomBytes } from "node:crypto";

/** Random bytes, for names that must not collide; a test supplies a fixed sequence. */
export type RandomBytes = (count: number) => Uint8Array;

export const systemRandom: RandomBytes = (count) => randomBytes(count);

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

/** `count` characters of a-z and 0-9. */
export function randomName(random: RandomBytes, count: number): string {
  let name = "";
  for (const byte of random(count)) name += alphabet.charAt(byte % alphabet.length);
  return name;
}
