import type { Dispatcher } from "undici";
import connect from "undici/lib/api/api-connect.js";
import DispatcherClass from "undici/lib/dispatcher/dispatcher.js";
import ProxyAgent from "undici/lib/dispatcher/proxy-agent.js";

/** Sends requests through the proxy at an address. */
export function proxyAgent(proxy: string, options: Readonly<Record<string, unknown>>): Dispatcher {
  // A ProxyAgent opens its tunnels with a method that only undici's index adds to the dispatchers.
  Object.assign(DispatcherClass.prototype, { connect });
  return new ProxyAgent({ ...options, uri: proxy });
}
