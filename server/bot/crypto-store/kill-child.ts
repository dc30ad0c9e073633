/** Run by the test as a process of its own, to be killed while it writes. Says each finished encryption on its standard output. */
import {
  DeviceId,
  EncryptionSettings,
  initAsync,
  OlmMachine,
  RoomId,
  StoreHandle,
  UserId,
} from "@matrix-org/matrix-sdk-crypto-wasm";
import { openCryptoStore } from "./index.ts";

const [path = "", rounds = "0"] = process.argv.slice(2);
const store = await openCryptoStore(path, (error) => {
  throw error;
});
await initAsync();
const handle = await StoreHandle.openWithKey("bot::matrix-sdk-crypto", new Uint8Array(32).fill(7));
const machine = await OlmMachine.initFromStore(new UserId("@archiviste:h"), new DeviceId("BOT"), handle);
const say = (line: object): unknown => process.stdout.write(`${JSON.stringify(line)}\n`);
say({ ed25519: machine.identityKeys.ed25519.toBase64(), wasEmpty: store.isEmpty });

for (let at = 0; at < Number(rounds); at++) {
  const room = new RoomId(`!room${process.pid}-${at}:h`);
  await machine.shareRoomKey(new RoomId(room.toString()), [], new EncryptionSettings());
  say({
    ciphertext: await machine.encryptRoomEvent(room, "m.room.message", JSON.stringify({ body: `${at}` })),
  });
}
say({ sessions: JSON.parse(await machine.exportRoomKeys(() => true)).length });
machine.close();
await store[Symbol.asyncDispose]();
