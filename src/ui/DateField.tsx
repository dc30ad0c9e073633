import { type ReactNode, useState } from "react";
import { readDay, writeDay } from "../i18n/dates.ts";
import { TextField } from "./fields.tsx";

type Props = {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  readonly error?: ReactNode;
  /** ISO day, or null. */
  readonly value: string | null;
  /** The ISO day, null when empty, undefined while what is typed is no day. */
  readonly onChange: (day: string | null | undefined) => void;
  readonly name?: string;
};

/** A day typed as people write it: 14/03/1959, 14031959, 14 3 1959. No picker, so it is the same on every keyboard. */
export function DateField({ label, hint, error, value, onChange, name }: Props) {
  const [typed, setTyped] = useState(() => (value === null ? "" : writeDay(value)));
  return (
    <TextField
      label={label}
      hint={hint}
      error={error}
      name={name}
      inputMode="numeric"
      autoComplete="off"
      value={typed}
      onChange={(event) => {
        const text = event.target.value;
        setTyped(text);
        onChange(text.trim() === "" ? null : (readDay(text) ?? undefined));
      }}
      onBlur={() => {
        const day = readDay(typed);
        if (day !== null) setTyped(writeDay(day));
      }}
    />
  );
}
