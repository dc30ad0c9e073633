import type { ErrorCode } from "#protocol/errors.ts";
import { err, ok, type Result } from "#protocol/result.ts";
import { codeOfBody } from "../api.ts";
import type { Bytes } from "../kit/bytes.ts";

export type Upload = (
  mxc: string,
  ciphertext: Bytes,
  onProgress: (share: number) => void,
) => Promise<Result<void, ErrorCode>>;

/** Puts ciphertext to its reserved address. XMLHttpRequest, since fetch cannot tell how far an upload is. */
export const createUpload =
  (baseUrl: string, token: () => string | null): Upload =>
  (mxc, ciphertext, onProgress) =>
    new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("PUT", uploadUrl(baseUrl, mxc));
      request.setRequestHeader("authorization", `Bearer ${token() ?? ""}`);
      request.setRequestHeader("content-type", "application/octet-stream");
      request.upload.onprogress = (event) => {
        if (event.lengthComputable) onProgress(event.loaded / event.total);
      };
      request.onload = () => resolve(outcomeOf(request.status, request.responseText));
      request.onerror = () => resolve(err("homeserver-unreachable"));
      request.onabort = () => resolve(err("homeserver-unreachable"));
      request.send(new Blob([ciphertext], { type: "application/octet-stream" }));
    });

export function uploadUrl(baseUrl: string, mxc: string): string {
  const path = mxc.slice("mxc://".length).split("/").map(encodeURIComponent).join("/");
  return `${baseUrl}/_matrix/media/v3/upload/${path}`;
}

/** Already there counts as there: the address is reserved for these very bytes. */
export function outcomeOf(status: number, text: string): Result<void, ErrorCode> {
  if (status >= 200 && status < 300) return ok(undefined);
  const body = parse(text);
  const already =
    body !== null &&
    typeof body === "object" &&
    "errcode" in body &&
    body.errcode === "M_CANNOT_OVERWRITE_MEDIA";
  return already ? ok(undefined) : err(codeOfBody(status, body));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
