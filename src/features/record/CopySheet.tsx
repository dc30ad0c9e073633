import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Directory } from "#protocol/api.ts";
import type { Copies } from "#protocol/copies.ts";
import { fullName } from "#protocol/people.ts";
import { OptionList, PrimaryAction, SecondaryAction, Sheet, Switch, TextField } from "../../ui/index.ts";
import type { CopiesModel, CopiesState } from "./copies-model.ts";
import styles from "./record.module.css";

type Props = {
  readonly model: CopiesModel;
  readonly asking: Exclude<CopiesState["asking"], { at: "no" }>;
  readonly copies: Copies;
  readonly people: Directory | null;
  readonly entryId: string;
};

/** To whom a copy of the letter goes, that the patient knows, and off. */
export function CopySheet({ model, asking, copies, people, entryId }: Props) {
  const { t } = useTranslation(["record", "errors"]);
  const [other, setOther] = useState(false);
  const { to, told, refused } = asking;
  const doctor = copies.usualDoctor;
  const kind = other ? "colleague" : to?.kind;
  return (
    <Sheet
      open
      title={t("copies.sheet")}
      onClose={model.leave}
      foot={
        <div className={styles.pair}>
          <PrimaryAction
            tall
            busy={asking.at === "asking"}
            {...(to === null || !told
              ? { heldBy: t(to === null ? "copies.chooseFirst" : "copies.tellFirst") }
              : {})}
            onClick={() => void model.ask(entryId)}
          >
            {t(asking.at === "asking" ? "copies.handing" : "copies.hand")}
          </PrimaryAction>
          <SecondaryAction wide onClick={model.leave}>
            {t("copies.cancel")}
          </SecondaryAction>
        </div>
      }
    >
      <div className={styles.sheetForm}>
        <OptionList
          label={t("copies.to")}
          chosen={kind ?? null}
          onChoose={(id) => {
            setOther(id === "colleague");
            if (id !== "colleague") model.choose({ kind: id });
          }}
          options={[
            ...(doctor?.reachable === true
              ? [
                  {
                    id: "usual-doctor" as const,
                    label: t("copies.usualDoctor", { name: doctor.name }),
                    detail: t("copies.byMail"),
                  },
                ]
              : []),
            { id: "patient", label: t("copies.patient"), detail: t("copies.asPdf") },
            { id: "colleague", label: t("copies.colleague"), detail: t("copies.byMail") },
          ]}
        />
        {doctor?.reachable !== true && (
          <p className={styles.quiet}>
            {doctor === null ? t("copies.noDoctor") : t("copies.doctorWithoutMail", { name: doctor.name })}
          </p>
        )}
        {other && (
          <Colleagues model={model} chosen={to?.kind === "colleague" ? to.userId : null} people={people} />
        )}
        <Switch
          label={t("copies.told")}
          detail={t("copies.toldWhy")}
          checked={told}
          onChange={model.tell}
          words={[t("copies.yes"), t("copies.no")]}
        />
        {refused !== null && (
          <p role="alert">
            <strong>{t("copies.failed")}</strong>{" "}
            {refused.obstacle === null
              ? t(`errors:${refused.code}`)
              : t(`copies.obstacle.${refused.obstacle}`)}
          </p>
        )}
      </div>
    </Sheet>
  );
}

const shown = 6;

function Colleagues({
  model,
  chosen,
  people,
}: Pick<Props, "model" | "people"> & { readonly chosen: string | null }) {
  const { t } = useTranslation("record");
  const [name, setName] = useState("");
  const wanted = plain(name);
  const found = (people?.clinicians ?? []).filter((person) => plain(fullName(person)).includes(wanted));
  return (
    <>
      <TextField
        label={t("copies.findColleague")}
        value={name}
        autoComplete="off"
        onChange={(event) => setName(event.target.value)}
      />
      {found.length === 0 && <p role="status">{t("copies.nobody")}</p>}
      <OptionList
        label={t("copies.colleagues")}
        chosen={chosen}
        onChoose={(userId) => model.choose({ kind: "colleague", userId })}
        options={found.slice(0, shown).map((person) => ({
          id: person.userId,
          label: fullName(person),
          detail: person.organization,
        }))}
      />
    </>
  );
}

const plain = (text: string): string =>
  text
    .normalize("NFD")
    .replace(/\p{Mark}/gu, "")
    .toLocaleLowerCase("fr");
