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
 * Makes the kit's elements known to the document. Its authors archived the kit in January 2025: it works and gets no
 * fixes any more. The prefix is our own, so that another kit can stand beside it.
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
