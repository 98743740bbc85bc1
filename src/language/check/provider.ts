import { factsOf, providerNames } from "../../engine/model/providers";
import type { ProviderFacts, ProviderName } from "../../engine/model/providers";
import { quoted } from "../text/diagnostic";
import { keySpan } from "../text/places";
import type { Report } from "../schema/report";
import { isGiven, textAt } from "../schema/read";
import { valueAt } from "../schema/schema";
import type { SourceDocument } from "../text/source";
import { reportMissingModel, whoHasModel } from "./venue-model";

const specialKeys = [...new Set(providerNames.flatMap((name) => factsOf(name).ownKeys))];

/** What a Venue of each provider lacks in addition to what the schema and the table of providers require. */
const lacks: Readonly<Record<ProviderName, (venue: SourceDocument, report: Report) => void>> = {
  ollama: lacksNothing,
  openai: lacksNothing,
  "vscode-lm": lacksNothing,
  mesh: lacksNodes,
  scripted: lacksReplies,
};

/** What a Venue lacks, and what has no effect in it, checked by itself. */
export function checkProvider(venue: SourceDocument, report: Report): void {
  const written = textAt(venue, ["provider"]);
  const provider = providerNames.find((name) => name === written);
  // The schema has reported an unknown provider name.
  if (provider === undefined) return;
  for (const key of specialKeys) reportUnused(venue, provider, key, report);
  // Where only some roles have a model, only a Flow shows which are needed.
  if (whoHasModel(venue) === "none") reportMissingModel(venue, report);
  lacksKey(venue, factsOf(provider), report);
  lacks[provider](venue, report);
}

function reportUnused(venue: SourceDocument, provider: ProviderName, key: string, report: Report): void {
  const { ownKeys, answeredBy } = factsOf(provider);
  if (ownKeys.includes(key)) return;
  const span = keySpan(venue, [key]);
  if (span === undefined) return;
  const users = providerNames.filter((name) => factsOf(name).ownKeys.includes(key)).join(" or ");
  const ofNodes = answeredBy === "nodes" && key === "endpoint";
  const message = `${quoted(key)} has no effect: it is for the provider ${users}${ofNodes ? "; a mesh names its nodes' own" : ""}.`;
  report.span(venue, span, "orket/setting-not-used", message, { severity: "warning" });
}

function lacksKey(
  venue: SourceDocument,
  { defaultNeedsKey, defaultEndpoint }: ProviderFacts,
  report: Report,
): void {
  if (!defaultNeedsKey || textAt(venue, ["endpoint"]) !== undefined || isGiven(venue, ["api_key"])) return;
  const message = `Without an 'endpoint' the calls go to ${defaultEndpoint ?? ""}, which needs an 'api_key'.`;
  report.at(venue, ["provider"], "orket/missing-api-key", message, {
    severity: "warning",
    hint: "Add 'api_key: secret:openai', or the 'endpoint' of your own server.",
  });
}

function lacksNothing(): void {
  // The table of providers lists everything that such a Venue needs.
}

function lacksNodes(venue: SourceDocument, report: Report): void {
  const nodes = valueAt(venue.value, ["nodes"]);
  if (nodes === undefined || (Array.isArray(nodes) && nodes.length === 0)) {
    report.at(venue, ["provider"], "orket/missing-nodes", "A mesh needs at least one entry in 'nodes'.", {
      hint: "Add '- { name: …, provider: ollama, endpoint: … }'.",
    });
  }
  checkNodeNames(venue, report);
}

function lacksReplies(venue: SourceDocument, report: Report): void {
  if (isGiven(venue, ["replies"])) return;
  report.at(venue, ["provider"], "orket/missing-replies", "The provider scripted needs 'replies'.", {
    hint: "Add 'replies:' with the path of a *.replies.yaml file.",
  });
}

function checkNodeNames(venue: SourceDocument, report: Report): void {
  const nodes = valueAt(venue.value, ["nodes"]);
  if (!Array.isArray(nodes)) return;
  const seen = new Set<string>();
  nodes.forEach((_, index) => {
    const path = ["nodes", index, "name"];
    const name = textAt(venue, path);
    if (name === undefined) return;
    if (seen.has(name)) {
      report.at(venue, path, "orket/duplicate-name", `Two nodes have the name ${quoted(name)}.`, {
        hint: "Give each node a name of its own.",
      });
    }
    seen.add(name);
  });
}
