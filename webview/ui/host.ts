/** What VS Code puts into every webview. */
interface WebviewApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): WebviewApi;

/** The line to the extension: requests of one type out, messages of another in. */
export class Host<Request, Message> {
  readonly #api = acquireVsCodeApi();

  send(request: Request): void {
    this.#api.postMessage(request);
  }

  /** Only the extension posts into this window; what it sends is its own type. */
  listen(take: (message: Message) => void): void {
    window.addEventListener("message", (event: MessageEvent<Message>) => {
      take(event.data);
    });
  }

  /** What was kept before the view was last taken down. */
  recall(): unknown {
    return this.#api.getState();
  }

  keep(state: unknown): void {
    this.#api.setState(state);
  }
}
