import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { codeOf, StackFailure } from "./failure.ts";

/** The ports of one profile, all derived from the first. */
export interface Ports {
  readonly gateway: number;
  readonly fhir: number;
  readonly dicomweb: number;
  readonly livekit: number;
  readonly livekitTcp: number;
  readonly livekitUdp: number;
}

const portBases: Readonly<Record<string, number>> = {
  demo: 7420,
  e2e: 7520,
  bench: 7620,
  shots: 7820,
  homeserver: 7920,
  template: 8020,
  federation: 8120,
  "second-record": 8220,
  chaos: 8320,
  apart: 8420,
};

/**
 * First port of a profile; profiles of one's own start at 7720 unless told otherwise. COLLOQUE_PORT_OFFSET moves them all, for two checkouts
 * on one machine.
 */
export const portBaseOf = (profile: string): number =>
  (portBases[profile] ?? 7720) + Number(process.env.COLLOQUE_PORT_OFFSET ?? 0);

export const portsFrom = (base: number): Ports => ({
  gateway: base,
  fhir: base + 1,
  dicomweb: base + 2,
  livekit: base + 10,
  livekitTcp: base + 11,
  livekitUdp: base + 12,
});

/** Says which part can't have its port, before anything starts. */
export async function checkPorts(ports: Ports): Promise<void> {
  const wanted: readonly (readonly [number, string])[] = [
    [ports.gateway, "the Colloque server"],
    [ports.fhir, "the record (HAPI FHIR)"],
    [ports.dicomweb, "the DICOM archive (Orthanc)"],
    [ports.livekit, "the calls (LiveKit)"],
    [ports.livekitTcp, "the calls (LiveKit)"],
  ];
  const checks = wanted.map(async ([port, part]) => ((await isTcpFree(port)) ? undefined : { port, part }));
  const taken = (await Promise.all(checks)).filter((found) => found !== undefined);
  if (!(await isUdpFree(ports.livekitUdp)))
    taken.push({ port: ports.livekitUdp, part: "the calls (LiveKit)" });
  const [first] = taken;
  if (first === undefined) return;
  throw new StackFailure(
    `Port ${first.port}, which ${first.part} needs, is in use by another program: ` +
      "stop that program, or choose other ports with: npm start -- --port-base 8420",
  );
}

async function isTcpFree(port: number): Promise<boolean> {
  for (const host of ["127.0.0.1", "0.0.0.0", "::"]) {
    if (!(await canListen(port, host))) return false;
  }
  return true;
}

const canListen = (port: number, host: string): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer();
    // A machine without IPv6 is not a port in use.
    server.once("error", (error) => done(codeOf(error) !== "EADDRINUSE"));
    server.listen({ port, host, exclusive: true }, () => server.close(() => done(true)));
  });

const isUdpFree = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = createSocket("udp4");
    socket.once("error", () => done(false));
    socket.bind(port, () => socket.close(() => done(true)));
  });
