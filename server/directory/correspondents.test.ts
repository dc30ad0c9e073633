import { describe, expect, test } from "vitest";
import { createCorrespondents } from "./correspondents.ts";

const role = {
  resourceType: "PractitionerRole",
  id: "role-lambert",
  practitioner: { reference: "Practitioner/lambert" },
};
const person = (more: object = {}) => ({
  resourceType: "Practitioner",
  id: "lambert",
  identifier: [{ system: "urn:oid:1.2.250.1.71.4.2.1", value: "889900000077" }],
  name: [{ use: "official", family: "Lambert", given: ["Louise"], prefix: ["Dr"] }],
  telecom: [
    { system: "phone", value: "0353014000" },
    { system: "email", value: "louise@example.com" },
    { system: "email", value: "mailto:louise.lambert@demo.medecin.mssante.fr" },
  ],
  ...more,
});
const patient = (reference: string | undefined, id = "delattre") => ({
  resourceType: "Patient",
  id,
  ...(reference === undefined ? {} : { generalPractitioner: [{ reference }] }),
});

const lookingIn = (found: readonly object[]) => {
  const forms: [string, string][] = [];
  const correspondents = createCorrespondents({
    postSearch: async (schema, type, form) => {
      forms.push([type, form.toString()]);
      return {
        found: found.flatMap((each) => {
          const parsed = schema.safeParse(each);
          return parsed.success ? [parsed.data] : [];
        }),
        more: false,
      };
    },
  });
  return { ...correspondents, forms };
};

const lambert = {
  family: "Lambert",
  given: "Louise",
  title: "Dr",
  rpps: "89900000077",
  secureMail: "louise.lambert@demo.medecin.mssante.fr",
};

describe("the usual doctor", () => {
  test.each([
    "PractitionerRole/role-lambert",
    "Practitioner/lambert",
    "https://r.test/fhir/Practitioner/lambert",
  ])("is found as %s, with the address in the secure space alone", async (reference) => {
    const { usualDoctorOf, forms } = lookingIn([patient(reference), role, person()]);
    expect(await usualDoctorOf("delattre")).toEqual(lambert);
    expect(forms[0]?.[0]).toBe("Patient");
  });

  test("is this patient's, also where the server gives every patient", async () => {
    const { usualDoctorOf } = lookingIn([
      patient("Practitioner/lambert", "another"),
      patient(undefined),
      role,
      person(),
    ]);
    expect(await usualDoctorOf("delattre")).toBeUndefined();
    expect(await usualDoctorOf("another")).toEqual(lambert);
  });

  test("that is an organisation, or no longer works, is nobody", async () => {
    expect(await lookingIn([patient("Organization/x")]).usualDoctorOf("delattre")).toBeUndefined();
    const retired = [patient("Practitioner/lambert"), person({ active: false })];
    expect(await lookingIn(retired).usualDoctorOf("delattre")).toBeUndefined();
    const left = [patient("PractitionerRole/role-lambert"), { ...role, active: false }, person()];
    expect(await lookingIn(left).usualDoctorOf("delattre")).toBeUndefined();
  });

  test.each([
    "louise@mssante.fr.example.com",
    "louise@evilmssante.fr",
    "a@b@x.mssante.fr",
    "Louise <louise@x.mssante.fr>",
    "louise@x.mssante.fr,other@example.com",
    "louise@example.com",
  ])("is not written to at %s", async (value) => {
    const telecom = [{ system: "email", value }];
    const { usualDoctorOf } = lookingIn([patient("Practitioner/lambert"), person({ telecom })]);
    expect((await usualDoctorOf("delattre"))?.secureMail).toBeUndefined();
  });
});

test("a colleague's own entry is the one that is asked for", async () => {
  const { colleague } = lookingIn([{ ...role, id: "another" }, role, person()]);
  expect(await colleague("role-lambert")).toEqual(lambert);
  expect(await colleague("role-nobody")).toBeUndefined();
});
