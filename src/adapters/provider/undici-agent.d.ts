/**
 * undici's Agent without the rest of undici. The package's index pulls in its mocks, caches and interceptors: 270 kB and
 * 20 ms more at every start of the command line.
 */
declare module "undici/lib/dispatcher/agent.js" {
  import type { Agent as UndiciAgent } from "undici";
  const Agent: typeof UndiciAgent;
  export default Agent;
}

declare module "undici/lib/dispatcher/proxy-agent.js" {
  import type { ProxyAgent as UndiciProxyAgent } from "undici";
  const ProxyAgent: typeof UndiciProxyAgent;
  export default ProxyAgent;
}

declare module "undici/lib/dispatcher/dispatcher.js" {
  import type { Dispatcher as UndiciDispatcher } from "undici";
  const Dispatcher: typeof UndiciDispatcher;
  export default Dispatcher;
}

declare module "undici/lib/api/api-connect.js" {
  import type { Dispatcher } from "undici";
  const connect: Dispatcher["connect"];
  export default connect;
}
