import { expect, test } from "vitest";
import { contracted } from "./index.ts";

test.each([
  ["Écrire à Dr Faure", "Écrire au Dr Faure"],
  ["À Dr Paul Faure", "Au Dr Paul Faure"],
  ["Cas de Dr\u00a0Faure", "Cas du Dr\u00a0Faure"],
  ["Écrire à Claire Leroy", "Écrire à Claire Leroy"],
  ["Écrire à Drouot", "Écrire à Drouot"],
  ["au-delà Dr Faure", "au-delà Dr Faure"],
  ["[Le]Dr Paul Faure a décliné", "Le Dr Paul Faure a décliné"],
  ["Appeler [le]Dr\u00a0Faure", "Appeler le Dr\u00a0Faure"],
  ["[Le]Claire Leroy a décliné", "Claire Leroy a décliné"],
  ["Appeler [le]la dermatologie", "Appeler la dermatologie"],
])("« %s » is said as people say it", (text, said) => expect(contracted(text)).toBe(said));
