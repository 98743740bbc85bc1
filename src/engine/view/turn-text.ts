/** Why a call has not begun: whose calls the backend is processing. @param own the session that waits. */
export function turnText(own: string, behind: readonly string[]): string {
  const others = behind.filter((session) => session !== own).map(withoutTime);
  return `waits for its turn: the model is answering ${others.join(", ") || "another step"}`;
}

/** `2026-11-22T10-15-03Z-shapes-k3f9` → `shapes-k3f9`. */
function withoutTime(session: string): string {
  return session.replace(/^[\d-]+T[\d-]+Z-/, "");
}
