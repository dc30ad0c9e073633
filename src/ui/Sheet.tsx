import { type ReactNode, useEffect, useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import { SecondaryAction } from "./actions.tsx";
import { Icon } from "./Icon.tsx";
import { PrimaryAction } from "./PrimaryAction.tsx";
import styles from "./Sheet.module.css";

type SheetProps = {
  readonly open: boolean;
  readonly title: ReactNode;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** Stays at the foot, in the thumb's reach. */
  readonly foot?: ReactNode;
};

/** A page laid over the page: from below on a phone, a panel on a desktop. Esc closes, focus stays inside and comes back. */
export function Sheet({ open, title, onClose, children, foot }: SheetProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const { t } = useTranslation("ui");
  useEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    if (open && !element.open) element.showModal();
    if (!open && element.open) element.close();
  }, [open]);
  return (
    <dialog
      ref={dialog}
      className={styles.sheet}
      aria-labelledby={titleId}
      onClose={() => open && onClose()}
      onClick={(event) => event.target === event.currentTarget && onClose()}
      onKeyDown={(event) => event.key === "Escape" && event.stopPropagation()}
    >
      {open && (
        <div className={styles.body}>
          <header className={styles.head}>
            <h2 id={titleId} className={styles.title}>
              {title}
            </h2>
            <button type="button" className={styles.close} onClick={onClose} aria-label={t("close")}>
              <Icon name="close" />
            </button>
          </header>
          <div className={styles.content}>{children}</div>
          {foot !== undefined && <footer className={styles.foot}>{foot}</footer>}
        </div>
      )}
    </dialog>
  );
}

type ConfirmProps = {
  readonly open: boolean;
  readonly title: ReactNode;
  readonly children?: ReactNode;
  /** The verb with its consequence, never "OK". */
  readonly action: string;
  readonly busy?: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
};

/** Asks once more where it cannot be undone, with the consequence in the button. */
export function ConfirmSheet({
  open,
  title,
  children,
  action,
  busy = false,
  onConfirm,
  onClose,
}: ConfirmProps) {
  const { t } = useTranslation("ui");
  return (
    <Sheet
      open={open}
      title={title}
      onClose={onClose}
      foot={
        <div className={styles.pair}>
          <PrimaryAction busy={busy} tall onClick={onConfirm}>
            {action}
          </PrimaryAction>
          <SecondaryAction wide onClick={onClose}>
            {t("goBack")}
          </SecondaryAction>
        </div>
      }
    >
      {children}
    </Sheet>
  );
}

type Option<Id extends string> = { readonly id: Id; readonly label: ReactNode; readonly detail?: ReactNode };

/** A list to choose one from, inside a sheet: whole rows to press. */
export function OptionList<Id extends string>({
  label,
  options,
  chosen,
  onChoose,
}: {
  label: string;
  options: readonly Option<Id>[];
  chosen?: Id | null;
  onChoose: (id: Id) => void;
}) {
  return (
    <ul className={styles.options} aria-label={label}>
      {options.map((option) => (
        <li key={option.id}>
          <button
            type="button"
            className={styles.option}
            aria-pressed={option.id === chosen}
            onClick={() => onChoose(option.id)}
          >
            <span className={styles.optionLabel}>{option.label}</span>
            {option.detail !== undefined && <span className={styles.optionDetail}>{option.detail}</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}
