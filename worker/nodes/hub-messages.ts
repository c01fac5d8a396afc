/** What the hub and the Worker that holds an agent's poll say to each other over their WebSocket, as JSON. */
import type { SessionRequest } from "../../protocol/session.ts";

export type HubMessage =
  | {
      type: "hello";
      clusterUid: string;
      /** Up to this revision something changed for the node; an agent that is this far needs no look into the store. */
      news: number;
      sessions: SessionRequest[];
      /** The node had been given up. */
      hasReturned: boolean;
      /** The store was not read for this node in a long while: read it, whatever `news` says. */
      mustVerify: boolean;
    }
  | { type: "news"; revision: number }
  | { type: "sessions"; sessions: SessionRequest[] }
  /** The Node was deleted while its agent lives: the agent is to report everything, which registers it again. */
  | { type: "report" }
  /** A newer poll or session of this node took over; `isFenced`: this agent is a clone and must stop. */
  | { type: "superseded"; isFenced: boolean }
  /** The agent's key was revoked or replaced. */
  | { type: "revoked" };

export type PollMessage =
  /** These travel in the answer: offer them to no other poll. */
  | { type: "took"; sessions: string[] }
  | { type: "verified" };
