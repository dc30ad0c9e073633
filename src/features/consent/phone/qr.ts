import { encode } from "uqr";

/** A QR code as a path in a square of `size`, the quiet zone of four modules included (ISO/IEC 18004 §5.3.8). */
export function qrPath(text: string): { readonly path: string; readonly size: number } {
  const { data, size } = encode(text, { ecc: "M", border: 4 });
  const rows = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return { path: rows.join(""), size };
}
