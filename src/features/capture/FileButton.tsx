import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { SecondaryAction, TextAction } from "../../ui/index.ts";
import type { CaptureModel } from "./capture-model.ts";

type Props = { readonly model: CaptureModel; readonly wide?: boolean; readonly label?: string };

/** Chooses a picture file. HEIC is offered too, so that its owner is told what to do with it rather than not find it. */
export function FileButton({ model, wide = false, label }: Props) {
  const { t } = useTranslation("capture");
  const input = useRef<HTMLInputElement>(null);
  const choose = () => input.current?.click();
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        accept="image/jpeg,image/png,image/webp,image/heic,image/heif,.heic,.heif"
        aria-label={t("file")}
        onChange={(event) => {
          const file = event.target.files?.[0];
          // The same file may be chosen twice in a row.
          event.target.value = "";
          if (file !== undefined) void model.takeFile(file);
        }}
      />
      {wide ? (
        <SecondaryAction wide icon="file" onClick={choose}>
          {label ?? t("file")}
        </SecondaryAction>
      ) : (
        <TextAction icon="file" onClick={choose}>
          {label ?? t("file")}
        </TextAction>
      )}
    </>
  );
}
