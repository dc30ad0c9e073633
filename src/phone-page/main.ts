import { copyFragment, placeOf } from "./address.ts";
import { startCopy } from "./copy.ts";
import { startOffer } from "./offer.ts";
import { createPage } from "./page.ts";
import { showSent } from "./sent.ts";

const root = document.getElementById("page");
if (root === null) throw new Error("The page has no place for its content");
const page = createPage(root);

function start(): void {
  const place = placeOf(location.hash);
  if (place.kind === "copy") void startCopy(page, place);
  else if (place.kind === "nowhere") page.trouble("nowhere");
  else
    void startOffer(page, place.linkId, place.key, ({ copyId, copyKey }) => {
      // From here on, and after a reload, this address is the patient's copy; the link of the QR code is in no history.
      history.replaceState(null, "", copyFragment(copyId, copyKey));
      showSent(page, start);
    });
}

// Another code scanned into the same window.
addEventListener("hashchange", start);
start();
