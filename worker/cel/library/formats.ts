/** `format.dns1123Label().validate(text)`. https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-format-library */
import { Optional, type Environment } from "@marcbachmann/cel-js";
import { dns1035LabelErrors, dns1123LabelErrors, dns1123SubdomainErrors, labelValueErrors, qualifiedNameErrors } from "../../resources/rules/names.ts";

const type = "kubernetes.NamedFormat";
const space = "kubernetes.Formats";

class NamedFormat {
  readonly name: string;
  readonly errors: (text: string) => string[];

  constructor(name: string, errors: (text: string) => string[]) {
    this.name = name;
    this.errors = errors;
  }
}

class Formats {}

const asPrefix = (errors: (text: string) => string[]) => (text: string) => errors(text.endsWith("-") ? `${text.slice(0, -1)}a` : text);
const byPattern = (pattern: RegExp, error: string) => (text: string) => (pattern.test(text) ? [] : [error]);

const formats: Record<string, (text: string) => string[]> = {
  dns1123Label: dns1123LabelErrors,
  dns1123Subdomain: dns1123SubdomainErrors,
  dns1035Label: dns1035LabelErrors,
  qualifiedName: qualifiedNameErrors,
  labelValue: labelValueErrors,
  dns1123LabelPrefix: asPrefix(dns1123LabelErrors),
  dns1123SubdomainPrefix: asPrefix(dns1123SubdomainErrors),
  dns1035LabelPrefix: asPrefix(dns1035LabelErrors),
  uri: byPattern(/^[A-Za-z][A-Za-z0-9+.-]*:\S+$|^\/\S*$/, "invalid URI for request"),
  uuid: byPattern(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i, "does not match the UUID format"),
  byte: byPattern(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, "invalid base64"),
  date: (text) => (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) ? [] : ["invalid date"]),
  datetime: (text) => (/^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)) ? [] : ["invalid datetime"]),
};

export function registerFormats(environment: Environment): void {
  environment
    .registerType(type, NamedFormat)
    .registerType(space, Formats)
    .registerConstant("format", space, new Formats())
    .registerFunction(`${space}.named(string): optional<${type}>`, (_space: Formats, name: string) => {
      const errors = Object.hasOwn(formats, name) ? formats[name] : undefined;
      return errors === undefined ? Optional.none() : Optional.of(new NamedFormat(name, errors));
    })
    .registerFunction(`${type}.validate(string): optional<list<string>>`, (format: NamedFormat, text: string) => {
      const errors = format.errors(text);
      return errors.length === 0 ? Optional.none() : Optional.of(errors);
    });
  for (const [name, errors] of Object.entries(formats)) {
    const made = new NamedFormat(name, errors);
    environment.registerFunction(`${space}.${name}(): ${type}`, () => made);
  }
}
