import { describe, expect, test } from "vitest";
import { type Call, SynapseError } from "../kit/synapse-client.ts";
import { createHomeserver, openIdRequest } from "./homeserver.ts";

const martin = "@martin:valombre.example";
const token = { access_token: "good", matrix_server_name: "valombre.example" };

/** A homeserver with one room, one person, one device; and what it was asked, as whom. */
function aHomeserver(fault?: SynapseError) {
  const asked: { path: string; token: string | undefined }[] = [];
  const call = async <T>({ path, token: by, answer }: Call<T>): Promise<T> => {
    asked.push({ path, token: by });
    if (fault !== undefined) throw fault;
    if (path.includes("/rooms/!case/members")) return answer.parse({ members: [martin] });
    if (path.endsWith("access_token=good")) return answer.parse({ sub: martin });
    if (path.endsWith("access_token=bad")) throw new SynapseError(401, "M_UNKNOWN_TOKEN");
    if (path.endsWith("/devices/PHONE")) return answer.parse({ device_id: "PHONE" });
    throw new SynapseError(404, "M_NOT_FOUND");
  };
  return { asked, homeserver: createHomeserver({ call }, "admin", "valombre.example") };
}

describe("what the calls ask of the homeserver", () => {
  test("is who is in a room now; nobody is in one that it does not know", async () => {
    const { homeserver } = aHomeserver();
    expect(await homeserver.isJoined(martin, "!case")).toBe(true);
    expect(await homeserver.isJoined("@haddad:valombre.example", "!case")).toBe(false);
    expect(await homeserver.isJoined(martin, "!other")).toBe(false);
    const down = aHomeserver(new SynapseError(500, "M_UNKNOWN"));
    await expect(down.homeserver.isJoined(martin, "!case")).rejects.toMatchObject({ status: 500 });
  });

  test("is whose an OpenID token is, asked as nobody, and whether the device is that person's", async () => {
    const { homeserver, asked } = aHomeserver();
    expect(await homeserver.ownerOf(token, "PHONE")).toBe(martin);
    expect(asked.map((each) => each.token)).toEqual([undefined, "admin"]);
    await expect(homeserver.ownerOf(token, "TABLET")).rejects.toMatchObject({ code: "not-allowed" });
    await expect(homeserver.ownerOf({ ...token, access_token: "bad" }, "PHONE")).rejects.toMatchObject({
      code: "not-signed-in",
    });
    await expect(
      homeserver.ownerOf({ ...token, matrix_server_name: "elsewhere.example" }, "PHONE"),
    ).rejects.toMatchObject({ code: "not-signed-in" });
  });

  test("is asked only for what has the shape of a request", () => {
    const asked = { room: "!case:valombre.example", openid_token: token, device_id: "PHONE" };
    expect(openIdRequest(asked)).toEqual(asked);
    expect(() => openIdRequest({ ...asked, device_id: "a/b" })).toThrow();
    expect(() => openIdRequest({ ...asked, room: "case" })).toThrow();
    expect(() => openIdRequest({ ...asked, openid_token: {} })).toThrow();
    expect(() => openIdRequest(undefined)).toThrow();
  });
});
