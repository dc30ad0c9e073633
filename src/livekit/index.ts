/** The one door to livekit-client. Loaded when somebody calls, or is called: import its types alone from outside. */
export { createMediaRoom } from "./media-room.ts";
