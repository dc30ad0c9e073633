import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Route, Switch, useLocation, useRoute } from "wouter";
import { useStore } from "zustand";
import {
  createWorklistModel,
  loadedValue,
  personName,
  type Tab,
  type WorklistModel,
  WorklistScreen,
} from "../features/cases/index.ts";
import { createRequestModel, type RequestModel } from "../features/request/index.ts";
import type { SessionModel } from "../features/session/index.ts";
import type { Door } from "../matrix/index.ts";
import { CasePhotoPlace, CasePlace, OpinionPlace, RecordPlace } from "./case-places.tsx";
import type { Clock } from "./clock.ts";
import { Notices } from "./Notices.tsx";
import { AccountPlace, NoPlace } from "./place-screens.tsx";
import { newId, newPseudonym } from "./random.ts";
import { ConsentPlace, RequestPhotoPlace, RequestPlace } from "./request-places.tsx";
import { ScreenBoundary } from "./ScreenBoundary.tsx";
import styles from "./shell.module.css";
import { useArrival } from "./use-arrival.ts";
import { useOwned } from "./use-owned.ts";
import { useWide } from "./use-wide.ts";

export type PlaceProps = {
  readonly door: Door;
  readonly clock: Clock;
  readonly session: SessionModel;
  readonly me: string;
};

/** Where a signed-in person can be: the list, and beside or instead of it one place. */
export function Places(props: PlaceProps) {
  const { door, clock, session, me } = props;
  const wide = useWide();
  const [address] = useLocation();
  const worklist = useOwned(() => createWorklistModel({ door, clock }), [door, clock]);
  const request = useOwned(
    () => createRequestModel({ door, requester: me, clock: clock.now, newId, newPseudonym }),
    [door, clock, me],
  );
  useEffect(() => void request?.load(), [request]);
  const keyOwed = useStore(session.store, ({ session: each }) =>
    each.step === "ready" ? each.recoveryKeyToSave !== null : false,
  );
  useArrival(address, useTitle(address));
  const home = address === "/";
  const [tab, setTab] = useState<Tab>("to-answer");
  // A patient signs, or is photographed: nobody else's case stays beside. The record needs the room.
  const alone = /\/(photo|accord|dossier)$/.test(address);
  if (worklist === null || request === null) return null;
  return (
    <div className={styles.shell}>
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
              <Place {...props} request={request} wide={wide} />
            </ScreenBoundary>
          </div>
        )}
      </div>
    </div>
  );
}

type AllProps = PlaceProps & { readonly request: RequestModel; readonly wide: boolean };

function Place({ request, wide, ...props }: AllProps) {
  return (
    <Switch>
      <Route path="/">
        <Nothing />
      </Route>
      <Route path="/demande">
        <RequestPlace {...props} model={request} />
      </Route>
      <Route path="/demande/accord">
        <ConsentPlace {...props} model={request} />
      </Route>
      <Route path="/demande/photo">
        <RequestPhotoPlace {...props} model={request} />
      </Route>
      <Route path="/cas/:key">{({ key }) => <CasePlace {...props} caseKey={key} wide={wide} />}</Route>
      <Route path="/cas/:key/avis">
        {({ key }) => <OpinionPlace {...props} caseKey={key} wide={wide} />}
      </Route>
      <Route path="/cas/:key/photo">
        {({ key }) => <CasePhotoPlace {...props} caseKey={key} wide={wide} />}
      </Route>
      <Route path="/cas/:key/dossier">
        {({ key }) => <RecordPlace {...props} caseKey={key} wide={wide} />}
      </Route>
      <Route path="/compte">
        <AccountPlace {...props} />
      </Route>
      <Route>
        <NoPlace />
      </Route>
    </Switch>
  );
}

type ListProps = AllProps & {
  readonly model: WorklistModel;
  readonly home: boolean;
  readonly tab: Tab;
  readonly onTab: (tab: Tab) => void;
};

function List({ door, model, request, wide, home, me, tab, onTab }: ListProps) {
  const { t } = useTranslation("cases");
  const people = useStore(door.directory, loadedValue);
  const person = people?.clinicians.find((each) => each.userId === me);
  const [, params] = useRoute("/cas/:key/*?");
  const { draft, loaded } = useStore(request.store);
  const begun = loaded && (draft.patient !== null || draft.question !== "");
  return (
    // One element for both parts, so that the list keeps its place and its tab when a case opens beside it.
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: both roles that it takes support a name
    <div
      role={home ? "main" : "navigation"}
      className={styles.list}
      aria-label={home ? undefined : t("case.listPane")}
    >
      <WorklistScreen
        model={model}
        person={{
          name: personName(me, people),
          detail: person === undefined ? "" : t(`specialty.${person.specialty}`).toLocaleLowerCase(),
        }}
        selected={params?.key ?? null}
        alone={!wide}
        heading={home ? "h1" : "h2"}
        tab={tab}
        onTab={onTab}
        draft={begun ? { question: draft.question } : null}
      />
    </div>
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
  ];
  const kind = kinds.find(([pattern]) => pattern.test(address))?.[1] ?? "list";
  return t(`shell.titles.${kind}`);
}
