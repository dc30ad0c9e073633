import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BodySite } from "#protocol/body-sites.ts";
import type { Consent } from "#protocol/consent.ts";
import type { CaseEvent, Informed, Withdrawn } from "#protocol/events.ts";
import type { Patient } from "#protocol/patient.ts";
import {
  aCase,
  aClip,
  aCorrection,
  aGlass,
  aMisfiling,
  anAmendment,
  anInformed,
  aPhoto,
  aQuestionAmendment,
  asItem,
  aWithdrawal,
  type CaseOptions,
  delattre,
  filmed,
  leaseOn,
  leroy,
  martin,
  otherDelattre,
  type People,
  startMs,
  tinyJpeg,
} from "../../server/filing/testing/a-case.ts";
import { root } from "../paths.ts";

type Item = Awaited<ReturnType<typeof aCase>>["items"][number];

/** One case for the validators: what is submitted to filing, and what happens when that is filed. */
export type ValidationCase = {
  readonly name: string;
  readonly patient: Patient;
  readonly roomId: string;
  readonly caseId: string;
  readonly items: readonly Item[];
  /** The consent is taken back after everything was filed, on this signed word; a photo that comes later is refused. */
  readonly withdrawal?: { readonly withdrawn: Withdrawn; readonly lease: string; readonly late: Item };
};

const sample = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(join(root, "e2e", "samples", name)));
const demoIns = (value: string) => ({ system: "urn:oid:1.2.250.1.213.1.4.11", value });

const child: Patient = {
  recordId: "bernard",
  family: "BERNARD",
  given: "Adam",
  birthDate: "2022-05-17",
  birthPlace: "Amiens",
  sex: "male",
  identity: "qualified",
  ins: demoIns("122058002107621"),
  hospitalNumber: "8000469",
};
const manyScripts: Patient = {
  recordId: "names",
  family: "بن سعيد",
  birthFamily: "N’GUESSAN d'Été",
  given: "Aïcha-Élodie <script>alert(1)</script>",
  birthDate: "1988-11-23",
  birthPlace: "Abidjan",
  sex: "female",
  identity: "qualified",
  ins: demoIns("288119932640267"),
  hospitalNumber: "8000454",
};
const provisional: Patient = {
  recordId: "roussel",
  family: "ROUSSEL",
  given: "Marc",
  sex: "unknown",
  identity: "provisional",
};

type Made = Awaited<ReturnType<typeof aCase>>;
type Body = CaseEvent extends infer E
  ? E extends CaseEvent
    ? Omit<E, "sender" | "atMs" | "eventId">
    : never
  : never;

/** An event that somebody sends `minutes` after the case began. */
function item(
  made: Made,
  sender: string,
  minutes: number,
  body: Body,
  picture?: Uint8Array<ArrayBuffer>,
): Item {
  const envelope = { eventId: `$${body.kind}-${randomUUID()}`, sender, atMs: startMs + minutes * 60_000 };
  return { ...envelope, roomId: made.roomId, event: { ...body, ...envelope }, picture };
}

/** What was sent before the opinion, these events, and the opinion. */
const beforeOpinion = (items: readonly Item[], more: readonly Item[]): Item[] => [
  ...items.slice(0, -1),
  ...more,
  ...items.slice(-1),
];

/** Cases that differ in what filing makes of them. */
export async function tenCases(all: People): Promise<ValidationCase[]> {
  const make = async (
    name: string,
    options: CaseOptions,
    change: (made: Made) => Promise<readonly Item[]> | readonly Item[] = ({ items }) => items,
  ): Promise<ValidationCase & { made: Made }> => {
    const made = await aCase(all, options);
    const { roomId, caseId } = made;
    return { name, patient: options.patient ?? delattre, roomId, caseId, items: await change(made), made };
  };
  const withdrawn = await make("withdrawn-consent", {});
  return [
    await make("adult", { picture: sample("camera.jpg") }, async (made) => [
      ...made.items.slice(0, -1),
      asItem(made.roomId, await aQuestionAmendment(all, made, "La lésion de droite est-elle à retirer ?")),
      ...made.items.slice(-1),
      asItem(made.roomId, await anAmendment(all, made)),
    ]),
    await make("child-with-guardian", {
      patient: child,
      consent: { givenBy: "guardian", assent: "yes" },
      evidence: { representative: "Luc Petit", interpreter: "Mina Ahmadi" },
    }),
    await make("emergency-consent", emergency, (made) => [
      ...made.items,
      informed(made, { kind: "emergency", consentId: made.consent.consentId }),
    ]),
    await make("declined", {}, (made) => [
      ...made.items.slice(0, 3),
      item(made, martin, 12, {
        kind: "response",
        response: { kind: "declined", reason: "Hors de mon domaine : à adresser en ophtalmologie." },
      }),
    ]),
    await make(
      "several-photos",
      { picture: sample("camera.jpg"), consent: { decisions: filmed } },
      async (made) => beforeOpinion(await severalPhotos(all, made), await clips(all, made)),
    ),
    await make("names", { patient: manyScripts, question: "L'avis d'« été » \\ <b>?</b> & ‮ محمد 😀" }),
    {
      ...withdrawn,
      withdrawal: {
        withdrawn: aWithdrawal(withdrawn.made.consent),
        lease: await leaseOn(all, withdrawn.made.consent, "withdrawn"),
        late: item(
          withdrawn.made,
          leroy,
          40,
          { kind: "photo", photo: await aPhoto(all, withdrawn.made.consent, tinyJpeg) },
          tinyJpeg,
        ),
      },
    },
    await make("discussion", { consent: { decisions: everyUse } }, (made) => discussion(made)),
    await make("provisional-identity", { patient: provisional }),
    await make("wrong-patient-corrected", { picture: sample("camera.jpg") }, async (made) => {
      const misfiled = await aMisfiling(all, made);
      const corrected = await aCorrection(all, misfiled, otherDelattre);
      return [...made.items, asItem(made.roomId, misfiled), asItem(made.roomId, corrected)];
    }),
    await make("break-glass", {}, async (made) => {
      const glass = await aGlass(all, made.consent, martin);
      const { eventId, sender, atMs } = glass;
      const broken = { eventId, sender, atMs, roomId: made.roomId, event: glass };
      return [...made.items, broken, informed(made, { kind: "glass", glassId: glass.glass.payload.glassId })];
    }),
  ];
}

const emergency: CaseOptions = {
  consent: { method: "emergency", givenBy: "nobody" },
  evidence: { emergencyReason: "Patiente inconsciente, hémorragie." },
};

const everyUse: Consent["decisions"] = [
  { purpose: "opinion", granted: true },
  { purpose: "care-named", granted: true },
  { purpose: "care-team", granted: true },
  { purpose: "teaching", granted: true },
  { purpose: "publication", granted: false },
  { purpose: "research", granted: true, project: "MELA-3" },
];

function informed(made: Made, of: Informed["of"]): Item {
  const { eventId, sender, atMs, ...event } = anInformed(of);
  return { eventId, sender, atMs, roomId: made.roomId, event: { eventId, sender, atMs, ...event } };
}

const sites: readonly BodySite[] = [
  { region: "retina", laterality: "R" },
  { region: "hand", laterality: "R" },
];

/** What a telephone films, and what a browser does. */
const clips = (all: People, made: Made): Promise<Item[]> =>
  Promise.all((["video/mp4", "video/webm"] as const).map((type) => aClip(all, made, type)));

/** More photos, of other places; and a preview, which is in the case and not in the record. */
async function severalPhotos(all: People, made: Made): Promise<Item[]> {
  const ids = { ...made.consent };
  const pictures = [sample("retina.jpg"), sample("camera.jpg")];
  const photos = await Promise.all(
    pictures.map(async (picture, index) => {
      const photo = await aPhoto(all, ids, picture);
      const site = sites[index] ?? photo.site;
      return item(
        made,
        leroy,
        10 + index / 10,
        { kind: "photo", photo: { ...photo, site, view: "overview" } },
        picture,
      );
    }),
  );
  const preview = await aPhoto(all, ids, sample("retina.jpg"));
  return beforeOpinion(made.items, [item(made, leroy, 10, { kind: "preview", preview }), ...photos]);
}

function discussion(made: Made): Item[] {
  const words = Array.from({ length: 40 }, (_each, index) =>
    item(made, index % 2 === 0 ? martin : leroy, 14 + index / 4, {
      kind: "message",
      text: `Message ${index + 1} :${" la lésion a été revue, sans changement net.".repeat(1 + (index % 4))}${index === 7 ? " " : ""}`,
      clientRef: randomUUID(),
    }),
  );
  const asked = item(made, martin, 13.5, {
    kind: "response",
    response: { kind: "more-asked", question: "Une vue d’ensemble, s’il vous plaît ?" },
  });
  return beforeOpinion(made.items, [asked, ...words]);
}
