/** The arguments of `putText` for a text that is made of these parts. */
export const joined = (parts: readonly string[]): [text: string, parts: readonly string[]] => [
  parts.join(""),
  parts,
];
