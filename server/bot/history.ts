import type { Hall } from "./case-agent.ts";
import type { Http } from "./http.ts";
import { publishedKeys } from "./login.ts";
import { caseIdOf, isIn, standingOf } from "./rooms.ts";
import { shareHistory } from "./sdk-inside.ts";
import type { Session } from "./session.ts";

/** Tickets for key bundles, as the consent registry gives them. */
export type Tickets = {
  openTicket(roomId: string, invitee: string): Promise<string>;
  bindTicket(ticketId: string, mxc: string): Promise<void>;
};

export type History = Hall & {
  /** Hands the room's keys to a member again, for a device that came later. */
  shareAgain(roomId: string, userId: string): Promise<void>;
};

/** Handing over a room's keys (MSC4268), each bundle under a ticket that names who may fetch it. */
export function createHistory(parts: { session: Session; http: Http; tickets: Tickets }): History {
  const { session, http, tickets } = parts;
  const { client, crypto } = session;

  /** The bundle's address is bound before anybody is told of it, or the gateway would refuse the reader. */
  async function underTicket(roomId: string, userId: string, share: () => Promise<unknown>): Promise<void> {
    const ticket = await tickets.openTicket(roomId, userId);
    await http.withUploads((mxc) => tickets.bindTicket(ticket, mxc), share);
  }

  return {
    caseIdOf: (roomId) => {
      const room = client.getRoom(roomId);
      return room === null ? undefined : caseIdOf(room);
    },
    creatorOf: (roomId) => client.getRoom(roomId)?.getCreator() ?? undefined,
    standingOf: (roomId, userId) => {
      const room = client.getRoom(roomId);
      return isIn(room) ? standingOf(room, userId) : "gone";
    },
    isReady: async (userId) => {
      const keys = await publishedKeys(http, session.token, userId);
      return keys.hasIdentity && keys.hasSignedDevice;
    },
    inviteWithHistory: (roomId, userId) => underTicket(roomId, userId, () => client.invite(roomId, userId)),
    takeOut: async (roomId, userId) => void (await client.kick(roomId, userId)),
    shareAgain: (roomId, userId) => underTicket(roomId, userId, () => shareHistory(crypto, roomId, userId)),
  };
}
