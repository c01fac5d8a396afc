/** Event objects. */
import type { Event } from "../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "./define.ts";

export const events = defineResource<Event>({
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  schema: "io.k8s.api.core.v1.Event",
});
