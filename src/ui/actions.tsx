import type { AnchorHTMLAttributes, ButtonHTMLAttributes } from "react";
import styles from "./actions.module.css";
import { Icon, type IconName } from "./Icon.tsx";

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { readonly icon?: IconName };

/** An outlined action beside the primary one. */
export function SecondaryAction({
  icon,
  children,
  type = "button",
  wide = false,
  className = "",
  ...rest
}: ButtonProps & { wide?: boolean }) {
  return (
    <button {...rest} type={type} className={`${styles.secondary} ${wide ? styles.wide : ""} ${className}`}>
      {icon !== undefined && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

type TextProps = ButtonProps & { readonly tone?: "ink" | "link" | "danger" };

const tones = { ink: "", link: styles.linked, danger: styles.danger } as const;

/** Icon and word, or an underlined word; 48 px high all the same. */
export function TextAction({
  icon,
  tone = "ink",
  children,
  type = "button",
  className = "",
  ...rest
}: TextProps) {
  return (
    <button {...rest} type={type} className={`${styles.text} ${tones[tone] ?? ""} ${className}`}>
      {icon !== undefined && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & {
  readonly icon?: IconName;
  readonly tone?: "ink" | "link" | "danger";
};

/** A text action that is an address: a telephone number, a download. */
export function TextLink({ icon, tone = "ink", children, className = "", ...rest }: LinkProps) {
  return (
    <a {...rest} className={`${styles.text} ${tones[tone] ?? ""} ${className}`}>
      {icon !== undefined && <Icon name={icon} />}
      <span>{children}</span>
    </a>
  );
}
