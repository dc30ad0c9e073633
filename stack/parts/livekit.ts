import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { livekitBinary, livekitInstaller } from "../install.ts";
import { answers, type Part } from "./part.ts";

/** The media server of the calls; on this machine only. */
export const livekit: Part = {
  name: "livekit",
  label: "LiveKit (calls)",
  installer: livekitInstaller,
  startMs: 30_000,
  launch({ folders, ports, secrets, publicUrl }) {
    const home = join(folders.data, "livekit");
    mkdirSync(home, { recursive: true, mode: 0o700 });
    const config = {
      port: ports.livekit,
      bind_addresses: ["127.0.0.1"],
      rtc: {
        tcp_port: ports.livekitTcp,
        udp_port: ports.livekitUdp,
        node_ip: "127.0.0.1",
        use_external_ip: false,
        enable_loopback_candidate: true,
      },
      // Only the token service opens rooms, after it checked who asks.
      room: { auto_create: false },
      keys: { [secrets.livekitKey]: secrets.livekitSecret },
      // It tells our server who came and went.
      webhook: { api_key: secrets.livekitKey, urls: [`${publicUrl}/colloque/v1/calls/sfu_webhook`] },
      logging: { level: "info" },
    };
    const file = join(home, "livekit.yaml");
    writeFileSync(file, JSON.stringify(config, null, 2), { mode: 0o600 });
    return { command: livekitBinary(), args: ["--config", file], cwd: home };
  },
  isReady: ({ ports }) => answers(`http://127.0.0.1:${ports.livekit}/`),
};
