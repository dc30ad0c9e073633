import { preparePicture } from "./prepare-picture.ts";
import type { WorkAnswer, WorkOrder } from "./workshop-messages.ts";

/** The worker's side of `workshop.ts`: takes pictures in, gives bare ones back. It keeps nothing. */
const answer = (message: WorkAnswer): void => {
  // Handed over rather than copied.
  const buffers = message.step === "done" ? [message.picture.jpeg.buffer] : [];
  self.postMessage(message, { transfer: buffers });
};

self.addEventListener("message", ({ data }: MessageEvent<WorkOrder>) => {
  const { id, source } = data;
  preparePicture(source, (ahead) => answer({ id, step: "ahead", ahead })).then(
    (made) =>
      answer(
        made.ok ? { id, step: "done", picture: made.value } : { id, step: "refused", reason: made.error },
      ),
    () => answer({ id, step: "failed" }),
  );
});
