import { fastify } from "fastify";
import type { Config as ClientConfig, Health } from "#protocol/api.ts";
import type { Audit } from "../audit/index.ts";
import type { CallsPort } from "../calls/index.ts";
import type { Registry } from "../consent/index.ts";
import type { DirectoryPort } from "../directory/index.ts";
import type { Federation } from "../federation/index.ts";
import type { Config } from "../kit/config.ts";
import type { Destinations } from "../kit/destination/index.ts";
import { toHttp } from "../kit/http-errors.ts";
import { toLog } from "../kit/log.ts";
import type { Role, RoleContext } from "../kit/role.ts";
import type { SynapseClient } from "../kit/synapse-client.ts";
import type { PatientPort } from "../patient/index.ts";
import { ownApi } from "./api.ts";
import type { AskIn, RecordPort } from "./api-parts.ts";
import { clientFiles } from "./client-files.ts";
import type { DeskPort } from "./desk-port.ts";
import { openFederationDoor } from "./federation-door.ts";
import type { Gate } from "./gate.ts";
import { addSecurityHeaders, securityHeaders } from "./headers.ts";
import { createHealth } from "./health.ts";
import { matrixDoor } from "./matrix.ts";
import { createMediaDoor } from "./media.ts";
import { createMemberships } from "./memberships.ts";
import { createNews, type News } from "./news.ts";
import { abroadOf, startPolicySocket } from "./policy-socket.ts";
import { refuse } from "./proxy.ts";
import { createSessions } from "./sessions.ts";

export type { AskIn, RecordPort } from "./api-parts.ts";
export type { DeskPort } from "./desk-port.ts";
export { createGate, type Gate } from "./gate.ts";

/** What the gateway needs of the others. `record` is absent where filing does not run. */
export type GatewayNeeds = {
  readonly synapse: SynapseClient;
  readonly registry: Registry;
  readonly directory: DirectoryPort;
  readonly audit: Audit;
  readonly gate: Gate;
  readonly record: RecordPort | undefined;
  readonly desk?: DeskPort | undefined;
  readonly askIn: AskIn | undefined;
  readonly calls?: CallsPort | undefined;
  readonly patient: PatientPort;
  /** Undefined where no other hospital is spoken to. */
  readonly federation?: Federation | undefined;
  readonly botState: () => Health["parts"]["bot"];
  /** The hospital's servers, for how they are. */
  readonly destinations?: Destinations | undefined;
  readonly onUserReady: (userId: string) => void;
};

/** Where it listens, for tests that let the system choose a port. */
export type GatewayPort = AsyncDisposable & { readonly address: string };

/** The one HTTP door: the client's files, the Matrix interface by an allow-list, and our own interface. */
export const gatewayRole = (needs: GatewayNeeds): Role<GatewayPort> => ({
  name: "gateway",
  start: async (context) => {
    const { config } = context;
    const news = createNews(context.clock);
    const policy = await startPolicySocket({
      news,
      path: config.policySocket,
      bot: config.bot.userId,
      registry: needs.registry,
      gate: needs.gate,
      audit: needs.audit,
      ...abroadOf(needs.federation, needs.directory, config.serverName),
      serverName: config.serverName,
      log: context.log.child({ role: "policy" }),
      clock: context.clock,
    });
    const { app, media } = buildGateway(context, needs, news);
    const address = await app.listen({ host: config.host, port: config.port });
    const abroad = await openFederationDoor(context, { ...needs, media });
    context.log.info({ address }, "the gateway is open");
    return {
      address,
      [Symbol.asyncDispose]: async () => {
        await abroad?.close();
        await app.close();
        await policy[Symbol.asyncDispose]();
      },
    };
  },
});

function buildGateway(context: RoleContext, needs: GatewayNeeds, news: News) {
  const { config, clock, events } = context;
  const log = context.log.child({ role: "gateway" });
  const app = fastify({
    logger: false,
    bodyLimit: 256 * 1024,
    // Sync polls are long, uploads from a telephone slow: no limit on the whole, but one on silence.
    requestTimeout: 0,
    connectionTimeout: 180_000,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 300 },
  });
  addSecurityHeaders(app, securityHeaders({ publicUrl: config.publicUrl, livekitUrl: config.livekit?.url }));
  app.setErrorHandler((error, _request, reply) => {
    if (toHttp(error).body.code === "internal") log.error(toLog(error), "a request failed");
    return refuse(reply, error);
  });
  app.addHook("onResponse", async (request, reply) => {
    // The rule or route, never the address: addresses hold ids that are nobody's business in a log.
    const route = request.ruleName ?? `${request.method} ${request.routeOptions.url ?? "?"}`;
    log.debug({ route, status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, "answered");
  });

  news.on(({ roomId }) => {
    if (roomId !== undefined) events.emit("members-changed", { roomId });
  });
  const sessions = createSessions(needs.synapse, news);
  const memberships = createMemberships(needs.synapse, config.synapseAdminToken, news);
  const shared = { ...needs, sessions, memberships, clock, events, serverName: config.serverName };
  const media = createMediaDoor(shared);
  const matrix = matrixDoor({
    ...shared,
    media,
    bot: config.bot.userId,
    isKnown: (userId) => needs.directory.find(userId) !== undefined,
    log,
  });
  const health = createHealth({
    synapse: needs.synapse,
    archive:
      config.dicomwebUrl === undefined
        ? undefined
        : { url: config.dicomwebUrl, fetch: needs.destinations?.archive?.fetch ?? fetch },
    trouble: (part) => needs.destinations?.[part]?.trouble(),
    recordIsUp: needs.directory.recordIsUp,
    botState: needs.botState,
    clock,
  });
  app.register(matrix);
  ownApi({
    ...shared,
    desk: needs.desk,
    calls: needs.calls,
    administrators: new Set(config.administrators),
    clientConfig: clientConfigOf(config, needs.registry),
    health,
  })(app);
  app.get("/.well-known/matrix/client", async () => ({ "m.homeserver": { base_url: config.publicUrl } }));
  app.register(clientFiles(config.clientDir));
  return { app, media };
}

const clientConfigOf = ({ hospital, ...config }: Config, registry: Registry): ClientConfig => ({
  hospital: { name: hospital.name, address: hospital.address, emergencyNumber: hospital.emergencyNumber },
  serverName: config.serverName,
  bot: config.bot.userId,
  registryKey: registry.publicKey,
  registryName: registry.name,
  urgentPhones: hospital.urgentPhones,
  archive: config.dicomwebUrl !== undefined,
  calls: config.livekit !== undefined,
  consentRules: config.consentRules,
});
