import { useEffect, useState } from "react";

type Props = {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly alt: string;
  readonly className?: string | undefined;
};

/** Shows JPEG bytes that are only in memory, and frees them with itself. */
export function JpegImage({ bytes, alt, className }: Props) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);
  return <img src={url} alt={alt} className={className} draggable={false} />;
}
