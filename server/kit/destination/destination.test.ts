import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, type JWK, jwtVerify } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { accessSchema, DestinationFault, openDestination } from "./index.ts";
import { createAuthority, pem } from "./testing/authority.ts";
import { type Answer, type Asked, listen } from "./testing/servers.ts";

let folder: string;
let nowMs: number;
const clock = () => nowMs;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "destination-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  nowMs = 1_780_000_000_000;
});

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const open = (url: string, access: object, env: Record<string, string> = {}) =>
  openDestination({ name: "COLLOQUE_FHIR_ACCESS", url, access: accessSchema.parse(access) }, { env, clock });
const trouble = (asking: Promise<Response>): Promise<string> =>
  asking.then(
    (answer) => `answered ${answer.status}`,
    (error: unknown) => (error instanceof DestinationFault ? error.code : String(error)),
  );

/** A record that takes one Authorization, which may change. */
const guarded = (taken: { value: string | undefined }) =>
  listen(({ authorization }) =>
    authorization === taken.value ? { status: 200, body: {} } : { status: 401, body: {} },
  );

describe("a record that asks for nothing", () => {
  test("gets no credentials", async () => {
    await using record = await guarded({ value: undefined });
    await using destination = open(record.url, {});
    expect((await destination.fetch(`${record.url}/Patient/1`)).status).toBe(200);
    expect(record.asked).toMatchObject([{ method: "GET", url: "/Patient/1", authorization: undefined }]);
  });

  test("gets method, headers and body as they are, and gives its answer", async () => {
    await using record = await listen(({ body }) => ({
      status: 412,
      headers: { etag: 'W/"2"' },
      body: { body },
    }));
    await using destination = open(record.url, {});
    const answer = await destination.fetch(`${record.url}/x?y=%20z`, { method: "PUT", body: "é" });
    expect([answer.status, answer.headers.get("etag"), await answer.json()]).toEqual([
      412,
      'W/"2"',
      { body: "é" },
    ]);
    expect(record.asked).toMatchObject([{ method: "PUT", url: "/x?y=%20z", body: "é" }]);
  });

  test("is the only one that is spoken to", async () => {
    await using record = await guarded({ value: undefined });
    await using other = await guarded({ value: undefined });
    await using destination = open(record.url, {});
    await expect(destination.fetch(`${other.url}/Patient/1`)).rejects.toThrow("leave");
    expect(other.asked).toEqual([]);
  });
});

describe("a name and a password", () => {
  const basic = (password: string) => `Basic ${Buffer.from(`colloque:${password}`).toString("base64")}`;

  test("are sent, from a file or from the environment", async () => {
    await using record = await guarded({ value: basic("s3cret:é") });
    const path = file("password", "s3cret:é\n");
    for (const password of [{ file: path }, { env: "SECRET" }]) {
      const auth = { kind: "basic", user: "colloque", password };
      await using destination = open(record.url, { auth }, { SECRET: "s3cret:é" });
      expect(await trouble(destination.fetch(record.url))).toBe("answered 200");
      expect(destination.trouble()).toBeUndefined();
    }
  });

  test("that are wrong are told, and not tried again at once; corrected, they are used without a restart", async () => {
    await using record = await guarded({ value: basic("right") });
    const path = file("password", "wrong");
    const auth = { kind: "basic", user: "colloque", password: { file: path } };
    await using destination = open(record.url, { auth });
    expect(await trouble(destination.fetch(record.url))).toBe("answered 401");
    expect(destination.trouble()).toBe("credentials-refused");
    expect(await trouble(destination.fetch(record.url))).toBe("credentials-refused");
    expect(record.asked).toHaveLength(1);
    nowMs += 5_000;
    expect(await trouble(destination.fetch(record.url))).toBe("answered 401");
    expect(record.asked).toHaveLength(2);
    file("password", "right");
    expect(await trouble(destination.fetch(record.url))).toBe("answered 200");
    expect(destination.trouble()).toBeUndefined();
  });

  test("are knocked with more and more rarely, at least once a minute", async () => {
    await using record = await guarded({ value: basic("right") });
    const auth = { kind: "basic", user: "colloque", password: { env: "SECRET" } };
    await using destination = open(record.url, { auth }, { SECRET: "wrong" });
    const knocks: number[] = [];
    for (let second = 0; second < 300; second += 1) {
      const before = record.asked.length;
      await trouble(destination.fetch(record.url));
      if (record.asked.length > before) knocks.push(second);
      nowMs += 1000;
    }
    expect(knocks).toEqual([0, 5, 15, 35, 75, 135, 195, 255]);
  });
});

describe("a bearer token", () => {
  test("is sent, and read again when it was refused: somebody may have put a new one there", async () => {
    const taken = { value: "Bearer one" };
    await using record = await guarded(taken);
    const path = file("token", "one\n");
    await using destination = open(record.url, { auth: { kind: "bearer", token: { file: path } } });
    expect(await trouble(destination.fetch(record.url))).toBe("answered 200");
    taken.value = "Bearer two";
    file("token", "two\n");
    expect(await trouble(destination.fetch(record.url, { method: "POST", body: "again" }))).toBe(
      "answered 200",
    );
    expect(record.asked.map(({ authorization }) => authorization)).toEqual([
      "Bearer one",
      "Bearer one",
      "Bearer two",
    ]);
    expect(record.asked.slice(1).map(({ body }) => body)).toEqual(["again", "again"]);
  });
});

/** An OAuth server that gives out numbered tokens to whom `knows` takes. */
const authority = (
  knows: (asked: Asked) => boolean | Promise<boolean>,
  more: object = { expires_in: 300 },
) => {
  let count = 0;
  return listen(async (asked): Promise<Answer> => {
    if (!(await knows(asked))) return { status: 401, body: { error: "invalid_client" } };
    count += 1;
    return { status: 200, body: { access_token: `t${count}`, token_type: "Bearer", ...more } };
  });
};

describe("OAuth client credentials", () => {
  const auth = (tokenUrl: string, more: object = {}) => ({
    auth: {
      kind: "client-credentials",
      tokenUrl,
      clientId: "colloque é",
      secret: { env: "SECRET" },
      scope: "system/*.cruds",
      ...more,
    },
  });
  const inHeader = `Basic ${Buffer.from("colloque+%C3%A9:s%3A1").toString("base64")}`;

  test.each([
    ["header", ({ authorization, body }: Asked) => authorization === inHeader && !body.includes("secret")],
    [
      "form",
      ({ authorization, body }: Asked) =>
        authorization === undefined && body.includes("client_id=colloque+%C3%A9&client_secret=s%3A1"),
    ],
  ] as const)("prove themselves in the %s, and their token opens the record", async (secretIn, knows) => {
    await using oauth = await authority(knows);
    await using record = await guarded({ value: "Bearer t1" });
    await using destination = open(record.url, auth(oauth.url, { secretIn }), { SECRET: "s:1" });
    expect(await trouble(destination.fetch(record.url))).toBe("answered 200");
    const form = new URLSearchParams(oauth.asked[0]?.body);
    expect(form.get("grant_type")).toBe("client_credentials");
    expect(form.get("scope")).toBe("system/*.cruds");
    expect(oauth.asked[0]?.url).toBe("/");
  });

  test("fetch one token for many requests at once, and keep it until shortly before its end", async () => {
    await using oauth = await authority(() => true);
    const taken = { value: "Bearer t1" };
    await using record = await guarded(taken);
    await using destination = open(record.url, auth(oauth.url), { SECRET: "s" });
    const all = await Promise.all(Array.from({ length: 20 }, () => destination.fetch(record.url)));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
    nowMs += 269_000;
    expect(await trouble(destination.fetch(record.url))).toBe("answered 200");
    expect(oauth.asked).toHaveLength(1);
    nowMs += 2_000;
    taken.value = "Bearer t2";
    expect(await trouble(destination.fetch(record.url))).toBe("answered 200");
    expect(oauth.asked).toHaveLength(2);
    // The record was never shown the old one after that.
    expect(record.asked.at(-1)?.authorization).toBe("Bearer t2");
    expect(record.asked).toHaveLength(22);
  });

  test("fetch a token anew, once for all who wait, when the record ended it before its time", async () => {
    await using oauth = await authority(() => true);
    const taken = { value: "Bearer t1" };
    await using record = await guarded(taken);
    await using destination = open(record.url, auth(oauth.url), { SECRET: "s" });
    expect(await trouble(destination.fetch(record.url))).toBe("answered 200");
    taken.value = "Bearer t2";
    const all = await Promise.all(Array.from({ length: 10 }, () => destination.fetch(record.url)));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
    expect(oauth.asked).toHaveLength(2);
  });

  test("that the record refuses with a fresh token are told so, and that token is fetched once", async () => {
    await using oauth = await authority(() => true);
    await using record = await guarded({ value: "Bearer of somebody else" });
    await using destination = open(record.url, auth(oauth.url), { SECRET: "s" });
    expect(await trouble(destination.fetch(record.url))).toBe("answered 401");
    expect(destination.trouble()).toBe("credentials-refused");
    expect([oauth.asked.length, record.asked.length]).toEqual([2, 2]);
  });

  test("with a wrong secret are told so; the record is not asked, nor the authority again at once", async () => {
    await using oauth = await authority(({ authorization }) => authorization === inHeader);
    await using record = await guarded({ value: "Bearer t1" });
    await using destination = open(record.url, auth(oauth.url), { SECRET: "wrong" });
    expect(await trouble(destination.fetch(record.url))).toBe("credentials-refused");
    expect(await trouble(destination.fetch(record.url))).toBe("credentials-refused");
    expect(destination.trouble()).toBe("credentials-refused");
    expect([oauth.asked.length, record.asked.length]).toEqual([1, 0]);
  });

  test("of an authority that is down or answers nonsense are no refusal", async () => {
    let answer: Answer = { status: 503, body: {} };
    await using oauth = await listen(() => answer);
    await using record = await guarded({ value: "Bearer t1" });
    await using destination = open(record.url, auth(oauth.url), { SECRET: "s" });
    expect(await trouble(destination.fetch(record.url))).toBe("unreachable");
    for (const access_token of ["a b", "a\r\nx: y", ""]) {
      answer = { status: 200, body: { access_token, token_type: "bearer" } };
      expect(await trouble(destination.fetch(record.url))).toBe("unreachable");
    }
    expect(record.asked).toHaveLength(0);
    answer = { status: 200, body: { access_token: "t1", token_type: "bearer", expires_in: "60" } };
    expect(await trouble(destination.fetch(record.url))).toBe("answered 200");
  });
});

describe("SMART Backend Services", () => {
  test.each(["RS384", "ES384"])("proves who asks by a %s assertion that lives a few minutes", async (alg) => {
    const keys = await generateKeyPair(alg, { extractable: true });
    const jwk: JWK = { ...(await exportJWK(keys.privateKey)), kid: "key-1" };
    const path = file(`${alg}.jwk`, JSON.stringify(jwk));
    const seen: string[] = [];
    await using oauth = await authority(async ({ body }) => {
      const form = new URLSearchParams(body);
      expect(form.get("client_assertion_type")).toBe(
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      );
      const { payload, protectedHeader } = await jwtVerify(
        form.get("client_assertion") ?? "",
        keys.publicKey,
        {
          algorithms: [alg],
          audience: `${oauth.url}/token`,
          issuer: "colloque",
          subject: "colloque",
          currentDate: new Date(nowMs),
          requiredClaims: ["jti", "exp", "iat"],
        },
      );
      expect(protectedHeader).toMatchObject({ kid: "key-1", typ: "JWT" });
      expect((payload.exp ?? 0) * 1000 - nowMs).toBeLessThanOrEqual(300_000);
      seen.push(payload.jti ?? "");
      return true;
    });
    const taken = { value: "Bearer t1" };
    await using record = await guarded(taken);
    const auth = {
      kind: "smart-backend",
      tokenUrl: `${oauth.url}/token`,
      clientId: "colloque",
      key: { file: path },
      scope: "system/*.cruds",
    };
    await using destination = open(record.url, { auth });
    expect(await trouble(destination.fetch(record.url))).toBe("answered 200");
    nowMs += 3_600_000;
    taken.value = "Bearer t2";
    expect(await trouble(destination.fetch(record.url))).toBe("answered 200");
    expect(new Set(seen).size).toBe(2);
  });

  test("with a key that the authority does not know is refused, and told so", async () => {
    const [own, known] = await Promise.all([
      generateKeyPair("ES384", { extractable: true }),
      generateKeyPair("ES384"),
    ]);
    const path = file("other.jwk", JSON.stringify(await exportJWK(own.privateKey)));
    await using oauth = await authority(({ body }) =>
      jwtVerify(new URLSearchParams(body).get("client_assertion") ?? "", known.publicKey).then(
        () => true,
        () => false,
      ),
    );
    await using record = await guarded({ value: "Bearer t1" });
    const auth = {
      kind: "smart-backend",
      tokenUrl: oauth.url,
      clientId: "c",
      key: { file: path },
      scope: "s",
    };
    await using destination = open(record.url, { auth });
    expect(await trouble(destination.fetch(record.url))).toBe("credentials-refused");
    expect(record.asked).toEqual([]);
  });
});

describe("certificates", () => {
  const setting = () => {
    const hospital = createAuthority(folder, "hospital");
    const stranger = createAuthority(folder, "stranger");
    const server = hospital.certify("server");
    const tls = { key: pem(server.key), cert: pem(server.cert) };
    return { hospital, stranger, tls };
  };
  const fine = (): Answer => ({ status: 200, body: {} });

  test("of the hospital's own authority are believed, and those of another not: nothing is sent", async () => {
    const { hospital, stranger, tls } = setting();
    await using record = await listen(fine, tls);
    const auth = { kind: "bearer", token: { env: "TOKEN" } };
    const env = { TOKEN: "secret" };
    await using right = open(record.url, { auth, tls: { ca: hospital.ca } }, env);
    expect(await trouble(right.fetch(record.url))).toBe("answered 200");
    for (const tlsOption of [{ ca: stranger.ca }, {}]) {
      await using wrong = open(record.url, { auth, tls: tlsOption }, env);
      expect(await trouble(wrong.fetch(record.url))).toBe("certificate-not-trusted");
      expect(wrong.trouble()).toBe("certificate-not-trusted");
    }
    expect(record.asked).toHaveLength(1);
  });

  test("for another name are not believed", async () => {
    const { hospital } = setting();
    const elsewhere = hospital.certify("elsewhere", "DNS:elsewhere.test");
    await using record = await listen(fine, { key: pem(elsewhere.key), cert: pem(elsewhere.cert) });
    await using destination = open(record.url, { tls: { ca: hospital.ca } });
    expect(await trouble(destination.fetch(record.url))).toBe("certificate-not-trusted");
  });

  test("of ours open a record that asks for one; without it, or with a stranger's, it stays closed", async () => {
    const { hospital, stranger, tls } = setting();
    const strict = { ...tls, ca: pem(hospital.ca), requestCert: true, rejectUnauthorized: true };
    await using record = await listen(fine, strict);
    const of = (own: object) => open(record.url, { tls: { ca: hospital.ca, ...own } });
    await using right = of(hospital.certify("colloque"));
    expect(await trouble(right.fetch(record.url))).toBe("answered 200");
    for (const own of [{}, stranger.certify("colloque")]) {
      await using wrong = of(own);
      // How a server says no to a certificate differs: an alert, or the line goes dead.
      expect(await trouble(wrong.fetch(record.url))).toMatch(/^(certificate-refused|unreachable)$/);
      expect(wrong.trouble()).toBeDefined();
    }
    expect(record.asked).toHaveLength(1);
  });

  test("that change under way end what is trusted", async () => {
    const { hospital, stranger, tls } = setting();
    await using before = await listen(fine, tls);
    await using destination = open(before.url, { tls: { ca: hospital.ca } });
    expect(await trouble(destination.fetch(before.url))).toBe("answered 200");
    const { port } = new URL(before.url);
    await before[Symbol.asyncDispose]();
    const other = stranger.certify("server");
    await using after = await listen(fine, { key: pem(other.key), cert: pem(other.cert) }, Number(port));
    expect(after.url).toBe(before.url);
    expect(await trouble(destination.fetch(after.url))).toBe("certificate-not-trusted");
    expect(after.asked).toEqual([]);
  });
});

describe("a redirect", () => {
  test.each([301, 302, 303, 307, 308])(
    "with %i is not followed, to another origin or to the same, and shows nobody the credentials",
    async (status) => {
      await using elsewhere = await listen(() => ({ status: 200, body: {} }));
      for (const location of [`${elsewhere.url}/fhir/Patient/1`, "/fhir/Patient/2"]) {
        await using record = await listen(({ url }) =>
          url === "/there" ? { status: 200, body: {} } : { status, headers: { location } },
        );
        const auth = { kind: "bearer", token: { env: "TOKEN" } };
        await using destination = open(record.url, { auth }, { TOKEN: "secret" });
        expect(await trouble(destination.fetch(`${record.url}/fhir/Patient/1`))).toBe("redirected");
        expect(destination.trouble()).toBe("redirected");
        expect(record.asked).toHaveLength(1);
        expect(await trouble(destination.fetch(`${record.url}/there`))).toBe("answered 200");
      }
      expect(elsewhere.asked).toEqual([]);
    },
  );

  test("of the authority is not followed with the secret either", async () => {
    await using elsewhere = await listen(() => ({
      status: 200,
      body: { access_token: "x", token_type: "bearer" },
    }));
    await using oauth = await listen(() => ({ status: 307, headers: { location: elsewhere.url } }));
    await using record = await guarded({ value: "Bearer x" });
    const auth = { kind: "client-credentials", tokenUrl: oauth.url, clientId: "c", secret: { env: "S" } };
    await using destination = open(record.url, { auth }, { S: "s" });
    expect(await trouble(destination.fetch(record.url))).toBe("redirected");
    expect([elsewhere.asked, record.asked]).toEqual([[], []]);
  });
});

describe("what cannot work", () => {
  const complaint = (access: object, env = {}) => {
    try {
      open("https://record.test/fhir", access, env);
    } catch (error) {
      return error instanceof Error ? `${error.name} ${error.message}` : "";
    }
    return "";
  };
  const auth = {
    kind: "smart-backend",
    tokenUrl: "https://a.test",
    clientId: "c",
    scope: "s",
    key: { env: "KEY" },
  };

  test.each([
    [
      { auth: { kind: "bearer", token: { file: "/nowhere/token" } } },
      {},
      "no secret in the file /nowhere/token",
    ],
    [{ auth: { kind: "bearer", token: { env: "NOBODY" } } }, {}, "no secret in the variable NOBODY"],
    [{ tls: { ca: "/nowhere/ca.pem" } }, {}, "no PEM file at /nowhere/ca.pem"],
    [{ auth }, { KEY: "not a key" }, "must be a private JWK"],
    [{ auth }, { KEY: '{"kty":"oct","k":"c2VjcmV0"}' }, "must be a private JWK"],
  ])("is told at the start, in words and without the secret: %j", (access, env, words) => {
    const told = complaint(access, env);
    expect(told).toMatch(/^ConfigError The Colloque server cannot start:\n- COLLOQUE_FHIR_ACCESS: /);
    expect(told).toContain(words);
    expect(told).not.toMatch(/not a key|c2VjcmV0/);
  });

  test("is a key of another certificate", () => {
    const hospital = createAuthority(folder, "hospital");
    const { cert } = hospital.certify("one");
    expect(complaint({ tls: { cert, key: hospital.certify("two").key } })).toContain("cannot start");
    expect(complaint({ tls: { ...hospital.certify("one") } })).toBe("");
  });
});
