import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { Resolution } from "#protocol/events.ts";
import { type DeskItem, maxWhy, minWhy } from "#protocol/filing-desk.ts";
import { PrimaryAction, SecondaryAction, Segmented, Sheet, TextArea } from "../../ui/index.ts";
import styles from "./desk.module.css";
import type { DeskModel } from "./desk-model.ts";

type Props = { readonly model: DeskModel; readonly item: DeskItem; readonly onClose: () => void };

/** Ends a piece by hand: how, why, and what follows from it, before anything is done. It cannot be undone. */
export function ResolveSheet({ model, item, onClose }: Props) {
  const { t } = useTranslation(["desk", "errors"]);
  const { acting, said } = useStore(model.store);
  const [how, setHow] = useState<Resolution | null>(null);
  const [why, setWhy] = useState("");
  const busy = acting === item.id;
  const short = why.trim().length < minWhy;
  const heldBy = how === null ? t("hold.how") : short ? t("hold.why", { count: minWhy }) : null;
  const failed = said?.what === "failed" && said.id === item.id ? said.code : null;
  const resolve = async () => {
    if (how === null || short) return;
    if (await model.resolve(item.id, { how, why: why.trim() })) onClose();
  };
  return (
    <Sheet
      open
      title={t("resolveTitle", { what: t(`kind.${item.kind}`) })}
      onClose={onClose}
      foot={
        <div className={styles.pair}>
          <PrimaryAction tall busy={busy} heldBy={heldBy} onClick={() => void resolve()}>
            {t(busy ? "acting" : how === null ? "confirm.none" : `confirm.${how}`)}
          </PrimaryAction>
          <SecondaryAction wide onClick={onClose}>
            {t("keep")}
          </SecondaryAction>
        </div>
      }
    >
      <div className={styles.form}>
        <Segmented
          label={t("howLabel")}
          options={(["filed-by-hand", "not-to-be-filed"] as const).map((id) => ({
            id,
            label: t(`how.${id}`),
          }))}
          chosen={how}
          onChoose={setHow}
        />
        {how !== null && <p>{t(`consequence.${how}`)}</p>}
        {item.kind === "request" && <p>{t("consequence.request", { count: item.behind })}</p>}
        <TextArea
          label={t("why")}
          hint={t("whyHint")}
          rows={3}
          maxLength={maxWhy}
          value={why}
          onChange={(event) => setWhy(event.target.value)}
        />
        <p className={styles.quiet}>{t("final")}</p>
        {failed !== null && (
          <p role="alert" className={styles.failed}>
            {failed === "homeserver-unreachable" ? t("offline") : t(`errors:${failed}`)}
          </p>
        )}
      </div>
    </Sheet>
  );
}
