import { createProvider } from "../../adapters/provider/provider-factory";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { calledVenues } from "../../engine/model/called-venues";
import { venueOf } from "../../engine/model/definition";
import type { Definition, ResolvedVenue } from "../../engine/model/definition";
import type { ModelProvider } from "../../engine/port/model-provider";

/** Providers by the Venue that each was made for. */
export type Providers = ReadonlyMap<ResolvedVenue, ModelProvider>;

/**
 * A provider for each Venue that a run of the definition can call, so that a missing or forbidden key is reported
 * before the run.
 * @throws {OrketError} as `createProvider`.
 */
export async function providersOf(definition: Definition, deps: ProviderDeps): Promise<Providers> {
  const made = new Map<ResolvedVenue, ModelProvider>();
  for (const { venue } of calledVenues(definition)) made.set(venue, await createProvider(venue, deps));
  return made;
}

/**
 * Sends each call to the Venue that answers its role in the current definition. A provider is created with the first
 * call of its Venue, so that a session can be opened for review without its backends, and again when the Venue changes.
 * @param ready providers that exist already.
 */
export function routedProvider(
  definitionNow: () => Definition,
  deps: ProviderDeps,
  ready: Providers = new Map(),
): ModelProvider {
  const made = new WeakMap<ResolvedVenue, Promise<ModelProvider>>();
  return {
    call: async (request, onDelta, cancellation) => {
      const venue = venueOf(definitionNow(), request.origin.role);
      let provider = made.get(venue);
      if (provider === undefined) {
        const known = ready.get(venue);
        provider = known === undefined ? createProvider(venue, deps) : Promise.resolve(known);
        made.set(venue, provider);
      }
      return (await provider).call(request, onDelta, cancellation);
    },
  };
}
