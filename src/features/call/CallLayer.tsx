import { useEffect, useRef } from "react";
import { useStore } from "zustand";
import { CallScreen } from "./CallScreen.tsx";
import type { CallModel, CallView } from "./call-model.ts";
import { EndedCall } from "./EndedCall.tsx";
import { IncomingCall } from "./IncomingCall.tsx";
import { SmallCall } from "./SmallCall.tsx";

type Props = {
  readonly model: CallModel;
  /** Three panes fit. */
  readonly wide: boolean;
  /** The case that is on screen, by its key or its room. */
  readonly atCase: string | null;
  /** The camera of a case has the screen: the call is a line above it, and whole again afterwards. */
  readonly atCamera: boolean;
  readonly onOpenCase: (key: string) => void;
};

/** Whether the call hides the rest, which then takes no focus. */
export const coversAll = (view: CallView, wide: boolean): boolean =>
  !wide && (view.incoming !== null || view.ended !== null || (view.call !== null && view.size === "full"));

/** What rings, the call, and its end, over whatever place is on screen. */
export function CallLayer({ model, wide, atCase, atCamera, onOpenCase }: Props) {
  const view = useStore(model.store);
  const wasAtCamera = useRef(atCamera);
  useEffect(() => {
    if (wasAtCamera.current && !atCamera) model.setSize("full");
    wasAtCamera.current = atCamera;
  }, [model, atCamera]);
  const { incoming, call, ended } = view;
  if (incoming !== null) return <IncomingCall model={model} ringing={incoming} />;
  if (ended !== null) return <EndedCall model={model} ended={ended} />;
  if (call !== null) {
    const beside = atCase !== null && (atCase === call.key || atCase === call.roomId);
    const small = atCamera || view.size === "small" || (wide && !beside);
    return small ? (
      <SmallCall
        model={model}
        call={call}
        picture={!atCamera}
        onOpen={() => {
          model.setSize("full");
          if (atCamera || (wide && !beside)) onOpenCase(call.key);
        }}
      />
    ) : (
      <CallScreen
        model={model}
        call={call}
        view={view}
        onShowCase={() => {
          model.setSize("small");
          if (!beside) onOpenCase(call.key);
        }}
      />
    );
  }
  return null;
}
