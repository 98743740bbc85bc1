/** What VS Code calls; everything else lives in `src/host`. */
export function activate(): void {}
