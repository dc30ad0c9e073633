import { describe, expect, test } from "vitest";
import { initialsOf } from "./patient.ts";
import { type Addressee, type Clinician, clinicianSchema, fullName, membersOf, shortName } from "./people.ts";
import { missingCase } from "./result.ts";

const user = (name: string): string => `@${name}:valombre.example`;
const clinician = (name: string, specialty: Clinician["specialty"], teams: string[]): Clinician =>
  clinicianSchema.parse({
    userId: user(name),
    practitionerId: name,
    practitionerRoleId: name,
    family: "Martin",
    given: "Hélène",
    title: "Dr",
    specialty,
    rpps: "89900000001",
    organization: "",
    teams,
  });
const clinicians = [
  clinician("martin", "dermatology", ["skin"]),
  clinician("haddad", "dermatology", []),
  clinician("aubry", "surgery", ["garde", "skin"]),
];
const members = (addressee: Addressee, requester = user("faure")): string[] =>
  membersOf(addressee, clinicians, requester).map((each) => each.practitionerId);

describe("an addressee stands for", () => {
  test("the one person, everybody of the specialty, everybody of the team", () => {
    expect(members({ kind: "person", userId: user("haddad") })).toEqual(["haddad"]);
    expect(members({ kind: "specialty", specialty: "dermatology" })).toEqual(["martin", "haddad"]);
    expect(members({ kind: "team", teamId: "skin" })).toEqual(["martin", "aubry"]);
    expect(members({ kind: "team", teamId: "none" })).toEqual([]);
  });

  test("nobody who asks himself", () => {
    expect(members({ kind: "specialty", specialty: "dermatology" }, user("martin"))).toEqual(["haddad"]);
    expect(members({ kind: "person", userId: user("martin") }, user("martin"))).toEqual([]);
  });
});

describe("names", () => {
  const dr = { title: "Dr", given: "Hélène", family: "Martin" };
  const nurse = { title: "", given: "Claire", family: "Leroy" };

  test("are written whole, and short", () => {
    expect(fullName(dr)).toBe("Dr Hélène Martin");
    expect(fullName(nurse)).toBe("Claire Leroy");
    expect(shortName(dr)).toBe("Dr Martin");
    expect(shortName(nurse)).toBe("Claire Leroy");
  });

  test.each([
    [{ given: "Josiane", family: "Delattre" }, "J. D."],
    [{ given: " émile", family: "’--N’Guessan" }, "É. N."],
    [{ given: "محمد", family: "ب" }, "م. ب."],
    [{ given: "<script>", family: "2x" }, "S. 2."],
    [{ given: "…", family: "Le Goff" }, "L."],
  ])("of a patient are initials: %o", (patient, expected) => {
    expect(initialsOf(patient)).toBe(expected);
  });
});

test("a value from outside that no case foresees is named", () => {
  expect(() => Reflect.apply(missingCase, undefined, [{ kind: "new" }])).toThrow(
    'Unexpected case: {"kind":"new"}',
  );
});
