/** What of a model of the editor says which one it is. */
export interface ModelFacts {
  readonly id: string;
  readonly vendor: string;
  readonly family: string;
  readonly name: string;
}

/** From the most exact way of naming a model to the vaguest. */
const ways: readonly ((model: ModelFacts) => string)[] = [
  ({ vendor, id }) => `${vendor}/${id}`,
  ({ id }) => id,
  ({ vendor, family }) => `${vendor}/${family}`,
  ({ family }) => family,
];

/** The way to name a model in a Venue that no other one shares. */
export function modelName({ vendor, id }: ModelFacts): string {
  return `${vendor}/${id}`;
}

/**
 * The models that a Venue's `model` means, by `vendor/id`, `id`, `vendor/family` or `family`: those of the most exact way
 * that finds any, in an order that does not depend on who registered first.
 */
export function modelsNamed<T extends ModelFacts>(models: readonly T[], wanted: string): readonly T[] {
  for (const nameOf of ways) {
    const found = models.filter((model) => nameOf(model) === wanted);
    if (found.length > 0) {
      return found.sort((a, b) => (modelName(a) < modelName(b) ? -1 : modelName(a) > modelName(b) ? 1 : 0));
    }
  }
  return [];
}
