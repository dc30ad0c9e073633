import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { ColloqueError } from "#protocol/errors.ts";
import {
  answerOnPhoneSchema,
  askLinkSchema,
  copyIdSchema,
  openLinkSchema,
  openOnPhoneSchema,
  phoneIdSchema,
  readCopySchema,
} from "#protocol/patient-phone.ts";
import type { DirectoryPort } from "../directory/index.ts";
import type { Clock } from "../kit/role.ts";
import type { PatientPort } from "../patient/index.ts";
import { clinician, read } from "./callers.ts";
import { createRateLimit, rates } from "./rate-limit.ts";
import type { Session } from "./sessions.ts";

type Parts = {
  readonly patient: PatientPort;
  readonly directory: DirectoryPort;
  readonly clock: Clock;
  readonly signedIn: (request: FastifyRequest) => Promise<Session>;
};

/** The most that a phone sends: a sealed signature, and the patient's copy. */
const bodyLimit = 400_000;

/**
 * /colloque/v1/patient: for the clinician with a token, for the patient's phone with a link alone. What a link names is never in an
 * address, so that no log, history or proxy keeps it; only the clinician's own question about a link has its id there, for ten minutes.
 */
export function patientRoutes(app: FastifyInstance, parts: Parts): void {
  const { patient, clock, directory, signedIn } = parts;
  const asClinician = async (request: FastifyRequest): Promise<string> => {
    const { userId } = await signedIn(request);
    clinician(directory, userId);
    return userId;
  };
  const limit = createRateLimit(rates.phone, clock);
  const limitMisses = createRateLimit(rates.misses, clock);

  app.post("/patient/links", { bodyLimit }, async (request) => {
    const userId = await asClinician(request);
    return patient.open(userId, read(openLinkSchema, request.body));
  });
  app.post("/patient/links/:linkId/state", async (request, reply) => {
    const userId = await asClinician(request);
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    const { known } = read(askLinkSchema, request.body);
    return patient.stateOf(userId, linkIdOf(request), known, gone.signal);
  });
  app.post("/patient/links/:linkId/cancel", async (request) => {
    const userId = await asClinician(request);
    await patient.cancel(userId, linkIdOf(request));
    return {};
  });

  /** For whoever has a link. A guess costs more than a hit, and learns nothing: every unknown id gets the same words. */
  const forPhone = <T>(path: string, schema: z.ZodType<T>, act: (body: T) => Promise<unknown>) =>
    app.post(path, { bodyLimit }, async (request) => {
      limit(request.ip);
      const body = schema.safeParse(request.body);
      try {
        if (!body.success) throw new ColloqueError("not-found");
        return await act(body.data);
      } catch (error) {
        if (error instanceof ColloqueError && error.code === "not-found") limitMisses(request.ip);
        throw error;
      }
    });
  forPhone("/patient/open", openOnPhoneSchema, ({ jws }) => patient.openOnPhone(jws));
  forPhone("/patient/answer", answerOnPhoneSchema, async (answer) => {
    await patient.answer(answer);
    return {};
  });
  forPhone("/patient/copy/cover", copyIdSchema, async ({ copyId }) => ({
    cover: await patient.cover(copyId),
  }));
  forPhone("/patient/copy/read", readCopySchema, ({ copyId, proof }) => patient.read(copyId, proof));
  forPhone("/patient/copy/withdraw", copyIdSchema, async ({ copyId }) => {
    await patient.withdraw(copyId);
    return { state: "withdrawn" };
  });
}

const linkIdOf = (request: FastifyRequest): string =>
  read(z.object({ linkId: phoneIdSchema }), request.params).linkId;
