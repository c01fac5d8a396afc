import type { Status } from "./status.ts";

/**
 * Streams into a pod (exec, attach, logs, port-forward) through the agent's outbound connection. The hub names the
 * session in a poll's answer; the agent dials back a WebSocket to `/kedge/v1/sessions/{id}`; the Session Durable
 * Object joins it to the client's. An id works once, for the node, pod, container and verb it was made for.
 *
 * What flows in binary messages, both ways:
 * - exec, attach: the frames of Kubernetes' `v5.channel.k8s.io`: one byte channel (0 stdin, 1 stdout, 2 stderr,
 *   3 error: a `Status` as JSON, 4 resize: `{"Width":n,"Height":n}`, 255 close: the byte of the channel that ends), then data.
 * - portforward: bytes of one SPDY/3.1 connection (`portforward.k8s.io`), which the agent ends.
 * - logs: bytes of the answer's body, agent to client only.
 *
 * Text messages are control. The agent's first message is a text message: `{"ready": true}`, or `{"error": Status}`,
 * which refuses the session. `{"credit": n}` allows the other end n more bytes of binary messages (1 MiB to start
 * with, each way). Either end closes with 1000 when it is done; another code means that the stream was cut.
 */
export interface SessionControl {
  ready?: true;
  error?: Status;
  credit?: number;
}

export interface SessionRequest {
  id: string;
  verb: "exec" | "attach" | "logs" | "portforward";
  namespace: string;
  pod: string;
  uid: string;
  /** Absent for portforward. */
  container?: string;
  /** exec */
  command?: string[];
  stdin?: boolean;
  stdout?: boolean;
  stderr?: boolean;
  tty?: boolean;
  /** logs: Kubernetes' PodLogOptions. */
  follow?: boolean;
  previous?: boolean;
  timestamps?: boolean;
  tailLines?: number;
  limitBytes?: number;
  sinceSeconds?: number;
  sinceTime?: string;
}

export const initialCreditBytes = 1024 * 1024;
