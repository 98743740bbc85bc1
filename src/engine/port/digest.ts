/** SHA-256 of the text's UTF-8 bytes, in lower-case hexadecimal. A pure function that Node does faster than we could. */
export type Sha256 = (text: string) => string;
