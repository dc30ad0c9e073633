import { useEffect, useState } from "react";
import type { ClipFacts } from "#protocol/events.ts";
import { Film } from "../../ui/index.ts";

type Props = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly clip: ClipFacts;
  readonly label: string;
};

/** Plays a clip that is only in memory, and frees it with itself. */
export function ClipFilm({ bytes, clip, label }: Props) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes], { type: clip.type }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes, clip.type]);
  return url === undefined ? null : <Film url={url} label={label} />;
}
