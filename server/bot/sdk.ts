/** Everything of the SDK that the archivist uses as a value. Other files import it from here, so that the silence comes first. */
import "./sdk-quiet.ts";

export {
  ClientEvent,
  createClient,
  Direction,
  Filter,
  HttpApiEvent,
  KnownMembership,
  MatrixError,
  MatrixEvent,
  Method,
  RoomEvent,
  SyncState,
} from "matrix-js-sdk";
export { DecryptionError } from "matrix-js-sdk/lib/common-crypto/CryptoBackend.js";
export {
  AllDevicesIsolationMode,
  DecryptionFailureCode,
  decodeRecoveryKey,
  EventShieldColour,
  OnlySignedDevicesIsolationMode,
} from "matrix-js-sdk/lib/crypto-api/index.js";
