/**
 * What a kind is to the API server. One file a kind, in the folder of its group (./core/pods.ts,
 * ./apps/deployments.ts, …), one table of all of them (./registry.ts): another kind costs one file and one line.
 * Everything here is pure: no clock, no storage, no HTTP.
 */
import type { ManagedFieldsEntry } from "../../protocol/kubernetes/generated/types.ts";
import type { KubernetesObject, Stored } from "../../protocol/kubernetes/object.ts";
import type { JsonSchema } from "./custom/json-schema.ts";
import type { Types } from "./custom/types.ts";
import type { DecodeResult } from "./decode.ts";
import type { InVersion } from "../fields/in-version.ts";
import type { Settings } from "../settings/settings.ts";
import type { LabelRequirement } from "../../protocol/selectors.ts";
import type { ObjectIndex, ObjectKey, Uses } from "../storage/store.ts";

/** One problem with one field, as `metav1.StatusCause` says it. `path` is `spec.containers[0].name`. */
export interface FieldError {
  reason: "FieldValueRequired" | "FieldValueInvalid" | "FieldValueForbidden" | "FieldValueNotSupported"
    | "FieldValueDuplicate" | "FieldValueTooLong" | "FieldValueTooMany" | "FieldValueTypeInvalid" | "FieldValueNotFound";
  path: string;
  /** Kubernetes' wording, e.g. `Invalid value: "x": must be …`. */
  message: string;
}

/** What a strategy may know of its surroundings. */
export interface RequestContext {
  /** Milliseconds since the epoch, taken once a request. */
  now: number;
  newUid(): string;
  /** Lower-case letters and digits as `generateName` uses them. */
  randomSuffix(length: number): string;
  user: { name: string; groups: string[]; uid?: string; extra?: Record<string, string[]> };
  config: { serviceCidr: string; clusterCidr: string; clusterDomain: string };
  /** What the cluster is set to; at most a second old where something is written. */
  settings: Settings;
  /** What was read for admission beside the settings, see ../registry/lookups.ts. */
  found?: ReadonlyMap<ObjectKey, Stored<KubernetesObject>>;
  /** Adds an annotation to the request's line in the audit log. Absent: it has none. */
  annotate?(key: string, value: string): void;
  /** Who writes, for `metadata.managedFields`. Absent: a component of kedge's own (../registry/managed-fields.ts). */
  fieldManager?: string;
  /** Of a custom kind with several versions: who owns what is told in the words of each, see ../fields/in-version.ts. */
  inVersion?: InVersion;
  /** Of an apply, which has worked out already who owns what. */
  managedFields?: ManagedFieldsEntry[];
}

export interface Column {
  name: string;
  type: "string" | "integer" | "date" | "boolean";
  format?: string;
  /** 0 is always shown, 1 with `-o wide`. */
  priority: number;
  description: string;
  cell(object: Stored<KubernetesObject>, now: number): string | number | boolean | null;
}

/** A subresource of the main object that has its own rules for what may change. */
export interface SubresourceStrategy<T> {
  /** Mutates `next` into what is to be stored: the old object with only that part taken from the new one. */
  prepareForUpdate(next: T, previous: Stored<T>, context: RequestContext): void;
  validateUpdate(next: T, previous: Stored<T>): FieldError[];
}

/**
 * Of a kind that is stored as another (events.k8s.io Events as those of the core group): the API decodes and shows the
 * one, everything between (planning, validation, selection, keys) works on the other.
 */
export interface Conversion {
  /** The stored kind, with the rules for who writes it through this one. */
  stored: Resource;
  /** Both may reuse parts of what they are given. */
  toStored(object: KubernetesObject): KubernetesObject;
  fromStored(object: KubernetesObject): KubernetesObject;
  /** Its own names of selectable fields, with the stored kind's. */
  fields: Record<string, string>;
}

export interface Resource<T extends KubernetesObject = KubernetesObject> {
  group: string;
  version: string;
  kind: string;
  listKind: string;
  /** `pods` */
  plural: string;
  singular: string;
  shortNames: string[];
  categories: string[];
  isNamespaced: boolean;
  /** Verbs it serves, discovery's order. */
  verbs: string[];
  /** Name of its schema in ./generated (OpenAPI's `io.k8s.api.core.v1.Pod`). */
  schema: string;
  conversion?: Conversion;
  custom?: CustomKind;
  scale?: Scaled;
  /** True: its validation compiles expressions. */
  usesCel?: true;
  /** False: its objects are questions, which are answered and not stored. */
  isStored?: false;
  /** Told with every answer, as a Warning header: what to use instead. */
  deprecation?: string;
  /** True: a PUT must name the resourceVersion that it is based upon. */
  needsResourceVersion?: boolean;
  /** True: a PUT to a name that is not there creates it. */
  isCreatedByUpdate?: boolean;
  /** True: every name that can stand in a path will do; else it is a DNS subdomain. */
  takesAnyName?: boolean;
  /** Fields that `metadata.generation` counts; absent: the kind has no generation. */
  hasGeneration: boolean;
  /** Defaults that the OpenAPI does not state; the stated ones are applied before. Mutates. */
  applyDefaults?(object: T): void;
  /** Clears what a client may not set (status, …) and fills what the server sets. Mutates. */
  prepareForCreate?(object: T, context: RequestContext): void;
  prepareForUpdate?(next: T, previous: Stored<T>, context: RequestContext): void;
  /** The hand-written rules, after the schema's own (types, required, formats) passed. */
  validate(object: T): FieldError[];
  /** Rules that only a new object has to keep. */
  validateCreate?(object: T): FieldError[];
  validateUpdate?(next: T, previous: Stored<T>): FieldError[];
  /** Warning headers; `previous` is what an update changes. */
  warnings?(object: T, previous?: Stored<T>): string[];
  subresources: { status?: SubresourceStrategy<T>; [name: string]: SubresourceStrategy<T> | undefined };
  columns: Column[];
  /** Beyond `metadata.name` and `metadata.namespace`. */
  selectableFields?(object: T): Record<string, string>;
  /** Terms, selector and settledness of the index; see ../controllers for what each controller needs. */
  terms?(object: T): string[];
  selector?(object: T): ObjectIndex["selector"];
  isSettled?(object: Stored<T>): boolean;
  /** What it uses of what its namespace's budgets bound. */
  uses?(object: T): Uses | undefined;
  /** Only of a budget, see BudgetPolicy in ../storage/store.ts. */
  limits?(object: T): Record<string, number>;
  covers?(object: T): LabelRequirement[];
  /** Values that only this object may hold. */
  claims?(object: T): { kind: string; value: string }[];
  /** How a DELETE ends it: pods get a grace period, most objects go at once. */
  graceSeconds?(object: Stored<T>, asked: number | undefined): number;
  defaultPropagation?: "Background" | "Orphan";
}

/** Of a kind that a CustomResourceDefinition makes: its own schema takes the place of the published one. */
export interface CustomKind {
  schema: JsonSchema;
  /** Name of the definition, without which nothing may be created. */
  definition: string;
  decode(value: unknown): DecodeResult<KubernetesObject>;
  /** The schema as types, the kind's own under its `schema`. */
  types: Types;
  /** Absent: what is stored is what is served, or ../conversion makes it so. May change what it is given. */
  fromStorage?<T extends KubernetesObject>(object: T): T;
  /** Drops what the schema does not know. Mutates. */
  prune(object: KubernetesObject): void;
  /** Absent: the definition has this one and never changed. */
  versions?: CustomVersions;
  /** What an object's index keeps for field selectors: the fields of every version. */
  indexedFields(object: KubernetesObject): Record<string, string>;
}

/**
 * The versions of a custom kind. Of a definition with several, each text ends with the `apiVersion` that it is in, see
 * ../registry/text.ts.
 */
export interface CustomVersions {
  /** All of them, served or not, by `apiVersion`. */
  byApiVersion: ReadonlyMap<string, Resource>;
  /** In which objects are stored now. */
  storage: string;
  /** True: objects may be there that were written when the definition was another one. */
  isChanged: boolean;
  /** In which a text is that does not say: it was stored when there was one version. */
  unmarked: string;
  /** Which texts of this version say; absent: there is one version. */
  mark?: string;
  /** Absent: versions differ in nothing but their name. */
  webhook?: ConversionWebhook;
}

export interface ConversionWebhook {
  clientConfig: { url?: string; service?: { namespace: string; name: string } };
  /** Versions of ConversionReview that it understands, best first. */
  reviewVersions: string[];
}

/** Where a kind keeps what its `scale` subresource shows; kinds of the table all keep it in the same place. */
export interface Scaled {
  /** `spec.replicas` */
  path: string;
  replicasOf(object: KubernetesObject): number | undefined;
  statusReplicasOf(object: KubernetesObject): number;
  /** As a label selector's text. */
  selectorOf(object: KubernetesObject): string;
  /** Mutates `object`, but nothing that is inside it. */
  setReplicas(object: KubernetesObject, replicas: number): void;
}

type Keyed = { group: string; plural: string; conversion?: Conversion };

/** `pods` or `deployments.apps`, as its objects are stored. */
export function resourceKey(served: Keyed): string {
  const resource = served.conversion?.stored ?? served;
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}

export function objectKey(resource: Keyed, namespace: string, name: string): ObjectKey {
  return `${resourceKey(resource)}/${namespace}/${name}`;
}
