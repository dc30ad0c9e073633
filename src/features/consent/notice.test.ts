import { expect, test } from "vitest";
import { noticeText } from "./notice.ts";

const subject = { hospital: "CHU de Valombre", collector: "Dr\u00a0Paul Faure", ward: null };

test.each([
  ["Dr\u00a0Yann Kermarrec", "Nous montrons au Dr\u00a0Yann Kermarrec une question"],
  ["la dermatologie (Dr Martin)", "Nous montrons à la dermatologie (Dr Martin) une question"],
  ["les soins infirmiers", "Nous montrons aux soins infirmiers une question"],
])("the French notice says to whom as people say it: %s", (recipients, words) => {
  const text = noticeText("fr", { ...subject, recipients });
  expect(text).toContain(words);
  expect(text).toContain("dites-le au Dr\u00a0Paul Faure,");
});
