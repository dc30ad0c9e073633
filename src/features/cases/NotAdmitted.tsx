import { useTranslation } from "react-i18next";
import type { Directory } from "#protocol/api.ts";
import type { RefusalReason } from "#protocol/disclose.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import { PrimaryAction, Sheet } from "../../ui/index.ts";
import styles from "./case.module.css";
import { useWords } from "./use-words.ts";
import { personName } from "./worklist.ts";

type Props = {
  readonly userId: string;
  readonly why: ErrorCode | RefusalReason;
  readonly directory: Directory | null;
  readonly onClose: () => void;
};

/** The patient's new word is recorded, and the colleague for whom it was asked could not be let in all the same: why, and what to do. */
export function NotAdmitted({ userId, why, directory, onClose }: Props) {
  const { t } = useWords();
  const { t: error } = useTranslation("errors");
  const who = personName(userId, directory, "full");
  return (
    <Sheet
      open
      title={t("admission.notAdmittedTitle")}
      onClose={onClose}
      foot={<PrimaryAction onClick={onClose}>{t("admission.back")}</PrimaryAction>}
    >
      <div className={styles.sheetForm} role="alert">
        <p>
          <strong>{t("admission.failed", { who })}</strong> {error(why)}
        </p>
        <p>{t("admission.addAgain", { who })}</p>
      </div>
    </Sheet>
  );
}
