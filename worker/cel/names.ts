/**
 * Names of properties that CEL cannot say as they are: `a.b` is `a__dot__b`, `namespace` is `__namespace__`.
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
 */
const reserved = new Set([
  "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
  "loop", "package", "namespace", "return", "var", "void", "while",
]);

const escapes: [text: string, escaped: string][] = [
  ["__", "__underscores__"],
  [".", "__dot__"],
  ["-", "__dash__"],
  ["/", "__slash__"],
];

/** Undefined: there is no way to say it; the property is not accessible. */
export function escapedName(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_./-][\w./-]*$/.test(name)) return undefined;
  return /__|[./-]/.test(name) ? escapes.reduce((text, [from, to]) => text.replaceAll(from, to), name) : name;
}
