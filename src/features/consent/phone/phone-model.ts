import { createStore, type StoreApi } from "zustand/vanilla";
import { canonicalJson } from "#protocol/canonical.ts";
import type { ErrorCode } from "#protocol/errors.ts";
import type { CaseId, ConsentId } from "#protocol/ids.ts";
import { type LinkAnswer, type LinkState, type Offer, sealedFor } from "#protocol/patient-phone.ts";
import type { Door } from "../../../matrix/types.ts";
import { random, seal } from "../../../phone-page/seal.ts";
import { type CheckedAnswer, checkAnswer, type PhoneFault } from "./check-answer.ts";

/** Where the patient's own phone stands. */
export type PhoneState =
  | { readonly at: "closed" }
  /** Who decides must be named first. */
  | { readonly at: "held" }
  | { readonly at: "opening" }
  | { readonly at: "shown"; readonly url: string; readonly opened: boolean; readonly leftMs: number }
  /** Answered, and taken: the sheet records it. */
  | { readonly at: "answered" }
  | { readonly at: "expired" }
  | { readonly at: "refused"; readonly why: PhoneFault }
  | { readonly at: "failed"; readonly error: ErrorCode };

export type PhoneDeps = {
  readonly links: Door["phoneLinks"];
  /** The public address of the hospital's server. */
  readonly origin: string;
  readonly caseId: CaseId;
  readonly newId: () => ConsentId;
  readonly clock: () => number;
  /** What the phone would be shown now; null while the sheet lacks who decides. */
  readonly offer: (linkId: string, consentId: ConsentId) => Offer | null;
  /** Records what the patient signed; false when that did not succeed. */
  readonly take: (checked: CheckedAnswer, offer: Offer) => Promise<boolean>;
};

export type PhoneModel = {
  readonly store: StoreApi<PhoneState>;
  /** Opens a new link and shows it. */
  begin(): Promise<void>;
  /** Closes the link: nobody can open or answer it any more. */
  cancel(): void;
  dispose(): void;
};

const retryMs = 2_000;

/** One link after another, each for one phone: shown, waited for, checked, taken. */
export function createPhoneModel(deps: PhoneDeps): PhoneModel {
  const store = createStore<PhoneState>(() => ({ at: "closed" }));
  let current: { linkId: string } | null = null;
  let ticking: ReturnType<typeof setInterval> | undefined;

  const end = (state: PhoneState): void => {
    clearInterval(ticking);
    current = null;
    store.setState(state, true);
  };
  const show = (url: string, opened: boolean, endsMs: number): void =>
    store.setState({ at: "shown", url, opened, leftMs: Math.max(0, endsMs - deps.clock()) }, true);

  const begin = async (): Promise<void> => {
    cancel();
    const [linkId, key, consentId] = [random(16), random(32), deps.newId()];
    const offer = deps.offer(linkId, consentId);
    if (offer === null) return end({ at: "held" });
    const run = { linkId };
    current = run;
    store.setState({ at: "opening" }, true);
    const sealed = await seal(canonicalJson(offer), key, sealedFor.offer(linkId));
    const made = await deps.links.open({ linkId, consentId, caseId: deps.caseId, sealed });
    if (current !== run) return;
    if (!made.ok) return end({ at: "failed", error: made.error });
    const link: Link = {
      offer,
      key,
      url: `${deps.origin}/p/#o.${linkId}.${key}`,
      endsMs: deps.clock() + made.value.expiresInMs,
    };
    show(link.url, false, link.endsMs);
    ticking = setInterval(() => {
      const state = store.getState();
      if (state.at === "shown") show(link.url, state.opened, link.endsMs);
    }, 1000);
    await follow(run, link, made.value.state);
  };

  const follow = async (run: object, link: Link, begun: LinkState): Promise<void> => {
    let known = begun;
    while (current === run) {
      const asked = await deps.links.stateOf(link.offer.linkId, known);
      if (current !== run) return;
      if (!asked.ok) {
        // A lost network is waited out; the link's own time ends it.
        if (asked.error === "not-found" || asked.error === "not-signed-in" || deps.clock() > link.endsMs)
          return end({ at: "failed", error: asked.error });
        await new Promise((resolve) => setTimeout(resolve, retryMs));
        continue;
      }
      known = asked.value.state;
      if (known === "answered") return take(link, asked.value);
      if (known === "expired") return end({ at: "expired" });
      if (known === "cancelled") return end({ at: "closed" });
      show(link.url, known === "opened", link.endsMs);
    }
  };

  const take = async (link: Link, { sealed, key: boundTo, nowMs }: LinkAnswer): Promise<void> => {
    const { linkId, consentId } = link.offer;
    store.setState({ at: "answered" }, true);
    clearInterval(ticking);
    const offerNow = deps.offer(linkId, consentId);
    const checked = await checkAnswer(sealed ?? "", {
      offer: link.offer,
      offerNow: offerNow ?? link.offer,
      key: link.key,
      boundTo,
      nowMs,
    });
    const taken = checked.ok && (await deps.take(checked.value, link.offer));
    // The patient's own page then says that it was not recorded.
    if (!taken) void deps.links.cancel(linkId);
    end(checked.ok ? { at: "closed" } : { at: "refused", why: checked.error });
  };

  const cancel = (): void => {
    const open = current;
    if (store.getState().at === "answered") return;
    end({ at: "closed" });
    if (open !== null) void deps.links.cancel(open.linkId);
  };

  return { store, begin, cancel, dispose: cancel };
}

type Link = { readonly offer: Offer; readonly key: string; readonly url: string; readonly endsMs: number };
