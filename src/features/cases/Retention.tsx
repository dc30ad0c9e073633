import { Link } from "wouter";
import { Banner } from "../../ui/index.ts";
import styles from "./case.module.css";
import type { OpenCase } from "./case-view.ts";
import { useWords } from "./use-words.ts";
import { caseAddress } from "./WorklistRow.tsx";
import { longDay } from "./words.ts";
import { personName } from "./worklist.ts";

/** Ahead: when the content leaves the messenger. Nothing while that is not known. */
export function ExpiresOn({ view }: { view: OpenCase }) {
  const words = useWords();
  if (view.expiresAtMs === null) return null;
  return (
    <p className={styles.expires}>{words.t("retention.ahead", { day: longDay(words, view.expiresAtMs) })}</p>
  );
}

/** Afterwards: who answered and when, and where all of it is. */
export function Expired({ view }: { view: OpenCase }) {
  const words = useWords();
  const { t } = words;
  if (view.expired === null) return null;
  const { at, ended } = view.expired;
  return (
    <Banner
      tone="calm"
      action={<Link href={`${caseAddress(view.key)}/dossier`}>{t("retention.record")}</Link>}
    >
      <p>
        <strong>{t("retention.title")}</strong>{" "}
        {t(`retention.${ended.how}`, {
          who: personName(ended.by, view.directory, "full"),
          day: longDay(words, Date.parse(ended.at)),
        })}
      </p>
      <p>
        {t("retention.gone", { day: longDay(words, Date.parse(at)) })} {t(`retention.${ended.how}Record`)}
      </p>
    </Banner>
  );
}
