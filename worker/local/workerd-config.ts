/**
 * workerd's configuration of a local cluster: the Worker, the platform around it (./platform.worker.mjs, with
 * Miniflare's D1), disks for both, and two sockets.
 *
 * Why not Miniflare itself: its parent process alone is resident with 227 MB (against 300 MB for the whole control
 * plane), and it cannot hand V8's flags to workerd, which the bound of an isolate's memory needs. What Miniflare is
 * used for is what it adds to workerd: D1, as the modules that its package ships. Tests run in Miniflare proper.
 */
export interface WorkerdConfigOptions {
  /** Absolute paths of modules; workerd reads them when it starts. */
  worker: string;
  /** Folder of `platform.worker.mjs` and `unchecked-zod.worker.mjs`. */
  platform: string;
  /** Folder of Miniflare's own workers (`miniflare/dist/src/workers`). */
  miniflareWorkers: string;
  compatibilityDate: string;
  compatibilityFlags: string[];
  durableObjects: { binding: string; className: string }[];
  d1Binding: string;
  /** Bindings with their values in the file. */
  variables: Record<string, string>;
  /** Bindings whose values come from workerd's environment. */
  secrets: string[];
  /** PEM. The key stands in the file, as workerd takes it from nowhere else. Absent: the API speaks plain HTTP. */
  tls?: { certificateChain: string; privateKey: string };
  storage: { d1: string; objects: string };
  v8Flags: string[];
}

export const apiSocket = "api";
export const maintenanceSocket = "maintenance";

/** Cap'n Proto's text form has C's strings; JSON's escapes are among them. */
const quoted = (text: string) => JSON.stringify(text);
const listed = (items: string[]) => `[\n${items.map((item) => `    ${item},\n`).join("")}  ]`;
const d1Database = "kedge";

export function workerdConfig(options: WorkerdConfigOptions): string {
  return `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  v8Flags = [${options.v8Flags.map(quoted).join(", ")}],
  services = [
    (name = "kedge", worker = .kedge),
    (name = "platform", worker = .platform),
    (name = "d1:disk", disk = (path = ${quoted(options.storage.d1)}, writable = true)),
    (name = "objects:disk", disk = (path = ${quoted(options.storage.objects)}, writable = true)),
    (name = "internet", network = (allow = [${reachable(options.variables)}], tlsOptions = (trustBrowserCas = true))),
  ],
  sockets = [
    (name = "${apiSocket}", ${protocolOf(options.tls)}, service = "kedge"),
    (name = "${maintenanceSocket}", http = (), service = "platform"),
  ],
  extensions = [(modules = [
    (name = "miniflare:shared", esModule = embed ${quoted(`${options.miniflareWorkers}/shared/index.worker.js`)}),
    (name = "miniflare:zod", esModule = embed ${quoted(`${options.platform}/unchecked-zod.worker.mjs`)}),
  ])],
);

const kedge :Workerd.Worker = (
  modules = [(name = "kedge.mjs", esModule = embed ${quoted(options.worker)})],
  compatibilityDate = ${quoted(options.compatibilityDate)},
  compatibilityFlags = [${options.compatibilityFlags.map(quoted).join(", ")}],
  bindings = ${listed(bindingsOf(options))},
  durableObjectNamespaces = ${listed(options.durableObjects.map(namespaceOf))},
  durableObjectStorage = (localDisk = "objects:disk"),
);

const platform :Workerd.Worker = (
  modules = [
    (name = "platform.worker.mjs", esModule = embed ${quoted(`${options.platform}/platform.worker.mjs`)}),
    (name = "entry.worker.js", esModule = embed ${quoted(`${options.miniflareWorkers}/d1/entry.worker.js`)}),
    (name = "database.worker.js", esModule = embed ${quoted(`${options.miniflareWorkers}/d1/database.worker.js`)}),
  ],
  compatibilityDate = "2023-07-24",
  compatibilityFlags = ["nodejs_compat", "experimental", "enhanced_error_serialization", "service_binding_extra_handlers"],
  bindings = [
    (name = "KEDGE", service = "kedge"),
    ${d1BindingOf("DB")},
    (name = "MINIFLARE_OBJECT", durableObjectNamespace = "D1DatabaseObject"),
    (name = "MINIFLARE_BLOBS", service = "d1:disk"),
  ],
  durableObjectNamespaces = [(className = "D1DatabaseObject", uniqueKey = "miniflare-D1DatabaseObject")],
  durableObjectStorage = (localDisk = "d1:disk"),
);
`;
}

/** Of the networks: names are resolved here, so that none of a private address is called unless private ones are wanted. */
function reachable({ WEBHOOK_ALLOW_PRIVATE: allowed = "" }: Record<string, string>): string {
  return (allowed === "" ? ["public"] : ["public", "private"]).map(quoted).join(", ");
}

/** HTTP/1.1 only: the API's clients upgrade to WebSocket for exec and port-forward. */
function protocolOf(tls: WorkerdConfigOptions["tls"]): string {
  if (tls === undefined) return "http = ()";
  const keypair = `(privateKey = ${quoted(tls.privateKey)}, certificateChain = ${quoted(tls.certificateChain)})`;
  return `https = (options = (), tlsOptions = (keypair = ${keypair}, minVersion = tls1Dot2))`;
}

function bindingsOf(options: WorkerdConfigOptions): string[] {
  return [
    d1BindingOf(options.d1Binding),
    ...options.durableObjects.map(
      ({ binding, className }) => `(name = ${quoted(binding)}, durableObjectNamespace = ${quoted(className)})`,
    ),
    ...Object.entries(options.variables).map(([name, value]) => `(name = ${quoted(name)}, text = ${quoted(value)})`),
    ...options.secrets.map((name) => `(name = ${quoted(name)}, fromEnvironment = ${quoted(name)})`),
  ];
}

function namespaceOf({ className }: { className: string }): string {
  return `(className = ${quoted(className)}, uniqueKey = ${quoted(`kedge-${className}`)}, enableSql = true)`;
}

function d1BindingOf(name: string): string {
  const props = quoted(JSON.stringify({ MINIFLARE_NAMESPACE: d1Database }));
  const fetcher = `(name = "fetcher", service = (name = "platform", entrypoint = "D1Entry", props = (json = ${props})))`;
  return `(name = ${quoted(name)}, wrapped = (moduleName = "cloudflare-internal:d1-api", innerBindings = [${fetcher}]))`;
}
