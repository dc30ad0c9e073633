import { useTranslation } from "react-i18next";
import { Route, Switch, useLocation, useRoute } from "wouter";
import { useStore } from "zustand";
import {
  createWorklistModel,
  loadedValue,
  personName,
  type WorklistModel,
  WorklistScreen,
} from "../features/cases/index.ts";
import type { SessionModel } from "../features/session/index.ts";
import type { Door } from "../matrix/index.ts";
import type { Clock } from "./clock.ts";
import { Notices } from "./Notices.tsx";
import { AccountPlace, CasePlace, NoPlace, RecordPlace } from "./place-screens.tsx";
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
  const { door, clock, session } = props;
  const wide = useWide();
  const [address] = useLocation();
  const worklist = useOwned(() => createWorklistModel({ door, clock }), [door, clock]);
  const keyOwed = useStore(session.store, ({ session: each }) =>
    each.step === "ready" ? each.recoveryKeyToSave !== null : false,
  );
  useArrival(address, useTitle(address));
  const home = address === "/";
  return (
    <div className={styles.shell}>
      <Notices door={door} onShowKey={keyOwed ? session.showKey : null} />
      <div className={`${styles.places} ${wide ? styles.wide : ""}`}>
        {(wide || home) && worklist !== null && <List {...props} model={worklist} wide={wide} home={home} />}
        {(wide || !home) && (
          <div className={styles.place}>
            <ScreenBoundary key={address}>
              <Switch>
                <Route path="/">
                  <Nothing />
                </Route>
                <Route path="/compte">
                  <AccountPlace {...props} />
                </Route>
                <Route path="/cas/:key">
                  {({ key }) => <CasePlace {...props} caseKey={key} wide={wide} />}
                </Route>
                <Route path="/cas/:key/dossier">
                  {({ key }) => <RecordPlace {...props} caseKey={key} wide={wide} />}
                </Route>
                <Route>
                  <NoPlace />
                </Route>
              </Switch>
            </ScreenBoundary>
          </div>
        )}
      </div>
    </div>
  );
}

type ListProps = PlaceProps & {
  readonly model: WorklistModel;
  readonly wide: boolean;
  readonly home: boolean;
};

function List({ door, model, wide, home, me }: ListProps) {
  const { t } = useTranslation("cases");
  const directory = useStore(door.directory);
  const people = loadedValue(directory);
  const person = people?.clinicians.find((each) => each.userId === me);
  const [, params] = useRoute("/cas/:key/*?");
  const Region = home ? "main" : "nav";
  return (
    <Region className={styles.list} aria-label={home ? undefined : t("case.listPane")}>
      <WorklistScreen
        model={model}
        person={{
          name: personName(me, people),
          detail: person === undefined ? "" : t(`specialty.${person.specialty}`).toLocaleLowerCase(),
        }}
        selected={params?.key ?? null}
        alone={!wide}
        heading={home ? "h1" : "h2"}
        draft={null}
      />
    </Region>
  );
}

function Nothing() {
  const { t } = useTranslation("cases");
  return (
    <div className={styles.nothing}>
      <p>{t("choose")}</p>
    </div>
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
