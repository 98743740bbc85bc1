import type { ProviderHealth } from "../../adapters/provider/health-types";
import { factsOf } from "../../engine/model/providers";
import type { VenueEndpoint } from "./capability-memory";

const loopback = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/i;

/** Whether an address is this machine's. */
export function isHere(endpoint: string): boolean {
  return loopback.test(hostOf(endpoint));
}

/** Servers that list other names than their calls accept: deployments, routes, aliases. */
const otherNames = /(^|\.)(azure\.com|openrouter\.ai|azure-api\.net|amazonaws\.com)$/i;

/**
 * Servers that answer with the model that they have loaded, whatever name a call contains, by `owned_by` of their list:
 * llama.cpp, llama-cpp-python, KoboldCpp, and LM Studio while one model is loaded. Believed on this machine only: elsewhere
 * a gateway may stand before them that routes by the name.
 */
const anyName: ReadonlySet<string | undefined> = new Set([
  "llamacpp",
  "me",
  "koboldcpp",
  "organization_owner",
]);

/** Whether a run with a model that the list lacks gets the one that is loaded. */
export function takesAnyName({ models }: Pick<ProviderHealth, "models">): boolean {
  return models.some(({ runtime }) => anyName.has(runtime));
}

/** The models among `asked` that a backend does not have by its list; none where the list does not say so. */
export function missingModels(
  asked: readonly VenueEndpoint[],
  { models }: Pick<ProviderHealth, "models">,
): string[] {
  // A backend that lists none may have them anyway.
  if (models.length === 0) return [];
  const names = models.map(({ name }) => name);
  const known = new Set(
    names.flatMap((name) => [name, name.replace(/:latest$/, ""), name.replace(/^models\//, "")]),
  );
  return asked.flatMap(({ model, provider, endpoint }) => {
    const { listIsWhole } = factsOf(provider);
    const mayHave = !listIsWhole && (otherNames.test(hostOf(endpoint)) || isAlias(model, names));
    return known.has(model) || mayHave ? [] : [model];
  });
}

function hostOf(endpoint: string): string {
  return URL.canParse(endpoint) ? new URL(endpoint).hostname : "";
}

/** A name that refers to a dated one: `x-latest` for `x-2026-01-01`, `x` for `x-20260101`. */
function isAlias(model: string, names: readonly string[]): boolean {
  const stem = model.replace(/-latest$/, "");
  return names.some((name) => name.startsWith(`${stem}-`));
}
