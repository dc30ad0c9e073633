import type { ReactNode } from "react";
import styles from "./IdentityBand.module.css";

type Props = {
  readonly family: string;
  readonly given: string;
  /** "67 ans, femme" */
  readonly ageAndSex: string;
  /** "14/03/1959" or "née le 14/03/1959 à Arras" */
  readonly birth?: string | undefined;
  /** "vérifiée", "identité à vérifier" */
  readonly identity: string;
  readonly provisional: boolean;
  /** At the left: a way back. */
  readonly before?: ReactNode;
  /** The case's own thread, under the name on a phone, at the right on a desktop. */
  readonly thread?: ReactNode;
};

/** Whose case this is. It never scrolls away; names keep their own direction of writing. */
export function IdentityBand({
  family,
  given,
  ageAndSex,
  birth,
  identity,
  provisional,
  before,
  thread,
}: Props) {
  return (
    <header className={styles.band}>
      <div className={styles.row}>
        {before !== undefined && <span className={styles.before}>{before}</span>}
        <div className={styles.who}>
          <h1 className={styles.name} tabIndex={-1}>
            <bdi>
              <span className={styles.family}>{family}</span> {given}
            </bdi>
          </h1>
          <p className={styles.traits}>
            <span>{ageAndSex}</span>
            {birth !== undefined && (
              <>
                <span aria-hidden="true"> · </span>
                <span>{birth}</span>
              </>
            )}
            <span aria-hidden="true"> · </span>
            <strong className={provisional ? styles.provisional : styles.verified}>{identity}</strong>
          </p>
        </div>
      </div>
      {thread !== undefined && <div className={styles.thread}>{thread}</div>}
    </header>
  );
}
