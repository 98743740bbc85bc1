import * as vscode from "vscode";
import { describeCapabilities } from "../../adapters/provider/capabilities";
import type { ProviderDeps } from "../../adapters/provider/provider-deps";
import { describeRemembered, endpointsOf } from "../../app/venue/capability-memory";
import type { CapabilityMemory, VenueEndpoint } from "../../app/venue/capability-memory";
import { tryAndKeep } from "../../app/venue/venue-health";
import { ProviderError } from "../../engine/error/provider-error";
import type { VenueFile } from "../../engine/model/venue";
import { CancelSource } from "../../engine/port/cancellation";

/** "desk, qwen3:8b": only the parts that distinguish the Venue's models. */
function nameOf({ node, model }: VenueEndpoint): string {
  return node === undefined ? model : `${node}, ${model}`;
}

/** Earlier findings about a Venue's models, one sentence each. */
export async function knownOf(venue: VenueFile, memory: CapabilityMemory): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const at of endpointsOf(venue)) {
    const known = await memory.find(at);
    if (known !== undefined) lines.push(`${nameOf(at)}: ${describeRemembered(known)}`);
  }
  return lines;
}

/** Tests what a Venue's models can do and stores the result. Reports it; can be cancelled. */
export async function tryVenue(
  venue: VenueFile,
  memory: CapabilityMemory,
  deps: ProviderDeps,
): Promise<void> {
  const said = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `Trying out ${venue.name}`,
      cancellable: true,
    },
    async (progress, token) => {
      const cancellation = new CancelSource();
      token.onCancellationRequested(() => cancellation.cancel());
      const lines: string[] = [];
      for (const at of endpointsOf(venue)) {
        progress.report({ message: `${nameOf(at)}: four short calls` });
        const came = await tryAndKeep(at, venue, memory, deps, cancellation);
        if (ProviderError.is(came) && came.code === "cancelled") return undefined;
        lines.push(
          ProviderError.is(came)
            ? `${nameOf(at)} could not be tried out: ${came.message.replace(/\.$/, "")}`
            : `${nameOf(at)}: ${describeCapabilities(came)}`,
        );
      }
      return lines;
    },
  );
  if (said !== undefined) void vscode.window.showInformationMessage(`${venue.name}: ${said.join("; ")}.`);
}
