/** What VS Code provides to every webview. */
interface WebviewApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): WebviewApi;

/** The connection to the extension: requests of one type out, messages of another in. */
export class Host<Request, Message> {
  readonly #api = acquireVsCodeApi();

  send(request: Request): void {
    this.#api.postMessage(request);
  }

  /** Only the extension posts to this window, so its messages have the expected type. */
  listen(take: (message: Message) => void): void {
    window.addEventListener("message", (event: MessageEvent<Message>) => {
      take(event.data);
    });
  }

  /** What was saved before the view was last disposed. */
  recall(): unknown {
    return this.#api.getState();
  }

  keep(state: unknown): void {
    this.#api.setState(state);
  }
}
