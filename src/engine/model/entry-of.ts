/**
 * The value under a name that comes from outside (an id, a role, a path, a model): undefined where the record has no such
 * entry of its own. `record[name]` would find what every object inherits: a step may be called `constructor`.
 */
export function entryOf<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}
