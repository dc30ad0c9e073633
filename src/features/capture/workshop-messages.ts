import type { FileRefusal } from "./image-kind.ts";
import type { Ahead, PreparedPicture } from "./prepare-picture.ts";

/** What the page asks of the picture worker. */
export type WorkOrder = { readonly id: number; readonly source: Blob | ImageBitmap };

/** What the worker answers: `ahead` at most once, then one of the others. */
export type WorkAnswer = { readonly id: number } & (
  | { readonly step: "ahead"; readonly ahead: Ahead }
  | { readonly step: "done"; readonly picture: PreparedPicture }
  | { readonly step: "refused"; readonly reason: FileRefusal }
  | { readonly step: "failed" }
);
