/** The kubeconfig of a local cluster, for the admin. */
export function kubeconfigText(options: { server: string; ca: string; token: string }): string {
  return `apiVersion: v1
kind: Config
current-context: kedge
clusters:
- name: kedge
  cluster:
    server: ${options.server}
    certificate-authority-data: ${Buffer.from(options.ca).toString("base64")}
users:
- name: kedge-admin
  user:
    token: ${options.token}
contexts:
- name: kedge
  context:
    cluster: kedge
    user: kedge-admin
    namespace: default
`;
}
