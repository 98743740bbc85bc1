type Defined<T extends object> = { [Key in keyof T]?: Exclude<T[Key], undefined> };

/**
 * The given fields without those that are undefined, to spread into an object whose optional fields are absent rather
 * than undefined (`exactOptionalPropertyTypes`; an undefined field would also appear in a comparison of objects).
 */
export function defined<T extends object>(fields: T): Defined<T> {
  const kept: Defined<T> = {};
  for (const key in fields) {
    const value = fields[key];
    if (value !== undefined) kept[key] = value as Exclude<T[typeof key], undefined>;
  }
  return kept;
}
