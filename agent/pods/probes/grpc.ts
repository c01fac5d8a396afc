/** The gRPC health protocol (grpc.health.v1.Health/Check). */
import type { GRPCAction } from "../../../protocol/kubernetes/generated/types.ts";
import { Client, Metadata, credentials } from "@grpc/grpc-js";
import { int32, message, string } from "../../runtime/cri/protobuf.ts";
import type { ProbeOutcome } from "./check.ts";

const healthRequest = message({ service: string(1) });
const healthResponse = message({ status: int32(1) });
const serving = 1;

export async function checkGrpc(host: string, { port, service = "" }: GRPCAction, timeoutMs: number): Promise<ProbeOutcome> {
  const client = new Client(`${host}:${port}`, credentials.createInsecure());
  const { promise, resolve } = Promise.withResolvers<ProbeOutcome>();
  client.makeUnaryRequest(
    "/grpc.health.v1.Health/Check",
    (value: { service: string }) => Buffer.from(healthRequest.encode(value)),
    (bytes) => healthResponse.decode(bytes),
    { service },
    new Metadata(),
    { deadline: Date.now() + timeoutMs },
    (error, answer) => {
      if (error !== null) resolve({ isSuccess: false, output: `error: health rpc probe failed: ${error.details}` });
      else if (answer?.status === serving) resolve({ isSuccess: true });
      else resolve({ isSuccess: false, output: `service unhealthy (responded with "${answer?.status ?? 0}")` });
    },
  );
  const outcome = await promise;
  client.close();
  return outcome;
}
