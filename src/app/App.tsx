import { Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import {
  createSessionModel,
  SessionGate,
  type SessionModel,
  StartingScreen,
} from "../features/session/index.ts";
import type { Door } from "../matrix/index.ts";
import type { Clock } from "./clock.ts";
import { later, Visit } from "./later.tsx";
import { ScreenBoundary } from "./ScreenBoundary.tsx";
import { useArrival } from "./use-arrival.ts";
import { useOwned } from "./use-owned.ts";

// The sign-in page does not wait for the rest; the rest comes while the person types.
const administratorPlaces = later(() =>
  import("./AdministratorPlaces.tsx").then(({ AdministratorPlaces }) => AdministratorPlaces),
);
const places = later(() => import("./Places.tsx").then(({ Places }) => Places));

type Props = { readonly door: Door; readonly clock: Clock };

/** The whole application over one door: who is there, then the places. */
export function App({ door, clock }: Props) {
  const session = useOwned(() => createSessionModel({ door, clock }), [door, clock]);
  return (
    <ScreenBoundary>
      {session !== null && <WithSession door={door} clock={clock} session={session} />}
    </ScreenBoundary>
  );
}

function WithSession({ door, clock, session }: Props & { readonly session: SessionModel }) {
  const { t } = useTranslation("session");
  const step = useStore(session.store, (view) => view.session.step);
  const userId = useStore(door.session, (state) =>
    state.step === "ready" || state.step === "administrator" ? state.userId : null,
  );
  const inPlace = step === "ready" || step === "administrator";
  useEffect(() => void places.ahead(), []);
  // Before somebody is in, each step is a place of its own.
  useArrival(step, inPlace ? null : t("shell.titles.session"));
  return (
    <SessionGate model={session}>
      {userId !== null && (
        <Suspense fallback={<StartingScreen />}>
          <Visit
            key={userId}
            place={step === "administrator" ? administratorPlaces : places}
            given={{ door, clock, session, me: userId }}
          />
        </Suspense>
      )}
    </SessionGate>
  );
}
