/** SHA-256 of the text's UTF-8 bytes, in lower-case hexadecimal. A pure function; Node computes it faster than our own code. */
export type Sha256 = (text: string) => string;
