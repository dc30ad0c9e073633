import { useTranslation } from "react-i18next";
import type { Directory } from "#protocol/api.ts";
import type { DeskResolved } from "#protocol/filing-desk.ts";
import { personName } from "../cases/index.ts";
import styles from "./desk.module.css";
import { momentInWords } from "./desk-words.ts";

type Props = {
  readonly resolved: readonly DeskResolved[];
  readonly people: Directory | null;
  readonly nowMs: number;
};

/** What was decided lately, by whom and why: for the colleague who comes after. */
export function DeskResolvedList({ resolved, people, nowMs }: Props) {
  const { t, i18n } = useTranslation("desk");
  if (resolved.length === 0) return null;
  return (
    <details className={styles.resolved}>
      <summary>{t("resolvedList", { count: resolved.length })}</summary>
      <ul className={styles.resolvedItems}>
        {resolved.map((each) => (
          <li key={each.id} className={styles.resolvedItem}>
            <p>
              <strong>{t(`how.${each.how}`)}</strong> {t(`kind.${each.kind}`)}
              {each.caseRef !== null && ` · ${t("case", { ref: each.caseRef })}`}
            </p>
            <p className={styles.why}>{t("quoted", { why: each.why })}</p>
            <p className={styles.quiet}>
              {t("resolvedBy", {
                who: personName(each.by, people, "full"),
                at: momentInWords(i18n.language, Date.parse(each.at), nowMs),
              })}
            </p>
          </li>
        ))}
      </ul>
    </details>
  );
}
