/** The demo hospital, which does not exist. Telephone numbers are from the range kept free for fiction. */
export const serverName = "valombre.example";

export const userIdOf = (localpart: string): string => `@${localpart}:${serverName}`;

/** The account that reads the cases and files them. */
export const botLocalpart = "archiviste";
export const botUserId = userIdOf(botLocalpart);
export const botName = "l’Archiviste";

/** The account whose token the Colloque server administers the homeserver with; nobody signs in as it. */
export const serviceLocalpart = "colloque-service";

/** Nobody's mail: letters end in a folder. */
export const secureMailOf = (name: string): string => `${name}@demo-valombre.mssante.fr`;

/** Everybody's password in the demo. */
export const demoPassword = "colloque-demo";

export const hospital = {
  name: "CHU de Valombre",
  address: "1 allée des Tilleuls, 59990 Valombre",
  /** Of no establishment. */
  finess: "599900001",
  emergencyNumber: "15",
  urgentPhones: {
    dermatology: "03 53 01 40 15",
    ophthalmology: "03 53 01 40 38",
    surgery: "03 53 01 40 05",
    "general-practice": "03 53 01 40 54",
    nursing: "03 53 01 40 60",
  },
} as const;
