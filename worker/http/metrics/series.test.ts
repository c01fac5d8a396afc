import { expect, test } from "vitest";
import { Counter, Gauge, Histogram } from "./series.ts";

test("a counter has a line for each of its label values", () => {
  const counter = new Counter({ name: "requests_total", help: "Requests.", labels: ["verb", "code"] });
  counter.add(["GET", "200"]);
  counter.add(["GET", "200"], 2);
  counter.add(['a"b\\c\n', "404"]);
  expect(counter.text()).toBe(
    '# HELP requests_total Requests.\n# TYPE requests_total counter\nrequests_total{verb="GET",code="200"} 3\nrequests_total{verb="a\\"b\\\\c\\n",code="404"} 1\n',
  );
});

test("a gauge goes up and down", () => {
  const gauge = new Gauge({ name: "open", help: "Open.", labels: [] });
  gauge.add([], 2);
  gauge.add([], -1);
  expect(gauge.text()).toContain("\nopen 1\n");
});

test("a histogram's buckets hold all that is below them", () => {
  const histogram = new Histogram({ name: "seconds", help: "Seconds.", labels: ["verb"] }, [0.1, 1]);
  for (const seconds of [0.05, 0.1, 0.5, 7]) histogram.observe(["GET"], seconds);
  expect(histogram.text().split("\n").slice(2, -1)).toEqual([
    'seconds_bucket{verb="GET",le="0.1"} 2',
    'seconds_bucket{verb="GET",le="1"} 3',
    'seconds_bucket{verb="GET",le="+Inf"} 4',
    'seconds_sum{verb="GET"} 7.65',
    'seconds_count{verb="GET"} 4',
  ]);
});

test("what clients make up does not fill memory", () => {
  const counter = new Counter({ name: "requests_total", help: "Requests.", labels: ["path"] });
  for (let at = 0; at < 10_000; at += 1) counter.add([`/${at}`]);
  expect(counter.text().split("\n").length).toBeLessThan(5_000);
});
