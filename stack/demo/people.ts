/** A demo professional. The RPPS numbers are in a range that is not given out. */
export interface Clinician {
  /** Local part of the Matrix account. */
  readonly account: string;
  readonly title: string;
  readonly given: string;
  readonly family: string;
  readonly gender: "female" | "male";
  readonly rpps: string;
  readonly profession: keyof typeof professions;
  readonly specialty?: keyof typeof specialties;
  readonly phone: string;
  readonly onCallForSurgery?: boolean;
}

/** Professions, TRE_G15. */
export const professions = {
  doctor: { code: "10", display: "Médecin" },
  nurse: { code: "60", display: "Infirmier" },
} as const;

/** Specialties of doctors, TRE_R38. */
export const specialties = {
  dermatology: { code: "SM15", display: "Dermatologie et vénéréologie (SM)" },
  ophthalmology: { code: "SM38", display: "Ophtalmologie (SM)" },
  surgery: { code: "SM05", display: "Chirurgie générale (SM)" },
  "general-practice": { code: "SM54", display: "Médecine générale (SM)" },
} as const;

const doctor = { title: "Dr", profession: "doctor" } as const;

export const clinicians: readonly Clinician[] = [
  {
    ...doctor,
    account: "faure",
    given: "Paul",
    family: "Faure",
    gender: "male",
    rpps: "99000000012",
    specialty: "general-practice",
    phone: "03 53 01 41 01",
  },
  {
    account: "leroy",
    title: "",
    given: "Claire",
    family: "Leroy",
    gender: "female",
    rpps: "99000000020",
    profession: "nurse",
    phone: "03 53 01 41 02",
  },
  {
    ...doctor,
    account: "martin",
    given: "Hélène",
    family: "Martin",
    gender: "female",
    rpps: "99000000038",
    specialty: "dermatology",
    phone: "03 53 01 41 03",
  },
  {
    ...doctor,
    account: "haddad",
    given: "Nadia",
    family: "Haddad",
    gender: "female",
    rpps: "99000000046",
    specialty: "dermatology",
    phone: "03 53 01 41 04",
  },
  {
    ...doctor,
    account: "kermarrec",
    given: "Yann",
    family: "Kermarrec",
    gender: "male",
    rpps: "99000000053",
    specialty: "ophthalmology",
    phone: "03 53 01 41 05",
  },
  {
    ...doctor,
    account: "aubry",
    given: "Karim",
    family: "Aubry",
    gender: "male",
    rpps: "99000000061",
    specialty: "surgery",
    phone: "03 53 01 41 06",
    onCallForSurgery: true,
  },
  {
    ...doctor,
    account: "benali",
    given: "Samia",
    family: "Benali",
    gender: "female",
    rpps: "99000000079",
    specialty: "surgery",
    phone: "03 53 01 41 07",
    onCallForSurgery: true,
  },
];

/** Accounts without a place in the directory. */
export const otherAccounts = [{ account: "admin", name: "Administration de Colloque" }] as const;

export const nameOf = (person: Clinician): string =>
  [person.title, person.given, person.family].filter((part) => part !== "").join(" ");
