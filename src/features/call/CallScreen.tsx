import { useState } from "react";
import { useTranslation } from "react-i18next";
import { TextAction } from "../../ui/index.ts";
import { useArrivalFocus } from "./arrival.ts";
import { CallControls } from "./CallControls.tsx";
import { CallPeopleSheet } from "./CallPeopleSheet.tsx";
import { CallTrouble } from "./CallTrouble.tsx";
import styles from "./call.module.css";
import { type CallModel, type CallView, type OpenCall, type Tile, tileKey } from "./call-model.ts";
import { DevicesSheet } from "./DevicesSheet.tsx";
import { TilePicture } from "./TilePicture.tsx";
import { timeInWords, useCallWords } from "./use-call-words.ts";

type Props = {
  readonly model: CallModel;
  readonly call: OpenCall;
  readonly view: CallView;
  /** Makes the call small, beside the case. */
  readonly onShowCase: () => void;
};

/** The call: whose it is, the picture first, what to do. */
export function CallScreen({ model, call, view, onShowCase }: Props) {
  const { t } = useTranslation("call");
  const { step } = useCallWords();
  const heading = useArrivalFocus<HTMLHeadingElement>();
  const [sheet, setSheet] = useState<"people" | "devices" | null>(null);
  const { patient } = call;
  return (
    <section className={styles.screen} aria-labelledby="call-title" data-step={call.step}>
      <header className={styles.band}>
        <div className={styles.who}>
          <h1 id="call-title" ref={heading} tabIndex={-1}>
            {patient === null ? t("title") : `${patient.family} ${patient.given}`}
          </h1>
          {patient !== null && <PatientLine patient={patient} />}
        </div>
        <div className={styles.clock}>
          <strong role="timer" aria-live="off">
            {call.seconds > 0 || call.tiles.length > 0 ? timeInWords(call.seconds) : ""}
          </strong>
          <span role="status">{step(call)}</span>
        </div>
      </header>
      <Stage model={model} call={call} layout={view.layout} />
      <div className={styles.foot}>
        <CallTrouble model={model} call={call} />
        <Who call={call} />
        <p className={styles.promise}>{t("nothingKept")}</p>
        <div className={styles.tools}>
          <TextAction icon="letter" onClick={onShowCase}>
            {t("tools.case")}
          </TextAction>
          <TextAction icon="person" onClick={() => setSheet("people")}>
            {t("tools.people", { count: call.tiles.filter((each) => each.what === "camera").length + 1 })}
          </TextAction>
          <TextAction icon="gear" onClick={() => setSheet("devices")}>
            {t("tools.devices")}
          </TextAction>
          {call.tiles.length > 1 && (
            <TextAction
              aria-pressed={view.layout === "grid"}
              onClick={() => model.setLayout(view.layout === "grid" ? "speaker" : "grid")}
            >
              {t(view.layout === "grid" ? "tools.speaker" : "tools.grid")}
            </TextAction>
          )}
        </div>
        <CallControls model={model} call={call} />
      </div>
      <CallPeopleSheet model={model} call={call} open={sheet === "people"} onClose={() => setSheet(null)} />
      {sheet === "devices" && <DevicesSheet model={model} onClose={() => setSheet(null)} />}
    </section>
  );
}

function PatientLine({ patient }: { readonly patient: NonNullable<OpenCall["patient"]> }) {
  const { t } = useTranslation("cases");
  const { ageOf } = useCallWords();
  const child = patient.age !== null && patient.age < 18;
  const words = { female: child ? "girl" : "woman", male: child ? "boy" : "man" } as const;
  const sex = patient.sex === "female" || patient.sex === "male" ? words[patient.sex] : null;
  return (
    <p className={styles.quiet}>
      {ageOf(patient)}
      {sex !== null && `, ${t(`patient.${sex}`)}`}
    </p>
  );
}

function Stage({
  model,
  call,
  layout,
}: {
  readonly model: CallModel;
  readonly call: OpenCall;
  readonly layout: CallView["layout"];
}) {
  const { t } = useTranslation("call");
  const { tiles, me } = call;
  const main = tiles.find((each) => tileKey(each) === call.main);
  const self = me.camera ? <SelfPicture model={model} identity={me.identity} /> : null;
  if (main === undefined)
    return (
      <div className={styles.stage}>
        <div className={styles.waiting}>
          {call.rung.length === 0 ? (
            <p>{t("alone")}</p>
          ) : (
            call.rung.map((each) => <p key={each.name}>{t(`rung.${each.state}`, { who: each.name })}</p>)
          )}
        </div>
        {self}
      </div>
    );
  if (layout === "grid")
    return (
      <div className={styles.stage}>
        <ul className={styles.grid} data-count={Math.min(tiles.length, 8)}>
          {tiles.map((tile) => (
            <li key={tileKey(tile)}>
              <NamedTile model={model} tile={tile} />
            </li>
          ))}
        </ul>
        {self}
      </div>
    );
  const others = tiles.filter((each) => each !== main);
  return (
    <div className={styles.stage}>
      <TilePicture model={model} tile={main} large key={tileKey(main)} />
      {others.length > 0 && (
        <ul className={styles.strip}>
          {others.map((tile) => (
            <li key={tileKey(tile)}>
              <NamedTile model={model} tile={tile} />
            </li>
          ))}
        </ul>
      )}
      {self}
    </div>
  );
}

/** A small picture with its name: pressed, it becomes the large one. */
function NamedTile({ model, tile }: { readonly model: CallModel; readonly tile: Tile }) {
  const { t } = useTranslation("call");
  return (
    <button
      type="button"
      className={styles.tile}
      aria-label={t("tools.enlarge", { who: tile.name })}
      onClick={() => model.pin(tileKey(tile))}
    >
      <TilePicture model={model} tile={tile} />
      <span className={styles.name}>{tile.name}</span>
    </button>
  );
}

/** This device's own picture, small: what the others see. */
function SelfPicture({ model, identity }: { readonly model: CallModel; readonly identity: string }) {
  const { t } = useTranslation("call");
  return (
    <div className={styles.self}>
      <TilePicture
        model={model}
        tile={{
          identity,
          name: t("self"),
          isMe: true,
          what: "camera",
          picture: "live",
          microphone: true,
          speaking: false,
          weak: false,
          alarm: false,
          arriving: false,
        }}
      />
    </div>
  );
}

/** "Claire Leroy filme", "vous : voix seule". */
function Who({ call }: { readonly call: OpenCall }) {
  const { t } = useTranslation("call");
  const main = call.tiles.find((each) => tileKey(each) === call.main);
  const doing =
    main === undefined || main.alarm
      ? null
      : main.what === "screen"
        ? "shares"
        : main.picture === "off"
          ? "speaks"
          : "films";
  return (
    <div className={styles.roles}>
      {main !== undefined && doing !== null && (
        <p>
          <strong>{main.name}</strong> {t(`who.${doing}`)}
          {!main.microphone && !main.arriving && `, ${t("who.muted")}`}
        </p>
      )}
      <p className={styles.quiet}>
        {t(call.me.camera ? "who.youFilm" : "who.youSpeak")}
        {!call.me.microphone && `, ${t("who.muted")}`}
      </p>
    </div>
  );
}
