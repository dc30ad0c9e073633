import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { localeOf } from "../i18n/locale.ts";
import type { Door } from "../matrix/index.ts";
import { Banner, TextAction } from "../ui/index.ts";

type Props = {
  readonly door: Pick<Door, "connection">;
  /** Given while the recovery key is not put away. */
  readonly onShowKey: (() => void) | null;
};

/** What is wrong with the hospital or the network, said once, calmly; work goes on. */
export function Notices({ door, onShowKey }: Props) {
  const { t, i18n } = useTranslation("session");
  const { homeserver, sinceMs, health } = useStore(door.connection);
  const time = new Intl.DateTimeFormat(localeOf(i18n.language), { timeStyle: "short" }).format(sinceMs);
  return (
    <div>
      {homeserver === "offline" && <Banner>{t("shell.offline", { time })}</Banner>}
      {homeserver === "online" && health?.parts.record === "down" && <Banner>{t("shell.recordDown")}</Banner>}
      {homeserver === "online" && health?.parts.bot === "down" && <Banner>{t("shell.botDown")}</Banner>}
      {onShowKey !== null && (
        <Banner
          action={
            <TextAction tone="link" onClick={onShowKey}>
              {t("key.reminderAction")}
            </TextAction>
          }
        >
          {t("key.reminder")}
        </Banner>
      )}
    </div>
  );
}
