// LiveKit's own worker, as a script of ours: it encrypts and decrypts every frame, away from the page's thread.
import "livekit-client/e2ee-worker";
