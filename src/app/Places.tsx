import { type ReactNode, Suspense, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Route, Switch, useLocation } from "wouter";
import { useStore } from "zustand";
import { CallLayer, type CallModel, CallNotice, coversAll, createCallModel } from "../features/call/index.ts";
import { createWorklistModel, type Tab } from "../features/cases/index.ts";
import { createRequestModel, type RequestModel } from "../features/request/index.ts";
import { addPlaceTexts } from "../i18n/places.ts";
import { CasePlace } from "./case-place.tsx";
import { List } from "./List.tsx";
import { later, Visit } from "./later.tsx";
import { Notices } from "./Notices.tsx";
import { addressOf } from "./open-case.ts";
import type { PlaceProps } from "./place-props.ts";
import { AccountPlace, NoPlace } from "./place-screens.tsx";
import { newId, newPseudonym } from "./random.ts";
import { ScreenBoundary } from "./ScreenBoundary.tsx";
import styles from "./shell.module.css";
import { useArrival } from "./use-arrival.ts";
import { useOwned } from "./use-owned.ts";
import { useWide } from "./use-wide.ts";

addPlaceTexts();

// The list and a case are drawn first; the other places follow at once, before somebody goes there.
const requestPlace = later(() => import("./request-places.tsx").then((each) => each.RequestPlace));
const consentPlace = later(() => import("./request-places.tsx").then((each) => each.ConsentPlace));
const requestPhotoPlace = later(() => import("./photo-places.tsx").then((each) => each.RequestPhotoPlace));
const casePhotoPlace = later(() => import("./photo-places.tsx").then((each) => each.CasePhotoPlace));
const opinionPlace = later(() => import("./opinion-place.tsx").then((each) => each.OpinionPlace));
const caseConsentPlace = later(() =>
  import("./case-consent-place.tsx").then((each) => each.CaseConsentPlace),
);
const recordPlace = later(() => import("./record-place.tsx").then((each) => each.RecordPlace));
const wrongPatientPlace = later(() =>
  import("./wrong-patient-place.tsx").then((each) => each.WrongPatientPlace),
);
const deskPlace = later(() => import("./desk-place.tsx").then((each) => each.DeskPlace));
const laterPlaces = [
  requestPlace,
  consentPlace,
  requestPhotoPlace,
  casePhotoPlace,
  opinionPlace,
  caseConsentPlace,
  recordPlace,
  wrongPatientPlace,
] as const;

/** Where a signed-in person can be: the list, and beside or instead of it one place. */
export function Places(props: PlaceProps) {
  const { door, clock, session, me } = props;
  const wide = useWide();
  const [address, go] = useLocation();
  const call = useOwned(() => createCallModel({ door, clock }), [door, clock]);
  const worklist = useOwned(() => createWorklistModel({ door, clock }), [door, clock]);
  const request = useOwned(
    () => createRequestModel({ door, requester: me, clock: clock.now, newId, newPseudonym }),
    [door, clock, me],
  );
  useEffect(() => void request?.load(), [request]);
  useEffect(() => {
    for (const place of laterPlaces) void place.ahead();
  }, []);
  const keyOwed = useStore(session.store, ({ session: each }) =>
    each.step === "ready" ? each.recoveryKeyToSave !== null : false,
  );
  useArrival(address, useTitle(address));
  const home = address === "/";
  const [tab, setTab] = useState<Tab>("to-answer");
  // A patient signs, is photographed or is found: nobody else's case stays beside. The record needs the room.
  const alone = /\/(photo|accord|dossier|patient|versements)$|\/accord\//.test(address);
  if (worklist === null || request === null || call === null) return null;
  return (
    <div className={styles.shell}>
      <Behind call={call} wide={wide}>
        <CallNotice model={call} onOpenCase={(key) => go(addressOf(key))} />
        {!alone && <Notices door={door} onShowKey={keyOwed ? session.showKey : null} />}
        <div className={`${styles.places} ${wide && !alone ? styles.wide : ""}`}>
          {((wide && !alone) || home) && (
            <List
              {...props}
              model={worklist}
              request={request}
              wide={wide}
              home={home}
              tab={tab}
              onTab={setTab}
            />
          )}
          {(wide || !home) && (
            <div className={styles.place}>
              <ScreenBoundary key={address}>
                <Suspense fallback={<Coming />}>
                  <Place {...props} request={request} wide={wide} />
                </Suspense>
              </ScreenBoundary>
            </div>
          )}
        </div>
      </Behind>
      <CallLayer
        model={call}
        wide={wide}
        atCase={caseAt(address)}
        atCamera={/^\/cas\/[^/]+\/photo$/.test(address)}
        onOpenCase={(key) => go(addressOf(key))}
      />
    </div>
  );
}

/** Everything but a call. What a call covers takes no focus. */
function Behind({
  call,
  wide,
  children,
}: {
  readonly call: CallModel;
  readonly wide: boolean;
  readonly children: ReactNode;
}) {
  const covered = useStore(call.store, (view) => coversAll(view, wide));
  return (
    <div className={styles.behind} inert={covered}>
      {children}
    </div>
  );
}

/** The key of the case on screen, and only of the case itself: a camera or a form has the screen to itself. */
const caseAt = (address: string): string | null => {
  const key = /^\/cas\/([^/]+)$/.exec(address)?.[1];
  return key === undefined ? null : decodeURIComponent(key);
};

type AllProps = PlaceProps & { readonly request: RequestModel; readonly wide: boolean };

function Place({ request, wide, ...props }: AllProps) {
  return (
    <Switch>
      <Route path="/">
        <Nothing />
      </Route>
      <Route path="/demande">
        <Visit place={requestPlace} given={{ ...props, model: request }} />
      </Route>
      <Route path="/demande/accord">
        <Visit place={consentPlace} given={{ ...props, model: request }} />
      </Route>
      <Route path="/demande/photo">
        <Visit place={requestPhotoPlace} given={{ ...props, model: request }} />
      </Route>
      <Route path="/cas/:key">{({ key }) => <CasePlace {...props} caseKey={key} wide={wide} />}</Route>
      <Route path="/cas/:key/avis">
        {({ key }) => <Visit place={opinionPlace} given={{ ...props, caseKey: key, wide, amend: false }} />}
      </Route>
      <Route path="/cas/:key/avis/rectifier">
        {({ key }) => <Visit place={opinionPlace} given={{ ...props, caseKey: key, wide, amend: true }} />}
      </Route>
      <Route path="/cas/:key/photo">
        {({ key }) => <Visit place={casePhotoPlace} given={{ ...props, caseKey: key, wide }} />}
      </Route>
      <Route path="/cas/:key/accord/:who?">
        {({ key, who }) => (
          <Visit
            place={caseConsentPlace}
            given={{ ...props, caseKey: key, wide, who: who === undefined ? null : decodeURIComponent(who) }}
          />
        )}
      </Route>
      <Route path="/cas/:key/patient">
        {({ key }) => <Visit place={wrongPatientPlace} given={{ ...props, caseKey: key, wide }} />}
      </Route>
      <Route path="/cas/:key/dossier">
        {({ key }) => <Visit place={recordPlace} given={{ ...props, caseKey: key, wide }} />}
      </Route>
      <Route path="/compte">
        <AccountPlace {...props} />
      </Route>
      <Route path="/versements">
        <Visit place={deskPlace} given={props} />
      </Route>
      <Route>
        <NoPlace />
      </Route>
    </Switch>
  );
}

/** A place whose code is still on its way: quiet, and words only if it takes long. */
function Coming() {
  const { t } = useTranslation("session");
  return (
    <main className={styles.coming} aria-busy="true">
      <p role="status">{t("starting")}</p>
    </main>
  );
}

function Nothing() {
  const { t } = useTranslation("cases");
  return (
    <aside className={styles.nothing}>
      <p>{t("choose")}</p>
    </aside>
  );
}

/** The window's title: what kind of place, never whose. */
function useTitle(address: string): string {
  const { t } = useTranslation("session");
  const kinds: readonly (readonly [RegExp, string])[] = [
    [/^\/cas\/[^/]+\/dossier/, "record"],
    [/^\/cas\/[^/]+\/avis/, "opinion"],
    [/\/photo$/, "photo"],
    [/^\/cas\//, "case"],
    [/^\/demande/, "request"],
    [/^\/compte/, "account"],
    [/^\/versements/, "desk"],
  ];
  const kind = kinds.find(([pattern]) => pattern.test(address))?.[1] ?? "list";
  return t(`shell.titles.${kind}`);
}
