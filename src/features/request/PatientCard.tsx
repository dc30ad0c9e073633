import type { Patient } from "#protocol/patient.ts";
import styles from "./PatientCard.module.css";
import { traitsInWords } from "./patient-traits.ts";
import { useSay } from "./use-say.ts";

type Props = { readonly patient: Patient; readonly nowMs: number; readonly large?: boolean };

/** A person's identifying traits, the day and place of birth largest: they tell homonyms apart. */
export function PatientCard({ patient, nowMs, large = false }: Props) {
  const say = useSay();
  const traits = traitsInWords(say, patient, nowMs);
  return (
    <span className={large ? styles.large : styles.card}>
      <span className={styles.name}>
        <bdi>
          <span className={styles.family}>{patient.family}</span> {patient.given}
        </bdi>
      </span>
      {traits.birthFamily !== null && <span className={styles.quiet}>{traits.birthFamily}</span>}
      <span className={styles.birth}>{traits.birth}</span>
      {traits.place !== null && <span className={styles.birth}>{traits.place}</span>}
      <span>{traits.ageAndSex}</span>
      <span className={patient.identity === "qualified" ? styles.verified : styles.provisional}>
        {traits.identity}
      </span>
      {traits.numbers.map((number) => (
        <span key={number} className={styles.quiet}>
          {number}
        </span>
      ))}
    </span>
  );
}
