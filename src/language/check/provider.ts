import { quoted } from "../text/diagnostic";
import { keySpan } from "../text/places";
import type { Report } from "../schema/report";
import { isGiven, textAt } from "../schema/read";
import { valueAt } from "../schema/schema";
import type { SourceDocument } from "../text/source";
import { reportMissingModel, whoHasModel } from "./venue-model";

export const defaultOllamaEndpoint = "http://127.0.0.1:11434";
export const defaultOpenaiEndpoint = "https://api.openai.com/v1";

const meshOnly = ["nodes", "routing", "same_model"] as const;

/** What a Venue lacks, and what has no effect in it, by itself. */
export function checkProvider(venue: SourceDocument, report: Report): void {
  const provider = textAt(venue, ["provider"]);
  const notUsed = (key: string, needed: string): void => {
    const span = keySpan(venue, [key]);
    if (span === undefined) return;
    const message = `${quoted(key)} has no effect: it is for the provider ${needed}.`;
    report.span(venue, span, "orket/setting-not-used", message, { severity: "warning" });
  };
  if (provider === undefined) return;
  if (provider !== "mesh") meshOnly.forEach((key) => notUsed(key, "mesh"));
  if (provider !== "scripted") notUsed("replies", "scripted");
  if (provider === "mesh" || provider === "scripted" || provider === "vscode-lm") {
    notUsed(
      "endpoint",
      provider === "mesh" ? "ollama or openai; a mesh names its nodes' own" : "ollama or openai",
    );
  }
  // Where only some roles have a model, it takes a Flow to say which are needed.
  if (whoHasModel(venue) === "none") reportMissingModel(venue, report);
  switch (provider) {
    case "openai": {
      const endpoint = textAt(venue, ["endpoint"]);
      if (endpoint === undefined && !isGiven(venue, ["api_key"])) {
        const message = `Without an 'endpoint' the calls go to ${defaultOpenaiEndpoint}, which needs an 'api_key'.`;
        report.at(venue, ["provider"], "orket/missing-api-key", message, {
          severity: "warning",
          hint: "Add 'api_key: secret:openai', or the 'endpoint' of your own server.",
        });
      }
      return;
    }
    case "mesh": {
      const nodes = valueAt(venue.value, ["nodes"]);
      if (nodes === undefined || (Array.isArray(nodes) && nodes.length === 0)) {
        report.at(venue, ["provider"], "orket/missing-nodes", "A mesh needs at least one entry in 'nodes'.", {
          hint: "Add '- { name: …, provider: ollama, endpoint: … }'.",
        });
      }
      return checkNodeNames(venue, report);
    }
    case "scripted":
      if (!isGiven(venue, ["replies"])) {
        report.at(venue, ["provider"], "orket/missing-replies", "The provider scripted needs 'replies'.", {
          hint: "Add 'replies:' with the path of a *.replies.yaml file.",
        });
      }
      return;
    default:
      return;
  }
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
