/** The properties that identify a model of the editor. */
export interface ModelFacts {
  readonly id: string;
  readonly vendor: string;
  readonly family: string;
  readonly name: string;
}

/** The ways to name a model, from the most exact to the vaguest. */
const ways: readonly ((model: ModelFacts) => string)[] = [
  ({ vendor, id }) => `${vendor}/${id}`,
  ({ id }) => id,
  ({ vendor, family }) => `${vendor}/${family}`,
  ({ family }) => family,
];

/** The model's name in a Venue; no other model shares it. */
export function modelName({ vendor, id }: ModelFacts): string {
  return `${vendor}/${id}`;
}

/**
 * The models that a Venue's `model` refers to, by `vendor/id`, `id`, `vendor/family` or `family`: all that match the most
 * exact way with any match, in an order that does not depend on which registered first.
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
