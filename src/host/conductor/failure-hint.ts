const goOn = "then go on with the new Venue";

/**
 * What the user can do about a failed step, by the failure's code; absent where the message says it all. Venue keys are
 * in backticks. A change to the Venue's file takes effect only when the session resumes with it.
 */
export const failureHints: Readonly<Record<string, string>> = {
  model_unreachable: `Check that the model server runs, then retry; or correct \`endpoint\` in the Venue's file, ${goOn}.`,
  model_connect_timeout: `Check that the model server runs, then retry; or raise \`timeouts.connect_seconds\` in the Venue's file, ${goOn}.`,
  model_first_token_timeout: `The model may still be loading: retry; or raise \`timeouts.first_token_seconds\` in the Venue's file, ${goOn}.`,
  model_idle_timeout: `Retry; or raise \`timeouts.idle_seconds\` in the Venue's file, ${goOn}.`,
  model_total_timeout: `Retry; or raise \`timeouts.total_seconds\` in the Venue's file, ${goOn}.`,
  model_connection_lost: "Check the model server, then retry.",
  model_stream_truncated: "Check the model server, then retry.",
  model_malformed_reply: `Check that \`endpoint\` and \`provider\` in the Venue's file fit the server, ${goOn}.`,
  model_unauthorized:
    "Check the key that the Venue names in `api_key` or `headers`: the command Orket: Set Secret stores one, then retry.",
  model_not_found: `Pull the model on the server, then retry; or name another one as \`model\` in the Venue's file, ${goOn}.`,
  model_bad_request: `The server does not take this request: change \`params\` in the Venue's file, ${goOn}.`,
  model_refused_by_consent:
    "Allow it: Retry asks again, and Manage Language Model Access, in the Accounts menu, shows what was answered.",
  model_rate_limited: "Wait until the server takes calls again, then retry.",
  model_wait_too_long: "Wait as long as the server asks, then retry.",
  model_overloaded: "Wait until the server takes calls again, then retry.",
  model_server_error: "See the model server's log, then retry.",
  model_context_overflow: `Edit the prompt to be shorter; or name a model with a larger window and raise \`context_tokens\` in the Venue's file, ${goOn}.`,
  model_tools_unsupported: `Set \`tool_calls: text\` in the Venue's file or name another \`model\`, ${goOn}.`,
  model_system_unsupported: `Set \`system_role: merge\` in the Venue's file, ${goOn}.`,
  prompt_too_large: `Edit the prompt to be shorter; or raise \`context_tokens\` in the Venue's file, ${goOn}.`,
  parallel_conflict: "Retry runs the later step again on the joined result; Skip drops what it wrote.",
};

export function hintOf(code: string): string | undefined {
  return failureHints[code];
}
