/** What can be done about a failed step, by the code of the failure; absent where the message says it all. */
const hints: Readonly<Record<string, string>> = {
  model_unreachable: "Check that the model server runs at the Venue's endpoint, then retry.",
  model_connect_timeout: "Check that the model server runs at the Venue's endpoint, then retry.",
  model_first_token_timeout:
    "The model may still be loading: retry, or raise first_token_seconds in the Venue.",
  model_idle_timeout: "Retry, or raise idle_seconds in the Venue.",
  model_total_timeout: "Retry, or raise total_seconds in the Venue.",
  model_connection_lost: "Check the model server, then retry.",
  model_stream_truncated: "Check the model server, then retry.",
  model_unauthorized:
    "Check the key that the Venue names in api_key; the command Orket: Set Secret stores one.",
  model_not_found:
    "Check the model's name in the Venue, or pull the model on the server. The running session keeps its Venue.",
  model_bad_request: "The server does not take this request: the Venue's params may not fit it.",
  model_refused_by_consent:
    "Allow it: Retry asks again, and Manage Language Model Access, in the Accounts menu, shows what was answered.",
  model_rate_limited: "Wait a little, then retry.",
  model_overloaded: "Wait a little, then retry.",
  model_server_error: "See the model server's log, then retry.",
  model_context_overflow: "Edit the prompt to be shorter, or use a Venue with more context_tokens.",
  model_tools_unsupported: "Set tool_calls: text in the Venue, or use a model with tool calls.",
  prompt_too_large: "Edit the prompt to be shorter, or use a Venue with more context_tokens.",
  parallel_conflict: "Retry runs the later step again on the joined result; Skip drops what it wrote.",
};

export function hintOf(code: string): string | undefined {
  return hints[code];
}
