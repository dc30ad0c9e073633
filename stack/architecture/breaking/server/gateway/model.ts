import { model } from "../../test/model/world.ts";

export const leaning = model;
