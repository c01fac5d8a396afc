/** `$(NAME)` references in env values, commands and arguments: `$$` is a dollar, an unknown name stays as it stands. */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, escaped: string, name: string | undefined) => {
    if (escaped === "$") return "$";
    return lookup(name ?? "") ?? whole;
  });
}
