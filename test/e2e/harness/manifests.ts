/** Manifests that several tests use, as text that kubectl reads. */
export interface DeploymentManifest {
  name: string;
  replicas: number;
  image?: string;
  /** YAML lines of the Deployment's spec and of the pod template's spec. */
  spec?: string[];
  podSpec?: string[];
  container?: string[];
}

const indented = (lines: string[] | undefined, by: number) => (lines ?? []).map((line) => `\n${" ".repeat(by)}${line}`).join("");

export function deploymentManifest(options: DeploymentManifest): string {
  const { name, replicas, image = "my-app-image:1.0" } = options;
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
spec:
  replicas: ${replicas}
  selector:
    matchLabels:
      app: ${name}${indented(options.spec, 2)}
  template:
    metadata:
      labels:
        app: ${name}
    spec:
      terminationGracePeriodSeconds: 1${indented(options.podSpec, 6)}
      containers:
      - name: app
        image: ${image}${indented(options.container, 8)}
`;
}
