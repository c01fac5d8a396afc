/** A pod as charts write it: two containers, probes, resources, variables, volumes, a security context. Some 3 KB. */
export function typicalPod(name: string) {
  const variables = Array.from({ length: 8 }, (_, index) => ({ name: `VARIABLE_${index}`, value: "v".repeat(64) }));
  const fromSecret = { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "app", key: "password" } } };
  const fromField = { name: "POD_IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } };
  const probe = (path: string) => ({ httpGet: { path, port: "http" }, periodSeconds: 10, failureThreshold: 3 });
  const app = {
    name: "app",
    image: "registry.example.com/team/app:1.2.3",
    args: ["--listen=:8080", "--log-level=info"],
    env: [...variables, fromSecret, fromField],
    envFrom: [{ configMapRef: { name: "app" } }],
    ports: [{ name: "http", containerPort: 8080 }, { name: "metrics", containerPort: 9090 }],
    readinessProbe: probe("/ready"),
    livenessProbe: probe("/live"),
    lifecycle: { preStop: { exec: { command: ["sleep", "5"] } } },
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "1", memory: "512Mi" } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    volumeMounts: [{ name: "config", mountPath: "/etc/app", readOnly: true }, { name: "scratch", mountPath: "/tmp" }],
  };
  const sidecar = {
    name: "proxy",
    image: "registry.example.com/team/proxy:4.5.6",
    ports: [{ name: "proxy", containerPort: 15001 }],
    resources: { requests: { cpu: "10m", memory: "32Mi" } },
    volumeMounts: [{ name: "scratch", mountPath: "/tmp" }],
  };
  const terms = [{ matchExpressions: [{ key: "kubernetes.io/arch", operator: "In", values: ["amd64", "arm64"] }] }];
  const spec = {
    // Nobody schedules it: it costs nothing but its place.
    schedulerName: "nobody",
    initContainers: [{ name: "migrate", image: app.image, command: ["app", "migrate"], env: [fromSecret] }],
    containers: [app, sidecar],
    volumes: [{ name: "config", configMap: { name: "app" } }, { name: "scratch", emptyDir: { sizeLimit: "1Gi" } }],
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
    tolerations: [{ key: "dedicated", operator: "Equal", value: "app", effect: "NoSchedule" }],
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway", labelSelector: { matchLabels: { app: "app" } } }],
    securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 1000, seccompProfile: { type: "RuntimeDefault" } },
    terminationGracePeriodSeconds: 0,
  };
  const labels = { app: "app", "app.kubernetes.io/name": "app", "app.kubernetes.io/instance": "app", "app.kubernetes.io/version": "1.2.3" };
  return { apiVersion: "v1", kind: "Pod", metadata: { name, labels, annotations: { "prometheus.io/scrape": "true" } }, spec };
}
