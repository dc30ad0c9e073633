import { fixture } from "./some.test.ts";
import "./index.ts";
export const f = fixture;
