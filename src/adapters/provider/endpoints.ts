/** Where Ollama listens unless it is told otherwise. */
export const defaultOllamaEndpoint = "http://127.0.0.1:11434";

/** OpenAI's own address, when the Venue gives none. */
export const defaultOpenAiEndpoint = "https://api.openai.com/v1";
