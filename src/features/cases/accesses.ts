import type { Accesses } from "#protocol/api.ts";

type Reader = {
  readonly by: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly times: number;
};

/** Who opened a picture: a person's look is told from a machine's preparing. */
export type Opened = { readonly persons: readonly Reader[]; readonly machines: readonly Reader[] };

/** The preview and the whole of one photo, asked for at the same moment, are one look. */
const oneLookMs = 60_000;

export function openedOf(accesses: Accesses["accesses"], receiptIds: readonly string[]): Opened {
  const of = (how: "view" | "machine"): Reader[] => {
    const readers = new Map<string, Reader>();
    const mine = accesses
      .filter((each) => each.how === how && receiptIds.includes(each.receiptId))
      .map((each) => ({ by: each.by, atMs: Date.parse(each.at) }))
      .sort((one, other) => one.atMs - other.atMs);
    for (const { by, atMs } of mine) {
      const known = readers.get(by);
      if (known === undefined) readers.set(by, { by, firstMs: atMs, lastMs: atMs, times: 1 });
      else {
        const again = atMs - known.lastMs > oneLookMs ? 1 : 0;
        readers.set(by, { ...known, lastMs: atMs, times: known.times + again });
      }
    }
    return [...readers.values()];
  };
  return { persons: of("view"), machines: of("machine") };
}
