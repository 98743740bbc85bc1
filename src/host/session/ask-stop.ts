import type { SessionController } from "../../app/session/controller";
import { lostByStop, stopIsFinal, whatStopKeeps } from "../../protocol/lost-by-stop";
import { askModal } from "./modal";

/** Ends a session for good, or pauses it; asks first where something would be lost, as the view's own Stop does. */
export async function stopAsked(controller: SessionController): Promise<void> {
  const { view } = controller;
  const lost = lostByStop(view);
  const stop = "Stop for Good";
  const pause = "Pause";
  if (lost.length > 0) {
    const running = view.status === "running" && controller.holder === "here";
    const answer = await askModal(
      `Stop ${view.flow} for good?`,
      [stopIsFinal, ...lost, whatStopKeeps].join("\n"),
      stop,
      ...(running ? [pause] : []),
    );
    if (answer === pause) return controller.adjust({ kind: "pause" });
    if (answer !== stop) return;
  }
  // It can have ended while the dialog was open.
  if (controller.state.status !== "ended") await controller.adjust({ kind: "stop" });
}
