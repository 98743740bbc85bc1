/** What the loop's and the session's step of the same number say: with the reply before it, prompts of 4 kB. */

const fill = (word: string, bytes: number): string =>
  `${word} `.repeat(Math.ceil(bytes / (word.length + 1))).slice(0, bytes);

export const system = `You listen. ${fill("carefully", 2048)}`;

export const ownText = (number: number): string => `Do step ${number}. ${fill(`step-${number}`, 1536)}`;

/** A reply of 500 bytes, as the server of the bench reads it. */
export const model = "m500";
