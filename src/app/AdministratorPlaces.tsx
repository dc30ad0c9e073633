import { useTranslation } from "react-i18next";
import { Link, Route, Switch, useLocation } from "wouter";
import { addPlaceTexts } from "../i18n/places.ts";
import { Icon, Logo } from "../ui/index.ts";
import { DeskPlace } from "./desk-place.tsx";
import type { PlaceProps } from "./place-props.ts";
import { AccountPlace, NoPlace } from "./place-screens.tsx";
import styles from "./shell.module.css";
import { useArrival } from "./use-arrival.ts";

addPlaceTexts();

/** Where an administrator can be who is no clinician: the filing desk, and the account. */
export function AdministratorPlaces(props: PlaceProps) {
  const { t } = useTranslation(["session", "desk"]);
  const [address] = useLocation();
  useArrival(address, t(`shell.titles.${address === "/compte" ? "account" : "desk"}`));
  const head = (
    <div className={styles.bar}>
      <Link href="/" className={styles.barLink}>
        <Logo size={30} />
      </Link>
      <Link href="/compte" className={styles.barLink}>
        <span>{t("desk:account")}</span>
        <Icon name="down" />
      </Link>
    </div>
  );
  return (
    <div className={styles.shell}>
      <div className={styles.places}>
        <div className={styles.place}>
          <Switch>
            <Route path="/compte">
              <AccountPlace {...props} />
            </Route>
            <Route path="/versements">
              <DeskPlace {...props} head={head} />
            </Route>
            <Route path="/">
              <DeskPlace {...props} head={head} />
            </Route>
            <Route>
              <NoPlace />
            </Route>
          </Switch>
        </div>
      </div>
    </div>
  );
}
