import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { Banner, TextAction } from "../../ui/index.ts";
import type { CallModel } from "./call-model.ts";

type Props = { readonly model: CallModel; readonly onOpenCase: (key: string) => void };

/** What became of a ring that was not answered here, until it was read. */
export function CallNotice({ model, onOpenCase }: Props) {
  const { t } = useTranslation("call");
  const notice = useStore(model.store, (view) => view.notice);
  if (notice === null) return null;
  const open = () => {
    model.dismiss();
    onOpenCase(notice.key);
  };
  return (
    <Banner
      action={
        <>
          <TextAction tone="link" onClick={open}>
            {t("notice.open")}
          </TextAction>
          <TextAction tone="link" onClick={model.dismiss}>
            {t("notice.dismiss")}
          </TextAction>
        </>
      }
    >
      {t(`notice.${notice.kind}`, { who: notice.from })}
    </Banner>
  );
}
