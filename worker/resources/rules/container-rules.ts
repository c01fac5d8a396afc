/** Rules of containers (pkg/apis/core/validation: validateContainers). */
import type { Container, PodSpec, VolumeMount } from "../../../protocol/kubernetes/generated/types.ts";
import { resourcesErrors } from "./container-resources-rules.ts";
import { envErrors, envFromErrors } from "./env-rules.ts";
import { duplicate, duplicatesAt, forbidden, invalid, invalidFor, notFound, notSupported, oneOf, required } from "./field-errors.ts";
import { dns1123LabelErrors, portNameErrors, portNumberErrors } from "./names.ts";
import { portErrors, protocols } from "./port-rules.ts";
import { handlerErrors, probeErrors, type ProbeKind } from "./probe-rules.ts";
import type { FieldError } from "../resource.ts";

export function containersErrors(path: string, spec: PodSpec): FieldError[] {
  const volumes = new Set((spec.volumes ?? []).map(({ name }) => name));
  const containers = spec.containers ?? []; // required by the type, absent in what is still to be validated
  const { initContainers = [] } = spec;
  if (containers.length === 0) return [required(`${path}.containers`)];
  const names = (list: Container[]): string[] => list.map(({ name }) => name);
  return [
    ...containers.flatMap((container, at) => containerErrors(`${path}.containers[${at}]`, container, volumes)),
    ...duplicatesAt(containers, ({ name }) => name, (at) => `${path}.containers[${at}].name`),
    ...initContainers.flatMap((container, at) => initContainerErrors(`${path}.initContainers[${at}]`, container, volumes)),
    ...duplicatesAt([...names(containers), ...names(initContainers)], (name) => name, (at) => `${path}.initContainers[${at - containers.length}].name`)
      .filter((error) => !error.path.includes("[-")),
    ...hostPortErrors(path, spec),
  ];
}

const probeKinds: ProbeKind[] = ["livenessProbe", "readinessProbe", "startupProbe"];

function initContainerErrors(path: string, container: Container, volumes: Set<string>): FieldError[] {
  const policy = container.restartPolicy;
  const errors = containerErrors(path, container, volumes);
  if (policy === "Always") return errors;
  if (policy !== undefined) errors.push(notSupported(`${path}.restartPolicy`, policy, ["Always"]));
  const withoutSidecar = "may not be set for init containers without restartPolicy=Always";
  const present = (["lifecycle", ...probeKinds] as const).filter((field) => container[field] !== undefined);
  return [...errors, ...present.map((field) => forbidden(`${path}.${field}`, withoutSidecar))];
}

function containerErrors(path: string, container: Container, volumes: Set<string>): FieldError[] {
  const { name, image = "", imagePullPolicy, terminationMessagePolicy, lifecycle } = container;
  return [
    ...(name === "" ? [required(`${path}.name`)] : invalidFor(`${path}.name`, name, dns1123LabelErrors(name))),
    ...imageErrors(`${path}.image`, image),
    ...oneOf(`${path}.imagePullPolicy`, imagePullPolicy, ["Always", "IfNotPresent", "Never"]),
    ...oneOf(`${path}.terminationMessagePolicy`, terminationMessagePolicy, ["FallbackToLogsOnError", "File"]),
    ...portsErrors(`${path}.ports`, container.ports),
    ...envErrors(`${path}.env`, container.env),
    ...envFromErrors(`${path}.envFrom`, container.envFrom),
    ...mountsErrors(`${path}.volumeMounts`, container.volumeMounts, volumes),
    ...probeKinds.flatMap((kind) => probeErrors(`${path}.${kind}`, kind, container[kind])),
    ...(lifecycle?.postStart === undefined ? [] : handlerErrors(`${path}.lifecycle.postStart`, lifecycle.postStart)),
    ...(lifecycle?.preStop === undefined ? [] : handlerErrors(`${path}.lifecycle.preStop`, lifecycle.preStop)),
    ...resourcesErrors(`${path}.resources`, container.resources),
  ];
}

export function imageErrors(path: string, image: string): FieldError[] {
  if (image === "") return [required(path)];
  return image.trim() === image ? [] : [invalid(path, image, "must not have leading or trailing whitespace")];
}

function portsErrors(path: string, ports: Container["ports"]): FieldError[] {
  const each = (ports ?? []).flatMap((port, at) => {
    const place = `${path}[${at}]`;
    return [
      ...(port.name ? invalidFor(`${place}.name`, port.name, portNameErrors(port.name)) : []),
      ...(port.containerPort === 0 ? [required(`${place}.containerPort`)] : portErrors(`${place}.containerPort`, port.containerPort)),
      ...(port.hostPort ? invalidFor(`${place}.hostPort`, port.hostPort, portNumberErrors(port.hostPort)) : []),
      ...oneOf(`${place}.protocol`, port.protocol, protocols),
    ];
  });
  return [...each, ...duplicatesAt(ports ?? [], ({ name }) => name, (at) => `${path}[${at}].name`)];
}

/** A port of the host goes to one container only; on the host's network it is the container's own. */
function hostPortErrors(path: string, { containers, hostNetwork }: PodSpec): FieldError[] {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [at, container] of containers.entries()) {
    for (const [index, port] of (container.ports ?? []).entries()) {
      if (!port.hostPort) continue;
      const place = `${path}.containers[${at}].ports[${index}]`;
      const id = `${port.protocol ?? "TCP"}/${port.hostIP ?? ""}/${port.hostPort}`;
      if (seen.has(id)) errors.push(duplicate(`${place}.hostPort`, id));
      seen.add(id);
      if (hostNetwork === true && port.hostPort !== port.containerPort) {
        errors.push(invalid(`${place}.containerPort`, port.containerPort, "must match `hostPort` when `hostNetwork` is true"));
      }
    }
  }
  return errors;
}

function mountsErrors(path: string, mounts: VolumeMount[] | undefined, volumes: Set<string>): FieldError[] {
  const paths = new Set<string>();
  return (mounts ?? []).flatMap(({ name, mountPath, subPath }, at) => {
    const place = `${path}[${at}]`;
    const errors: FieldError[] = [];
    if (name === "") errors.push(required(`${place}.name`));
    else if (!volumes.has(name)) errors.push(notFound(`${place}.name`, name));
    if (mountPath === "") errors.push(required(`${place}.mountPath`));
    else if (paths.has(mountPath)) errors.push(invalid(`${place}.mountPath`, mountPath, "must be unique"));
    paths.add(mountPath);
    return subPath ? [...errors, ...innerPathErrors(`${place}.subPath`, subPath)] : errors;
  });
}

/** A path that stays inside of what it is relative to. */
export function innerPathErrors(path: string, value: string): FieldError[] {
  const errors = value.startsWith("/") ? [invalid(path, value, "must be a relative path")] : [];
  return value.split("/").includes("..") ? [...errors, invalid(path, value, "must not contain '..'")] : errors;
}
