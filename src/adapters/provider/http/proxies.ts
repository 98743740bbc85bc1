import type { Dispatcher } from "undici";
import { proxyAgent } from "./proxy-agent";

type Environment = Readonly<Record<string, string | undefined>>;

/** Which requests go through which proxy. */
export interface Proxies {
  /** The proxy's address for a request; undefined: a direct connection. */
  of(url: string): string | undefined;
  /** The same for messages: without user and password. */
  shown(url: string): string | undefined;
  agent(proxy: string, options: Readonly<Record<string, unknown>>): Dispatcher;
}

/** This machine itself is never behind a proxy, whatever NO_PROXY contains: a local model server would become unreachable. */
const loopback = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/i;

/**
 * The proxies that the environment names, as curl and most programs read them: HTTPS_PROXY and HTTP_PROXY by the
 * server's scheme, ALL_PROXY for both, and NO_PROXY, a list of hosts (`host`, `.domain`, `host:port`, `*`).
 */
export function proxiesFrom(environment: Environment): Proxies {
  const read = (name: string): string | undefined => {
    const value = environment[name.toLowerCase()] ?? environment[name];
    return value === undefined || value.trim() === "" ? undefined : value.trim();
  };
  const all = read("ALL_PROXY");
  const byScheme: Readonly<Record<string, string | undefined>> = {
    "http:": read("HTTP_PROXY") ?? all,
    "https:": read("HTTPS_PROXY") ?? all,
  };
  const exceptions = (read("NO_PROXY") ?? "").split(/[\s,]+/).filter((entry) => entry !== "");
  const of = (url: string): string | undefined => {
    if (!URL.canParse(url)) return undefined;
    const { protocol, hostname, port } = new URL(url);
    const proxy = byScheme[protocol];
    if (proxy === undefined || loopback.test(hostname)) return undefined;
    const ownPort = port === "" ? (protocol === "https:" ? "443" : "80") : port;
    return exceptions.some((entry) => excepts(entry, hostname, ownPort)) ? undefined : addressOf(proxy);
  };
  return {
    of,
    shown: (url) => {
      const proxy = of(url);
      return proxy === undefined ? undefined : withoutUser(proxy);
    },
    agent: proxyAgent,
  };
}

/** `proxy.example:3128` is an address too. */
const addressOf = (proxy: string): string =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;

function withoutUser(proxy: string): string {
  if (!URL.canParse(proxy)) return "that the environment names";
  const { protocol, host } = new URL(proxy);
  return `${protocol}//${host}`;
}

function excepts(entry: string, hostname: string, port: string): boolean {
  if (entry === "*") return true;
  const match = /^(.*?)(?::(\d+))?$/.exec(entry);
  const host = (match?.[1] ?? entry).toLowerCase().replace(/^\*?\./, "");
  if (match?.[2] !== undefined && match[2] !== port) return false;
  const name = hostname.toLowerCase();
  return name === host || name.endsWith(`.${host}`);
}
