/**
 * What the address says. Everything stands in the fragment, which browsers never send: `#o.<id>.<key>` is what a QR code opens,
 * `#c.<id>.<key>` the copy that the patient keeps.
 */
export type Place =
  | { readonly kind: "offer"; readonly linkId: string; readonly key: string }
  | { readonly kind: "copy"; readonly copyId: string; readonly key: string }
  | { readonly kind: "nowhere" };

export function placeOf(fragment: string): Place {
  const [, kind, id = "", key = ""] = /^#([oc])\.([\w-]{22})\.([\w-]{43})$/.exec(fragment) ?? [];
  if (kind === "o") return { kind: "offer", linkId: id, key };
  return kind === "c" ? { kind: "copy", copyId: id, key } : { kind: "nowhere" };
}

export const copyFragment = (copyId: string, key: string): string => `#c.${copyId}.${key}`;
