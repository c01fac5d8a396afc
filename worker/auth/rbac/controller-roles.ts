/**
 * The roles of kube-controller-manager's controllers, each bound to the ServiceAccount in kube-system of its name. The
 * controllers here write as a part of the control plane and need none; others that run in a cluster under these names
 * do, and whoever looks for the roles finds them. Notation: ./default-policy.ts.
 */
export const controllerPrefix = "system:controller:";

const events = "create,update,patch core,events.k8s.io events";

export const controllerRoles = `
system:controller:attachdetach-controller
  list,watch core persistentvolumes,persistentvolumeclaims
  R core nodes
  patch,update core nodes/status
  list,watch core pods
  ${events}
  R,create,delete storage.k8s.io volumeattachments
  R storage.k8s.io csidrivers
  R storage.k8s.io csinodes
system:controller:certificate-controller
  R,delete certificates.k8s.io certificatesigningrequests
  update certificates.k8s.io certificatesigningrequests/approval,certificatesigningrequests/status
  approve certificates.k8s.io signers kubernetes.io/kube-apiserver-client-kubelet
  sign certificates.k8s.io signers kubernetes.io/kube-apiserver-client,kubernetes.io/kube-apiserver-client-kubelet,kubernetes.io/kubelet-serving,kubernetes.io/legacy-unknown
  create authorization.k8s.io subjectaccessreviews
  ${events}
system:controller:clusterrole-aggregation-controller
  R,escalate,patch,update rbac.authorization.k8s.io clusterroles
system:controller:cronjob-controller
  R,update batch cronjobs
  R,create,delete,patch,update batch jobs
  update batch cronjobs/status
  update batch cronjobs/finalizers
  list,watch,delete core pods
  ${events}
system:controller:daemon-set-controller
  R apps,extensions daemonsets
  update apps,extensions daemonsets/status
  update apps,extensions daemonsets/finalizers
  list,watch core nodes
  list,watch,create,delete,patch core pods
  create core pods/binding
  R,create,delete,patch,update apps controllerrevisions
  ${events}
system:controller:deployment-controller
  R,update apps,extensions deployments
  update apps,extensions deployments/status
  update apps,extensions deployments/finalizers
  R,create,delete,patch,update apps,extensions replicasets
  R,update core pods
  ${events}
system:controller:disruption-controller
  R apps,extensions deployments
  R apps,extensions replicasets
  R core replicationcontrollers
  R policy poddisruptionbudgets
  R apps statefulsets
  update policy poddisruptionbudgets/status
  patch,update core pods/status
  get * */scale
  ${events}
system:controller:endpoint-controller
  R core services,pods
  R,create,delete,update core endpoints
  create core endpoints/restricted
  ${events}
system:controller:endpointslice-controller
  R core services,pods,nodes
  update core services/finalizers
  R,create,delete,update discovery.k8s.io endpointslices
  ${events}
system:controller:endpointslicemirroring-controller
  R core services,endpoints
  update core services/finalizers
  update core endpoints/finalizers
  R,create,delete,update discovery.k8s.io endpointslices
  ${events}
system:controller:ephemeral-volume-controller
  R core pods
  update core pods/finalizers
  R,create core persistentvolumeclaims
  ${events}
system:controller:expand-controller
  R,patch,update core persistentvolumes
  patch,update core persistentvolumeclaims/status
  R core persistentvolumeclaims
  ${events}
system:controller:generic-garbage-collector
  R,delete,patch,update * *
  ${events}
system:controller:horizontal-pod-autoscaler
  R autoscaling horizontalpodautoscalers
  update autoscaling horizontalpodautoscalers/status
  get,update * */scale
  list,watch core pods
  list,watch metrics.k8s.io pods
  R custom.metrics.k8s.io *
  R external.metrics.k8s.io *
  ${events}
system:controller:job-controller
  R,patch,update batch jobs
  update batch jobs/status
  update batch jobs/finalizers
  list,watch,create,delete,patch core pods
  ${events}
system:controller:legacy-service-account-token-cleaner
  get core configmaps kube-apiserver-legacy-service-account-token-tracking
  delete,patch core secrets
system:controller:namespace-controller
  R,delete core namespaces
  update core namespaces/finalize,namespaces/status
  R,delete,deletecollection * *
system:controller:node-controller
  R,delete,patch,update core nodes
  patch,update core nodes/status
  patch,update core pods/status
  R,delete core pods
  ${events}
system:controller:persistent-volume-binder
  R,create,delete,update core persistentvolumes
  update core persistentvolumes/status
  R,update core persistentvolumeclaims
  update core persistentvolumeclaims/status
  R,create,delete core pods
  R storage.k8s.io storageclasses
  list,watch core nodes
  ${events}
  watch core events
system:controller:pod-garbage-collector
  list,watch,delete core pods
  R core nodes
  patch core pods/status
system:controller:pv-protection-controller
  R,update core persistentvolumes
  ${events}
system:controller:pvc-protection-controller
  R,update core persistentvolumeclaims
  R core pods
  ${events}
system:controller:replicaset-controller
  R,update apps,extensions replicasets
  update apps,extensions replicasets/status
  update apps,extensions replicasets/finalizers
  list,watch,create,delete,patch core pods
  ${events}
system:controller:replication-controller
  R,update core replicationcontrollers
  update core replicationcontrollers/status
  update core replicationcontrollers/finalizers
  list,watch,create,delete,patch core pods
  ${events}
system:controller:resource-claim-controller
  R core pods
  update core pods/finalizers
  R,create,delete resource.k8s.io resourceclaims
  patch,update resource.k8s.io resourceclaims,resourceclaims/status
  patch,update core pods/status
  ${events}
system:controller:resourcequota-controller
  list,watch * *
  update core resourcequotas/status
  ${events}
system:controller:root-ca-cert-publisher
  create,update core configmaps
  ${events}
system:controller:route-controller
  list,watch core nodes
  patch core nodes/status
  ${events}
system:controller:selinux-warning-controller
  ${events}
  R core persistentvolumes
  R core persistentvolumeclaims
  R core pods
  R storage.k8s.io csidrivers
system:controller:service-account-controller
  create core serviceaccounts
  ${events}
system:controller:service-cidrs-controller
  R,patch,update networking.k8s.io servicecidrs
  patch,update networking.k8s.io servicecidrs/finalizers
  patch,update networking.k8s.io servicecidrs/status
  R networking.k8s.io ipaddresses
  ${events}
system:controller:service-controller
  R core services
  patch,update core services/status
  list,watch core nodes
  ${events}
system:controller:statefulset-controller
  list,watch core pods
  R apps statefulsets
  update apps statefulsets/status
  update apps statefulsets/finalizers
  get,create,delete,patch,update core pods
  R,create,delete,patch,update apps controllerrevisions
  R,create core persistentvolumeclaims
  delete,update core persistentvolumeclaims
  update core pods/finalizers
  ${events}
system:controller:ttl-after-finished-controller
  R,delete batch jobs
  ${events}
system:controller:ttl-controller
  list,watch,patch,update core nodes
  ${events}
system:controller:validatingadmissionpolicy-status-controller
  R admissionregistration.k8s.io validatingadmissionpolicies
  get,patch,update admissionregistration.k8s.io validatingadmissionpolicies/status
  ${events}
system:controller:volumeattributesclass-protection-controller
  R core persistentvolumeclaims
  R core persistentvolumes
  R,update storage.k8s.io volumeattributesclasses
  ${events}
`;

/** In kube-system, unless another namespace stands in front. */
export const namespacedRoles = `
extension-apiserver-authentication-reader
  R core configmaps extension-apiserver-authentication
system:controller:bootstrap-signer
  R core secrets
system:controller:cloud-provider
  R,create core configmaps
system:controller:token-cleaner
  R,delete core secrets
  ${events}
system::leader-locking-kube-controller-manager
  watch core configmaps
  get,update core configmaps kube-controller-manager
system::leader-locking-kube-scheduler
  watch core configmaps
  get,update core configmaps kube-scheduler
kube-public/system:controller:bootstrap-signer
  R core configmaps
  update core configmaps cluster-info
  ${events}
`;
