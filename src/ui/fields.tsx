import { type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes, useId } from "react";
import styles from "./fields.module.css";

type FieldProps = {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly error?: ReactNode;
  /** The control; it gets the id and the description that tie it to its label, hint and error. */
  readonly children: (tie: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": true | undefined;
  }) => ReactNode;
};

const said = (node: ReactNode): boolean =>
  node !== undefined && node !== null && node !== "" && node !== false;

/** A label above its control, a hint under it, and an error that says what to do. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const described = [said(hint) && `${id}-hint`, said(error) && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      {children({
        id,
        "aria-describedby": described === "" ? undefined : described,
        "aria-invalid": said(error) || undefined,
      })}
      {said(hint) && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
      {said(error) && (
        <p id={`${id}-error`} className={styles.error} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

type TextFieldProps = InputHTMLAttributes<HTMLInputElement> & Pick<FieldProps, "label" | "hint" | "error">;

export function TextField({ label, hint, error, className = "", ...input }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(tie) => <input type="text" {...input} {...tie} className={`${styles.input} ${className}`} />}
    </Field>
  );
}

type TextAreaProps = TextareaHTMLAttributes<HTMLTextAreaElement> &
  Pick<FieldProps, "label" | "hint" | "error">;

/** Several lines, growing with what is written. */
export function TextArea({ label, hint, error, className = "", rows = 2, ...area }: TextAreaProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(tie) => (
        <textarea rows={rows} {...area} {...tie} className={`${styles.input} ${styles.area} ${className}`} />
      )}
    </Field>
  );
}

type RuledProps = TextareaHTMLAttributes<HTMLTextAreaElement> & {
  /** Read aloud; set `labelShown` to write it above the lines. */
  readonly label: string;
  readonly labelShown?: boolean;
  readonly error?: ReactNode;
};

/** Ruled writing lines, in the voice of who writes; italic until it is sent. */
export function RuledTextarea({
  label,
  labelShown = false,
  error,
  rows = 3,
  className = "",
  ...area
}: RuledProps) {
  const id = useId();
  return (
    <div className={styles.field}>
      <label htmlFor={id} className={labelShown ? styles.label : styles.hidden}>
        {label}
      </label>
      <textarea
        rows={rows}
        {...area}
        id={id}
        aria-invalid={said(error) || undefined}
        aria-describedby={said(error) ? `${id}-error` : undefined}
        className={`${styles.ruled} ${className}`}
      />
      {said(error) && (
        <p id={`${id}-error`} className={styles.error} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

type SwitchProps = {
  readonly label: ReactNode;
  readonly detail?: ReactNode;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  /** The words beside it: "oui" and "non". */
  readonly words: readonly [on: string, off: string];
  /** Why it cannot be moved, in words. */
  readonly lockedBy?: string | undefined;
};

/** A decision: a whole row to press, the word beside the switch. */
export function Switch({ label, detail, checked, onChange, words, lockedBy }: SwitchProps) {
  const id = useId();
  return (
    <div className={styles.switchRow}>
      <button
        type="button"
        role="switch"
        aria-checked={checked}
        aria-disabled={lockedBy !== undefined || undefined}
        aria-describedby={lockedBy === undefined ? undefined : id}
        className={styles.switch}
        onClick={() => lockedBy === undefined && onChange(!checked)}
      >
        <span className={styles.switchText}>
          <span className={checked ? styles.switchOn : styles.switchLabel}>{label}</span>
          {said(detail) && <span className={styles.hint}>{detail}</span>}
        </span>
        <span className={styles.switchWord} aria-hidden="true">
          {words[checked ? 0 : 1]}
        </span>
        <span className={styles.track} aria-hidden="true">
          <span className={styles.thumb} />
        </span>
      </button>
      {lockedBy !== undefined && (
        <p id={id} className={styles.hint}>
          {lockedBy}
        </p>
      )}
    </div>
  );
}
