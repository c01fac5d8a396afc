/** DeviceClasses: kinds of devices that claims may ask for. */
import type { DeviceClass } from "../../../protocol/kubernetes/generated/types.ts";
import { defineResource } from "../define.ts";
import { deviceClassErrors } from "./device-rules.ts";

export const deviceClasses = defineResource<DeviceClass>({
  group: "resource.k8s.io",
  version: "v1",
  kind: "DeviceClass",
  plural: "deviceclasses",
  schema: "io.k8s.api.resource.v1.DeviceClass",
  isNamespaced: false,
  hasGeneration: true,
  validate: deviceClassErrors,
});
