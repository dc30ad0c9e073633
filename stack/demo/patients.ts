/** A demo patient; none of them exists. */
export interface DemoPatient {
  /** Names the record's entry for ever: its id is drawn from it. */
  readonly key: string;
  /** Name at birth, and the name in use where it differs. */
  readonly birthFamily: string;
  readonly usedFamily?: string;
  readonly given: string;
  readonly sex: "female" | "male";
  readonly birthDate: string;
  readonly birthPlace?: { readonly city: string; readonly insee: string };
  /** Order number at the place of birth, for the INS; without one the identity is provisional. */
  readonly birthOrder?: string;
  readonly hospitalNumber: string;
  /** Key of the usual doctor's entry. */
  readonly usualDoctor?: string;
}

export const patients: readonly DemoPatient[] = [
  {
    key: "delattre",
    birthFamily: "MARCHAND",
    usedFamily: "DELATTRE",
    given: "Josiane",
    sex: "female",
    birthDate: "1959-03-14",
    birthPlace: { city: "Arras", insee: "62041" },
    birthOrder: "017",
    hospitalNumber: "8000412",
    usualDoctor: "lambert",
  },
  {
    key: "le-goff",
    birthFamily: "LE GOFF",
    given: "Yann",
    sex: "male",
    birthDate: "1974-07-02",
    birthPlace: { city: "Quimper", insee: "29232" },
    birthOrder: "108",
    hospitalNumber: "8000427",
    usualDoctor: "faure",
  },
  {
    key: "moreau-1957",
    birthFamily: "MOREAU",
    given: "Jean-Pierre",
    sex: "male",
    birthDate: "1957-02-14",
    birthPlace: { city: "Lille", insee: "59350" },
    birthOrder: "231",
    hospitalNumber: "8000433",
  },
  {
    key: "moreau-1959",
    birthFamily: "MOREAU",
    given: "Jean-Pierre",
    sex: "male",
    birthDate: "1959-02-14",
    birthPlace: { city: "Nantes", insee: "44109" },
    birthOrder: "054",
    hospitalNumber: "8000448",
  },
  {
    key: "n-guessan",
    birthFamily: "N’GUESSAN",
    given: "Aïcha-Élodie",
    sex: "female",
    birthDate: "1988-11-23",
    birthPlace: { city: "Abidjan", insee: "99326" },
    birthOrder: "402",
    hospitalNumber: "8000454",
  },
  {
    key: "bernard",
    birthFamily: "BERNARD",
    given: "Adam",
    sex: "male",
    birthDate: "2022-05-17",
    birthPlace: { city: "Amiens", insee: "80021" },
    birthOrder: "076",
    hospitalNumber: "8000469",
  },
  {
    key: "right-to-left",
    birthFamily: "بن سعيد",
    given: "فاطمة الزهراء",
    sex: "female",
    birthDate: "1969-09-05",
    birthPlace: { city: "Marseille", insee: "13055" },
    birthOrder: "339",
    hospitalNumber: "8000475",
  },
  {
    key: "markup",
    birthFamily: "TESTBALISE",
    given: "<script>alert(1)</script>",
    sex: "male",
    birthDate: "1990-01-01",
    birthPlace: { city: "Paris", insee: "75056" },
    birthOrder: "512",
    hospitalNumber: "8000480",
  },
  {
    key: "provisional",
    birthFamily: "ROUSSEL",
    given: "Marc",
    sex: "male",
    birthDate: "1981-06-30",
    hospitalNumber: "8000496",
  },
];

/** INS of a patient: a number shaped like a NIR, with its key; nobody's, and under the demo OID only. */
export function insOf(patient: DemoPatient): string | undefined {
  if (patient.birthPlace === undefined || patient.birthOrder === undefined) return undefined;
  const sex = patient.sex === "female" ? "2" : "1";
  const [year = "", month = ""] = patient.birthDate.split("-");
  const number = `${sex}${year.slice(2)}${month}${patient.birthPlace.insee}${patient.birthOrder}`;
  return number + String(97 - (Number(number) % 97)).padStart(2, "0");
}
