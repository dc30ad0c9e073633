import { z } from "zod";
export const ok = z.string();
