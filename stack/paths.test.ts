import { describe, expect, test } from "vitest";
import { foldersOf } from "./paths.ts";

describe("the folder of the sockets", () => {
  test("lies with the data where its path is short", () => {
    expect(foldersOf("demo", "/home/me/colloque/.colloque").sockets).toBe(
      "/home/me/colloque/.colloque/demo/sockets",
    );
  });

  test("is short, and the profile's own, where the checkout lies deep", () => {
    const deep = `/home/${"very-deep/".repeat(12)}.colloque`;
    const { sockets } = foldersOf("demo", deep);
    expect(Buffer.byteLength(`${sockets}/synapse`)).toBeLessThan(108);
    expect(foldersOf("e2e", deep).sockets).not.toBe(sockets);
  });
});
