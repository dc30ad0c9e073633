import type { ReactNode } from "react";
import { useStore } from "zustand";
import { missingCase } from "#protocol/result.ts";
import { RecoveryKeyScreen } from "./RecoveryKeyScreen.tsx";
import { SettingUpScreen } from "./SettingUpScreen.tsx";
import { SignInScreen } from "./SignInScreen.tsx";
import { OtherTabScreen, StartingScreen, StoppedScreen } from "./StandInScreens.tsx";
import type { SessionModel } from "./session-model.ts";
import { UnlockScreen } from "./UnlockScreen.tsx";

/** Shows the application to somebody who is signed in, and to everybody else what they need first. */
export function SessionGate({ model, children }: { model: SessionModel; children: ReactNode }) {
  const view = useStore(model.store);
  const { session, config } = view;
  switch (session.step) {
    case "starting":
      return <StartingScreen />;
    case "signed-out":
    case "signing-in":
      return <SignInScreen model={model} view={view} />;
    case "setting-up":
      return <SettingUpScreen forS={view.settingUpForS} />;
    case "recovery-needed":
      return <UnlockScreen model={model} view={view} />;
    case "other-tab":
      return <OtherTabScreen model={model} />;
    case "stopped":
      return <StoppedScreen why={session.why} detail={session.detail} />;
    case "administrator":
      return children;
    case "ready":
      if (session.recoveryKeyToSave === null || view.keyPutOff) return children;
      return (
        <RecoveryKeyScreen
          model={model}
          recoveryKey={session.recoveryKeyToSave}
          userId={session.userId}
          hospital={config.state === "loaded" ? config.value.hospital.name : ""}
        />
      );
    default:
      return missingCase(session);
  }
}
