import { beforeAll, describe, expect, it } from "vitest";
import { Budget } from "./budget.ts";
import type { Cel, CelType } from "./cel.ts";
import { loadCel } from "./load.ts";
import { escapedName } from "./names.ts";

let cel: Cel;
beforeAll(async () => {
  cel = await loadCel();
});

const run = (expression: string, self: unknown = {}, type: CelType = "dyn", units = 100_000): unknown => {
  const compiled = cel.environment({ self: type }).compile(expression);
  if ("error" in compiled) return `compile: ${compiled.error.split("\n")[0]}`;
  const result = compiled.evaluate({ self: cel.value(self, type) }, new Budget(units));
  return "error" in result ? `error: ${result.error}` : cel.json(result.value);
};

describe("expressions", () => {
  it.each<[string, unknown, unknown]>([
    ["self.replicas <= 3", { replicas: 3 }, true],
    ["self.list.all(x, x > 1) && self.list.sum() == 5", { list: [2, 3] }, true],
    ["self.a == self.b", { a: { x: [1, "y"] }, b: { x: [1, "y"] } }, true],
    ["has(self.a) && self.a.startsWith('x')", {}, false],
    ["self.?a.?b.orValue('none')", {}, "none"],
    ["[3, 1, 2].isSorted()", {}, false],
    ["[3, 1, 2].max() + [3, 1, 2].min()", {}, 4],
    ["['a', 'b', 'a'].lastIndexOf('a') + ['a'].indexOf('z')", {}, 1],
    ["'abc-123-x9'.find('[0-9]+') + ' ' + 'abc-123-x9'.findAll('[0-9]+').join(',')", {}, "123 123,9"],
    ["'abc'.matches('^[a-c]+$') && matches('abc', 'B') == false && 'ABC'.matches('(?i)^abc$')", {}, true],
    ["['x', 'xx'].all(s, s.matches('^x+$'))", {}, true],
    ["url('https://user@example.com:8080/a%20b?x=1&x=2').getHost()", {}, "example.com:8080"],
    ["url('https://[::1]:80/p').getHostname() + url('https://h/p?k=v').getQuery()['k'][0]", {}, "::1v"],
    ["isURL('/path') && !isURL('not a url')", {}, true],
    ["ip('10.0.0.1').family() == 4 && isIP('::1') && !isIP('300.1.1.1')", {}, true],
    ["cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsCIDR('11.0.0.0/16')", {}, true],
    ["string(ip('2001:db8:0:0:0:0:0:1'))", {}, "2001:db8::1"],
    ["string(cidr('192.168.1.7/24').masked())", {}, "192.168.1.0/24"],
    ["ip.isCanonical('::1') && ip('127.0.0.1').isLoopback() && !ip('127.0.0.1').isGlobalUnicast()", {}, true],
    ["quantity('1Gi').isGreaterThan(quantity('500Mi')) && isQuantity('1k') && !isQuantity('x')", {}, true],
    ["quantity('1').add(quantity('500m')).compareTo(quantity('1500m'))", {}, 0],
    ["quantity('50k').asInteger() + quantity('1').sign()", {}, 50_001],
    ["semver('1.2.3').isLessThan(semver('1.10.0')) && !isSemver('v1.2') && isSemver('v1.2', true)", {}, true],
    ["semver('1.0.0-alpha').compareTo(semver('1.0.0'))", {}, -1],
    ["format.dns1123Label().validate('Bad').hasValue() && !format.named('dns1123Label').value().validate('ok').hasValue()", {}, true],
    ["sets.contains([1, 2, 3], [2]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 1], [1])", {}, true],
    ["'%s is %d'.format(['x', 3])", {}, "x is 3"],
    ["'hello'.charAt(1) + 'a-b-c'.replace('-', '+', 1) + 'abc'.reverse()", {}, "ea+b-ccba"],
    ["self.m.all(k, v, k == v)", { m: { a: "a" } }, true],
    ["self.l.exists(i, v, i == 1 && v == 'b')", { l: ["a", "b"] }, true],
    ["self.m.transformMap(k, v, v + 1)", { m: { a: 1 } }, { a: 2 }],
    ["[1, 2, 3].transformList(i, v, v > 1, v * i)", {}, [2, 6]],
    ["self.?a.optMap(x, x + 1).orValue(0)", { a: 1 }, 2],
    ["duration('1h') > duration('59m') && string(duration('90s')) == '90s'", {}, true],
    ["timestamp('2020-01-01T00:00:00Z').getFullYear()", {}, 2020],
    ["1 / self.zero == 1", { zero: 0 }, "error: division by zero"],
    ["self.missing == 1", {}, "error: no such key: missing"],
    ["self.list[3] == 1", { list: [1] }, "error: index out of bounds: 3"],
    ["self.text + 1", { text: "x" }, "error: no such overload"],
    ["[].max() == 1", {}, "error: max called on empty list"],
  ])("%s", (expression, self, expected) => {
    expect(run(expression, self)).toEqual(expected);
  });
});

describe("types", () => {
  const type: CelType = { object: { name: "string", size: "int", ratio: "double", when: "timestamp", wait: "duration", items: { list: { object: { key: "string" } } }, tags: { map: "string" } } };

  it.each<[string, unknown]>([
    ["self.items.all(i, i.key == 'a') && self.items[0] == self.items[1]", true],
    ["self.ratio < 1.5 && self.size + 1 == 3", true],
    ["self.wait <= duration('1h') && self.when.getMonth() == 1", true],
    ["self.tags.all(k, self.tags[k] == 'v') && self.tags.x.size() == 1", true],
    ["self.nam == 'x'", "compile: compilation failed: ERROR: <input>:1:5: undefined field 'nam'"],
    ["self.name + 1 == 2", "compile: compilation failed: ERROR: <input>:1:1: found no matching overload for '_+_' applied to '(string, int)'"],
    ["other.name == 'x'", "compile: compilation failed: ERROR: <input>:1:1: undeclared reference to 'other' (in container '')"],
    ["self.name.size( > 3", "compile: compilation failed: ERROR: <input>:1:17: Syntax error: mismatched input 'GT'"],
  ])("%s", (expression, expected) => {
    const self = { name: "n", size: 2, ratio: 1, when: "2020-02-01T00:00:00Z", wait: "30m", items: [{ key: "a" }, { key: "a" }], tags: { x: "v" } };
    expect(run(expression, self, type)).toEqual(expected);
  });
});

describe("the budget", () => {
  it("ends what goes on for too long, even where an operator would swallow the error", () => {
    const self = { list: Array.from({ length: 300 }, (_, at) => at) };
    const endless = "self.list.all(x, self.list.all(y, x + y >= 0))";
    for (const expression of [endless, `${endless} || true`]) {
      expect(run(expression, self, "dyn", 10_000)).toBe("error: operation cancelled: actual cost limit exceeded");
    }
    expect(run(endless, self, "dyn", 10_000_000)).toBe(true);
  });

  it("counts what texts are long", () => {
    expect(run("self.text.contains('y')", { text: "x".repeat(200_000) }, "dyn", 10_000)).toBe("error: operation cancelled: actual cost limit exceeded");
  });

  it("is not outlived by a careless pattern", () => {
    expect(run("self.text.matches('^((a+)+)+$')", { text: `${"a".repeat(5_000)}!` })).toBe(false);
  });
});

describe("names", () => {
  it.each([
    ["plain", "plain"],
    ["a.b", "a__dot__b"],
    ["a-b/c", "a__dash__b__slash__c"],
    ["a__b", "a__underscores__b"],
    ["namespace", "__namespace__"],
    ["0a", undefined],
    ["a b", undefined],
  ])("%s is %s", (name, expected) => {
    expect(escapedName(name)).toBe(expected);
  });
});
