import net from "node:net";
import type { ProviderError } from "../../engine/error/provider-error";
import type { Cancellation } from "../../engine/port/cancellation";
import { errorFromConnection, isNoConnection } from "./http/connection-errors";
import { publicAddress } from "./http/redact";

/**
 * Whether an address accepts connections, without sending anything.
 * @param endpoint an http or https address.
 * @param server its name at the start of a sentence: "Ollama", "The server".
 * @returns why no connection is possible; undefined when one is, or when nothing certain is known within `timeoutMs`.
 */
export function noConnectionTo(
  endpoint: string,
  server: string,
  timeoutMs: number,
  cancellation: Cancellation,
): Promise<ProviderError | undefined> {
  const { hostname, port, protocol } = new URL(endpoint);
  return new Promise((resolve) => {
    const socket = net.connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port === "" ? (protocol === "https:" ? 443 : 80) : port),
    });
    const end = (error?: ProviderError): void => {
      socket.destroy();
      resolve(error);
    };
    socket.setTimeout(timeoutMs, () => end());
    socket.once("connect", () => end());
    socket.once("error", (error) => {
      const where = { server, address: publicAddress(endpoint) };
      end(isNoConnection(error) ? errorFromConnection(error, "before_headers", where) : undefined);
    });
    cancellation.addEventListener("abort", () => end(), { once: true });
  });
}
