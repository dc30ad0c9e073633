import { useTranslation } from "react-i18next";
import { Film, TextLink } from "../../ui/index.ts";
import styles from "./record.module.css";
import { isClip, type OpenDocument, type Piece } from "./record-model.ts";

type Props = { readonly document: OpenDocument; readonly piece: Piece | null };

/** The piece that is being read: the letter as it is on paper, a photo on its mat, or where else it can be read. */
export function DocumentView({ document, piece }: Props) {
  const { t } = useTranslation(["record", "errors"]);
  if (piece === null) return <p className={styles.quiet}>{t("pick")}</p>;
  return (
    <>
      <Opened document={document} piece={piece} />
      <References piece={piece} />
    </>
  );
}

function Opened({ document, piece }: { document: OpenDocument; piece: Piece }) {
  const { t } = useTranslation(["record", "errors"]);
  const what = t(piece.kind === "opinion" ? "letter" : isClip(piece) ? "clip" : `kind.${piece.kind}`);
  if (!piece.main.readable) return <p className={styles.quiet}>{t("notReadable")}</p>;
  switch (document.step) {
    case "none":
    case "opening":
      return (
        <p className={styles.quiet} role="status">
          {t("opening")}
        </p>
      );
    case "failed":
      return <p role="alert">{t(`errors:${document.code}`)}</p>;
    case "open":
      return (
        <>
          {document.contentType === "application/pdf" && !navigator.pdfViewerEnabled && (
            <p>{t("noViewer")}</p>
          )}
          {document.contentType === "application/pdf" && navigator.pdfViewerEnabled && (
            <iframe
              className={styles.paper}
              src={`${document.url}#toolbar=0&navpanes=0&view=FitH`}
              title={t("document", { what })}
            />
          )}
          {document.contentType.startsWith("image/") && (
            <div className={styles.mat}>
              <img src={document.url} alt={what} />
            </div>
          )}
          {document.contentType.startsWith("video/") && (
            <div className={styles.mat}>
              <Film url={document.url} label={what} />
            </div>
          )}
          <TextLink icon="download" href={document.url} download={fileName(piece, document.contentType)}>
            {t("save")}
          </TextLink>
        </>
      );
  }
}

const extensions: Readonly<Record<string, string>> = {
  "application/pdf": "pdf",
  "image/jpeg": "jpg",
  "image/png": "png",
  "video/mp4": "mp4",
  "video/webm": "webm",
};

/** Never a patient's name in a file's name. */
const fileName = (piece: Piece, type: string): string =>
  `colloque-${piece.kind}.${extensions[type] ?? "bin"}`;

function References({ piece }: { piece: Piece }) {
  const { t } = useTranslation("record");
  const sha256 = piece.entries.find((entry) => entry.sha256 !== undefined)?.sha256;
  return (
    <dl className={styles.references}>
      <dt>{t("reference")}</dt>
      {piece.entries.map((entry) => (
        <dd key={entry.id}>
          <code>{entry.reference}</code>
        </dd>
      ))}
      {sha256 !== undefined && (
        <>
          <dt>{t("fingerprint")}</dt>
          <dd>
            <code>{sha256.match(/.{1,8}/g)?.join(" ")}</code>
          </dd>
        </>
      )}
    </dl>
  );
}
