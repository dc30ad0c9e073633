import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { OptionList, Sheet } from "../../ui/index.ts";
import styles from "./call.module.css";
import type { CallModel } from "./call-model.ts";

const kinds = ["microphone", "speaker", "camera"] as const;
type Kind = (typeof kinds)[number];
type Found = Readonly<Record<Kind, Awaited<ReturnType<CallModel["devices"]>>>>;

/** Which microphone, loudspeaker and camera; changed in the middle of the call. */
export function DevicesSheet({
  model,
  onClose,
}: {
  readonly model: CallModel;
  readonly onClose: () => void;
}) {
  const { t } = useTranslation("call");
  const [found, setFound] = useState<Found | null>(null);
  const look = async () => {
    const [microphone, speaker, camera] = await Promise.all(kinds.map((kind) => model.devices(kind)));
    setFound({ microphone: microphone ?? [], speaker: speaker ?? [], camera: camera ?? [] });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked once for each opening
  useEffect(() => void look(), []);
  return (
    <Sheet open title={t("devices.title")} onClose={onClose}>
      {kinds.map((kind) => {
        const devices = found?.[kind] ?? [];
        return (
          <section key={kind} aria-labelledby={`devices-${kind}`} className={styles.devices}>
            <h3 id={`devices-${kind}`} className={styles.subtitle}>
              {t(`devices.${kind}`)}
            </h3>
            {devices.length === 0 ? (
              <p className={styles.quiet}>{t(found === null ? "devices.looking" : "devices.none")}</p>
            ) : (
              <OptionList
                label={t(`devices.${kind}`)}
                chosen={devices.find((each) => each.chosen)?.id ?? null}
                options={devices.map((each, at) => ({
                  id: each.id,
                  label: each.label === "" ? t("devices.unnamed", { number: at + 1 }) : each.label,
                }))}
                onChoose={(id) => void model.choose(kind, id).then(look)}
              />
            )}
          </section>
        );
      })}
    </Sheet>
  );
}
