import { config } from "zod";

// Zod tries `new Function` when a schema is made, which our policy forbids and reports. Imported before every schema.
config({ jitless: true });
