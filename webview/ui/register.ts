import {
  provideVSCodeDesignSystem,
  vsCodeBadge,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextArea,
  vsCodeTextField,
} from "@vscode/webview-ui-toolkit";

/**
 * Registers the kit's elements with the document. Its authors archived the kit in January 2025: it works but gets no
 * more fixes. The prefix is our own, so that another kit can be used beside it.
 */
export function registerToolkit(): void {
  provideVSCodeDesignSystem()
    .withPrefix("orket")
    .register(
      vsCodeBadge(),
      vsCodeButton(),
      vsCodeDropdown(),
      vsCodeOption(),
      vsCodeTextArea(),
      vsCodeTextField(),
    );
}
