import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { Directory } from "#protocol/api.ts";
import { type Addressee, fullName } from "#protocol/people.ts";
import { ConfirmSheet, OptionList, SecondaryAction, Sheet, TextField } from "../../ui/index.ts";
import styles from "./AddresseeSheet.module.css";
import { addresseesOf, namesBehind } from "./addressee-words.ts";
import { type RequestModel, sameAddressee } from "./request-model.ts";

type Props = { readonly model: RequestModel; readonly open: boolean; readonly onClose: () => void };

/** A specialty, an on-call team or a named colleague; the consent already given is not lost without a word. */
export function AddresseeSheet({ model, open, onClose }: Props) {
  const { t } = useTranslation("request");
  const { t: error } = useTranslation("errors");
  const directory = useStore(model.directory);
  const draft = useStore(model.store, (state) => state.draft);
  const [asked, setAsked] = useState<Addressee | null>(null);
  const choose = (addressee: Addressee) => {
    const changes = draft.addressee !== null && !sameAddressee(draft.addressee, addressee);
    if (changes && draft.consent !== null) return setAsked(addressee);
    void model.setAddressee(addressee);
    onClose();
  };
  return (
    <>
      <Sheet open={open} title={t("addressee.title")} onClose={onClose}>
        {directory.state === "loading" && <p aria-busy="true">{t("addressee.loading")}</p>}
        {directory.state === "failed" && (
          <div className={styles.failed}>
            <p role="alert">
              {t("addressee.failed")} {error(directory.code)}
            </p>
            <SecondaryAction onClick={directory.retry}>{t("addressee.retry")}</SecondaryAction>
          </div>
        )}
        {directory.state === "loaded" && (
          <Choices
            directory={directory.value}
            me={model.requester}
            chosen={draft.addressee}
            onChoose={choose}
          />
        )}
      </Sheet>
      <ConfirmSheet
        open={asked !== null}
        title={t("addressee.dropsTitle")}
        action={t("addressee.change")}
        onClose={() => setAsked(null)}
        onConfirm={() => {
          if (asked !== null) void model.setAddressee(asked);
          setAsked(null);
          onClose();
        }}
      >
        <p>{t("addressee.drops")}</p>
      </ConfirmSheet>
    </>
  );
}

type ChoicesProps = {
  readonly directory: Directory;
  readonly me: string;
  readonly chosen: Addressee | null;
  readonly onChoose: (addressee: Addressee) => void;
};

const plain = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function Choices({ directory, me, chosen, onChoose }: ChoicesProps) {
  const { t } = useTranslation("request");
  const [filter, setFilter] = useState("");
  const { people, specialties, teams } = addresseesOf(directory, me);
  const behind = (addressee: Addressee) => namesBehind(addressee, directory, me).join(", ");
  const groups = [
    {
      title: t("addressee.specialties"),
      options: specialties.map((specialty) => {
        const addressee: Addressee = { kind: "specialty", specialty };
        return option(specialty, addressee, t(`specialtyName.${specialty}`), behind(addressee));
      }),
    },
    {
      title: t("addressee.teams"),
      options: teams.map((team) => {
        const addressee: Addressee = { kind: "team", teamId: team.id };
        return option(team.id, addressee, team.name, behind(addressee));
      }),
    },
    {
      title: t("addressee.people"),
      options: people.map((person) =>
        option(
          person.userId,
          { kind: "person", userId: person.userId },
          fullName(person),
          t(`specialtyName.${person.specialty}`),
        ),
      ),
    },
  ]
    .map((group) => ({
      ...group,
      options: group.options.filter((each) =>
        plain(`${each.label} ${each.detail}`).includes(plain(filter.trim())),
      ),
    }))
    .filter((group) => group.options.length > 0);

  return (
    <div className={styles.choices}>
      <TextField
        label={t("addressee.filter")}
        type="search"
        autoComplete="off"
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
      />
      {groups.length === 0 && <p role="status">{t("addressee.nobody")}</p>}
      {groups.map((group) => (
        <section key={group.title}>
          <h3 className={styles.group}>{group.title}</h3>
          <OptionList
            label={group.title}
            options={group.options}
            chosen={
              group.options.find((each) => chosen !== null && sameAddressee(each.addressee, chosen))?.id ??
              null
            }
            onChoose={(id) => {
              const found = group.options.find((each) => each.id === id);
              if (found !== undefined) onChoose(found.addressee);
            }}
          />
        </section>
      ))}
    </div>
  );
}

const option = (id: string, addressee: Addressee, label: string, detail: string) => ({
  id,
  addressee,
  label,
  detail,
});
