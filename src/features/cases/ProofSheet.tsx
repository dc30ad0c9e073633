import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { CopyDetail, Sheet } from "../../ui/index.ts";
import { Accesses } from "./Accesses.tsx";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase, PhotoView } from "./case-view.ts";
import styles from "./proof-sheet.module.css";
import type { KnotName } from "./thread.ts";
import { useWords } from "./use-words.ts";
import { caseAddress } from "./WorklistRow.tsx";
import { longMoment } from "./words.ts";
import { personName } from "./worklist.ts";

type Props = {
  readonly model: CaseModel;
  readonly view: OpenCase;
  readonly photo: PhotoView;
  readonly knot: KnotName;
  readonly onClose: () => void;
};

/** What a knot means, and its proof, in plain words. */
export function ProofSheet({ model, view, photo, knot, onClose }: Props) {
  const { t } = useWords();
  const parts = { consented: Consented, encrypted: Encrypted, seen: Seen, filed: FiledPart };
  const Part = parts[knot];
  return (
    <Sheet open title={t(`proof.${knot}`)} onClose={onClose}>
      <div className={styles.proof}>
        <Part model={model} view={view} photo={photo} />
        {photo.withdrawn && <p>{t("proof.withdrawn")}</p>}
        <CopyDetail detail={supportDetail(view, photo)} />
      </div>
    </Sheet>
  );
}

type PartProps = Pick<Props, "model" | "view" | "photo">;

function Consented({ view, photo }: PartProps) {
  const words = useWords();
  const { t } = words;
  const { consent } = photo;
  if (consent === null) return <p>{t("proof.noConsent")}</p>;
  return (
    <>
      <p>
        {t("proof.consentedText", {
          who: personName(consent.collectedBy, view.directory, "full"),
          date: longMoment(words, Date.parse(consent.collectedAt)),
        })}
      </p>
      <dl className={styles.facts}>
        <dt>{t("proof.method")}</dt>
        <dd>{t(`proof.methods.${consent.method}`)}</dd>
        <dt>{t("proof.givenBy")}</dt>
        <dd>{t(`proof.givers.${consent.givenBy}`)}</dd>
        <dt>{t("proof.purposes")}</dt>
        <dd>
          {consent.decisions
            .filter((decision) => decision.granted)
            .map((decision) => t(`proof.purpose.${decision.purpose}`))
            .join(", ")}
        </dd>
        <dt>{t("proof.until")}</dt>
        <dd>{longMoment(words, Date.parse(consent.expiresAt))}</dd>
      </dl>
    </>
  );
}

function Encrypted({ view, photo }: PartProps) {
  const words = useWords();
  const { t } = words;
  return (
    <>
      <p>
        {t("proof.encryptedText", {
          who: personName(photo.sender, view.directory, "full"),
          date: longMoment(words, photo.atMs),
        })}
      </p>
      <Fingerprint sha256={photo.photo.receipt.payload.pictureSha256} />
    </>
  );
}

function Fingerprint({ sha256 }: { sha256: string }) {
  const { t } = useWords();
  return (
    <dl className={styles.facts}>
      <dt>{t("proof.fingerprint")}</dt>
      <dd>
        <code className={styles.code}>{sha256.match(/.{1,8}/g)?.join(" ")}</code>
        <p className={styles.help}>{t("proof.fingerprintHelp")}</p>
      </dd>
    </dl>
  );
}

function Seen({ model, view, photo }: PartProps) {
  const words = useWords();
  const { t } = words;
  return (
    <>
      {photo.reader !== null && (
        <p>
          {t("proof.seenText", {
            who: personName(photo.reader.userId, view.directory, "full"),
            date: longMoment(words, photo.reader.atMs),
          })}
        </p>
      )}
      <Accesses model={model} view={view} photo={photo} />
    </>
  );
}

function FiledPart({ view, photo }: PartProps) {
  const words = useWords();
  const { t } = words;
  const { t: error, i18n } = useTranslation("errors");
  const { filing } = photo;
  if (filing === null) return <p>{t("proof.filedNext")}</p>;
  switch (filing.state) {
    case "waiting":
      return <p>{t("proof.filedWaiting", { date: longMoment(words, Date.parse(filing.since)) })}</p>;
    case "parked":
      return <p>{t("proof.filedParked", { date: longMoment(words, Date.parse(filing.at)) })}</p>;
    case "resolved":
      return (
        <p>
          {t(`proof.resolved.${filing.how}`, {
            who: personName(filing.by, view.directory, "full"),
            date: longMoment(words, Date.parse(filing.at)),
            why: filing.why,
          })}
        </p>
      );
    case "refused": {
      const known = i18n.exists(filing.reason, { ns: "errors" });
      const date = longMoment(words, Date.parse(filing.at));
      return <p>{t("proof.filedRefused", { date, reason: known ? error(filing.reason) : filing.reason })}</p>;
    }
    case "filed":
      return (
        <>
          <p>{t("proof.filedText", { date: longMoment(words, Date.parse(filing.at)) })}</p>
          <Fingerprint sha256={photo.photo.receipt.payload.pictureSha256} />
          <dl className={styles.facts}>
            <dt>{t("proof.references")}</dt>
            {filing.entries.map((entry) => (
              <dd key={entry.reference}>
                <code className={styles.code}>{entry.reference}</code>
              </dd>
            ))}
          </dl>
          <Link href={`${caseAddress(view.key)}/dossier`}>{t("proof.seeRecord")}</Link>
        </>
      );
  }
}

/** What support needs, without a patient's name or words. */
function supportDetail(view: OpenCase, photo: PhotoView): string {
  return JSON.stringify(
    {
      case: view.key,
      room: view.roomId,
      event: photo.eventId,
      receipt: photo.photo.photoId,
      sha256: photo.photo.receipt.payload.pictureSha256,
      filing: photo.filing,
      thread: photo.thread.map((knot) => [knot.name, knot.state, knot.atMs]),
    },
    null,
    1,
  );
}
