// It stands with the model because the YAML service, which may import that, checks templates with the same code.
export * from "../model/template";
