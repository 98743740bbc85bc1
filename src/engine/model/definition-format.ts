/** Format of `definition.json`; raised when an older engine could misread it. */
export const definitionFormat = 1;
