import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { urgencySchema } from "#protocol/events.ts";
import { OptionList, Sheet, UrgencyMark } from "../../ui/index.ts";
import type { RequestModel } from "./request-model.ts";

type Props = { readonly model: RequestModel; readonly open: boolean; readonly onClose: () => void };

export function UrgencySheet({ model, open, onClose }: Props) {
  const { t } = useTranslation("request");
  const urgency = useStore(model.store, (state) => state.draft.urgency);
  return (
    <Sheet open={open} title={t("when.title")} onClose={onClose}>
      <OptionList
        label={t("when.title")}
        chosen={urgency}
        options={urgencySchema.options.map((id) => ({
          id,
          label: <UrgencyMark urgency={id} word={t(`urgency.${id}`)} />,
          detail: t(`when.${id}Help`),
        }))}
        onChoose={(id) => {
          model.setUrgency(id);
          onClose();
        }}
      />
    </Sheet>
  );
}
