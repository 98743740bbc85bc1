import type { ProviderErrorCode } from "../../../engine/error/provider-error";

/**
 * Whether a node may get calls. closed: yes. open: it failed, and gets no call before it has answered a check.
 * half_open: it answered; one call at a time shows whether it works again.
 */
export type Circuit =
  | { readonly state: "closed"; readonly failures: number }
  | { readonly state: "open"; readonly untilMs: number; readonly openings: number }
  | { readonly state: "half_open"; readonly openings: number };

/** This many failures in a row open a circuit when none of them shows that the node is down. */
const failuresThatOpen = 3;
/** The first wait before a node is checked again, in milliseconds; doubled with each further failure. */
export const firstWaitMs = 250;
const longestWaitMs = 30_000;

export const closedCircuit: Circuit = { state: "closed", failures: 0 };

/**
 * What a failed call shows about the node. gone: it does not answer, or sends nothing more. ill: it answers, but
 * wrongly. limited: it asks for a pause. lacks: it cannot do this call, others may. refused: it works, and would refuse
 * the call anywhere. call: nothing.
 */
export type FailureKind = "gone" | "ill" | "limited" | "lacks" | "refused" | "call";

const kinds: Readonly<Record<ProviderErrorCode, FailureKind>> = {
  unreachable: "gone",
  connect_timeout: "gone",
  connection_lost: "gone",
  first_token_timeout: "gone",
  idle_timeout: "gone",
  interrupted: "ill",
  stream_truncated: "ill",
  malformed_reply: "ill",
  server_error: "ill",
  overloaded: "ill",
  rate_limited: "limited",
  unauthorized: "lacks",
  not_found: "lacks",
  cancelled: "call",
  // The time for the whole call is used up: another node would double it.
  total_timeout: "call",
  bad_request: "refused",
  context_overflow: "refused",
  system_unsupported: "refused",
  tools_unsupported: "refused",
  refused_by_consent: "call",
  unknown: "call",
};

/** Whether the call may succeed on another node. */
export function canMove(code: ProviderErrorCode): boolean {
  return kinds[code] !== "call" && kinds[code] !== "refused";
}

export function failureKind(code: ProviderErrorCode): FailureKind {
  return kinds[code];
}

/** A node's circuit after one of its calls failed. `waitMs`: how long the node asked not to be called. */
export function afterFailure(circuit: Circuit, kind: FailureKind, nowMs: number, waitMs = 0): Circuit {
  switch (kind) {
    case "call":
      return circuit;
    case "lacks":
    case "refused":
      return circuit.state === "half_open" ? closedCircuit : circuit;
    case "limited":
      return opened(circuit, nowMs, Math.max(waitMs, 1000));
    case "gone":
      return opened(circuit, nowMs, waitMs);
    case "ill":
      if (circuit.state === "closed" && circuit.failures + 1 < failuresThatOpen) {
        return { state: "closed", failures: circuit.failures + 1 };
      }
      return opened(circuit, nowMs, waitMs);
  }
}

/** A node's circuit after it failed to answer a check. */
export function afterFailedCheck(circuit: Circuit, nowMs: number): Circuit {
  // The due time of a check of an open circuit has passed: each failed check is one more opening.
  return opened(circuit.state === "open" ? { ...circuit, state: "half_open" } : circuit, nowMs, 0);
}

/** A node's circuit after it answered a check. */
export function afterPassedCheck(circuit: Circuit, nowMs: number): Circuit {
  return circuit.state === "open" && nowMs >= circuit.untilMs
    ? { state: "half_open", openings: circuit.openings }
    : circuit;
}

/** A node's circuit after a whole reply. A reply that had begun before the circuit opened does not close it. */
export function afterReply(circuit: Circuit): Circuit {
  return circuit.state === "open" ? circuit : closedCircuit;
}

function opened(circuit: Circuit, nowMs: number, atLeastMs: number): Circuit {
  // Calls in progress fail together when a node goes down: that is one opening, not one for each.
  if (circuit.state === "open") {
    return { ...circuit, untilMs: Math.max(circuit.untilMs, nowMs + atLeastMs) };
  }
  const openings = circuit.state === "half_open" ? circuit.openings + 1 : 1;
  const waitMs = Math.min(firstWaitMs * 2 ** (openings - 1), longestWaitMs);
  return { state: "open", untilMs: nowMs + Math.max(waitMs, atLeastMs), openings };
}
