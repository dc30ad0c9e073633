import { Component, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { CopyDetail, SecondaryAction } from "../ui/index.ts";
import { PlaceNotLoadedError } from "./later.tsx";
import styles from "./shell.module.css";

type Props = { readonly children: ReactNode };
type State = { readonly fault: Error | null };

/** A screen that breaks takes no other with it: the list stays, and this one may be opened again. */
export class ScreenBoundary extends Component<Props, State> {
  override state: State = { fault: null };

  static getDerivedStateFromError(fault: unknown): State {
    return { fault: fault instanceof Error ? fault : new Error(String(fault)) };
  }

  override render(): ReactNode {
    const { fault } = this.state;
    if (fault === null) return this.props.children;
    return <Broken fault={fault} reopen={() => this.setState({ fault: null })} />;
  }
}

function Broken({ fault, reopen }: { fault: Error; reopen: () => void }) {
  const { t } = useTranslation("session");
  if (fault instanceof PlaceNotLoadedError) return <NotArrived fault={fault} />;
  return (
    <main className={styles.broken} role="alert">
      <h1 tabIndex={-1}>{t("shell.crashed")}</h1>
      <p>{t("shell.crashedText")}</p>
      <SecondaryAction onClick={reopen}>{t("shell.reopen")}</SecondaryAction>
      <SecondaryAction onClick={() => location.assign("/")}>{t("shell.toList")}</SecondaryAction>
      {/* The name and the place of the fault: a message may hold what somebody wrote. */}
      <CopyDetail detail={`${fault.name}\n${(fault.stack ?? "").split("\n").slice(1, 6).join("\n")}`} />
    </main>
  );
}

/** The code of a place did not come: the page is opened again, from what the service worker keeps or the network brings. */
function NotArrived({ fault }: { fault: Error }) {
  const { t } = useTranslation("session");
  return (
    <main className={styles.broken} role="alert">
      <h1 tabIndex={-1}>{t("stopped.not-loaded.title")}</h1>
      <p>{t("stopped.not-loaded.text")}</p>
      <p>{t("stopped.not-loaded.next")}</p>
      <SecondaryAction onClick={() => location.reload()}>{t("stopped.reload")}</SecondaryAction>
      <CopyDetail detail={fault.name} />
    </main>
  );
}
