/** DefaultIngressClass: an Ingress that says nothing of a class gets the newest of those that are marked as the default. */
import type { Ingress, IngressClass } from "../../../protocol/kubernetes/generated/types.ts";
import { derived } from "../../settings/settings.ts";
import { newestDefault } from "./newest-default.ts";
import type { Plugin } from "./plugin.ts";

const classes = "ingressclasses.networking.k8s.io";
const legacyAnnotation = "kubernetes.io/ingress.class";

const defaultClass = derived([classes], (settings) => newestDefault(settings.list<IngressClass>(classes), ["ingressclass.kubernetes.io/is-default-class"]));

export const defaultIngressClass: Plugin = {
  name: "DefaultIngressClass",
  resources: ["ingresses.networking.k8s.io"],
  mutate({ operation, object, context }) {
    const ingress = object as Ingress;
    const isSaid = ingress.spec?.ingressClassName !== undefined || ingress.metadata?.annotations?.[legacyAnnotation] !== undefined;
    if (operation !== "CREATE" || isSaid) return;
    const name = defaultClass(context.settings);
    if (name !== undefined) ingress.spec = { ...ingress.spec, ingressClassName: name };
  },
};
