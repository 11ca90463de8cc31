"""What a result says: the table for people, docs/performance.md, and whether the targets are met."""
import json
import statistics

DASH = "-"


def write(result, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


class Spread:
    """The median of the rounds, and from where to where they went."""

    def __init__(self, values):
        self.values = [value for value in values if value is not None]

    @property
    def median(self):
        return statistics.median(self.values) if self.values else None

    def text(self, form="{:.0f}"):
        if not self.values:
            return DASH
        if len(self.values) == 1:
            return form.format(self.values[0])
        return f"{form.format(self.median)} ({form.format(min(self.values))} to {form.format(max(self.values))})"


def rates(result, *path):
    """sagas a second at this place in every round."""
    found = []
    for current in result["rounds"]:
        for key in path:
            current = current.get(key, {}) if isinstance(current, dict) else {}
        found.append(current.get("sagas_per_s", current.get("settled_per_s")) if current else None)
    return found


def ratios(above, below):
    return Spread([a / b if a and b else None for a, b in zip(above, below)])


def over_rounds(result, store, kind, metric, quantile):
    return Spread([current["stores"][store][kind][metric][quantile] for current in result["rounds"]
                   if kind in current["stores"].get(store, {})])


def stores_of(result):
    return list(result["rounds"][0]["stores"])


# ---- rows -------------------------------------------------------------------------------------------------------

def rate_rows(result):
    yield "HTTP edge bound", rates(result, "http_bound"), None
    broker = rates(result, "broker_bound")
    yield "broker bound", broker, None
    for store in stores_of(result):
        yield f"store bound, {store}", rates(result, "stores", store, "store_bound"), None
        yield f"system, {store}", rates(result, "stores", store, "saturate"), broker
    alone = rates(result, "alone_bound")
    yield "broker bound of booking alone", alone, None
    for store in stores_of(result):
        yield f"booking alone, {store}", rates(result, "stores", store, "alone"), alone


def services_memory(peaks):
    return sum(peaks.values())


class Targets:
    """(what, target, measured, verdict) of every target that this result can judge."""

    def __init__(self, result):
        self.result = result
        self.rows = []
        for store in stores_of(result):
            self.of_rounds(store)
            self.of_extras(store)

    def add(self, what, target, spread, is_above, limit, form):  # pylint: disable=too-many-arguments
        value = spread.median
        if value is None:
            self.rows.append((what, target, "not measured", DASH))
            return
        is_met = value >= limit if is_above else value < limit
        off = "" if is_met else f" (by a factor of {max(value, limit) / max(min(value, limit), 1e-9):.1f})"
        self.rows.append((what, target, spread.text(form), ("met" if is_met else "not met") + off))

    def of_rounds(self, store):
        result = self.result
        self.add(f"{store}: system / broker bound", ">= 50 %",
                 ratios(rates(result, "stores", store, "saturate"), rates(result, "broker_bound")), True, 0.5, "{:.0%}")
        bounds = [cost(current["broker_bound"]) for current in result["rounds"]]
        costs = [cost(current["stores"][store]["saturate"], "load") for current in result["rounds"]]
        self.add(f"{store}: the same by CPU time", ">= 50 %", ratios(bounds, costs), True, 0.5, "{:.0%}")
        self.add(f"{store}: booking alone / its bound", ">= 80 %",
                 ratios(rates(result, "stores", store, "alone"), rates(result, "alone_bound")), True, 0.8, "{:.0%}")
        for what, kind, metric, quantile, limit in (
                ("POST /booking/intent p99 at saturation", "saturate", "intent_ms", "p99", 50),
                ("POST /booking/intent p99 at half load", "half", "intent_ms", "p99", 15),
                ("webhook -> outcome visible p50 at half load", "half", "outcome_ms", "p50", 8),
                ("webhook -> outcome visible p99 at half load", "half", "outcome_ms", "p99", 20)):
            self.add(f"{store}: {what}", f"< {limit} ms", over_rounds(result, store, kind, metric, quantile), False,
                     limit, "{:.1f} ms")
        memory = Spread([services_memory(current["stores"][store]["saturate"]["pss_mb_peak"])
                         for current in result["rounds"]])
        self.add(f"{store}: memory of the three services at saturation, shared pages once", "< 64 MB", memory, False, 64,
                 "{:.0f} MB")

    def extra(self, name, store, *path):
        found = self.result["extras"].get(name, {}).get(store)
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def of_backlog(self, store, top):
        drained = self.extra("backlog", store)
        if not drained:
            return
        self.add(f"{store}: backlog drained / saturation rate", ">= 100 %", Spread([drained["sagas_per_s"] / top]), True,
                 1, "{:.0%}")
        memory = [sample["rss_mb"]["booking"] for sample in drained["series"]]
        quarter = max(1, len(memory) // 4)
        growth = max(memory[-quarter:]) / max(memory[quarter:2 * quarter] or memory)
        self.add(f"{store}: booking's memory meanwhile ({2 * drained['sagas']:.0f} events), last quarter / second",
                 "< 110 %", Spread([growth]), False, 1.1, "{:.0%}")
        posts = drained["post_ms"]
        accepted = posts.get("accepted", posts["count"])  # older results stopped at the first that was not
        self.rows.append((f"{store}: POST /booking/intent meanwhile", "all 202",
                          f"{accepted} of {posts['count']}, p50 {posts.get('p50', DASH)} ms, "
                          f"at most {posts.get('max', DASH)} ms",
                          "met" if 0 < accepted == posts["count"] else "not met"))

    def of_extras(self, store):
        top = Spread(rates(self.result, "stores", store, "saturate")).median
        self.add(f"{store}: one booking on an idle system p50", "< 5 ms",
                 Spread([self.extra("idle", store, "outcome_ms", "p50")]), False, 5, "{:.1f} ms")
        ready = self.extra("start", store)
        self.add(f"{store}: start to ready, the slowest service", "< 200 ms",
                 Spread([max(ready.values()) if ready and "failure" not in ready else None]), False, 200, "{:.0f} ms")
        self.of_backlog(store, top)
        grown = self.extra("grow", store) or {}
        if "large" in grown:
            self.add(f"{store}: rate with {grown['bookings']} bookings / with few", ">= 80 %",
                     ratios([run["settled_per_s"] for run in grown["large"]],
                            [run["settled_per_s"] for run in grown["small"]]), True, 0.8, "{:.0%}")
        ways = self.extra("tracing", store) or {}
        for way in ("file", "jaeger 1 %"):
            if way in ways:
                self.add(f"{store}: rate with traces ({way}) / off", ">= 90 %",
                         ratios([run["settled_per_s"] for run in ways[way]],
                                [run["settled_per_s"] for run in ways["off"]]), True, 0.9, "{:.0%}")
        hot = self.extra("hot", store)
        if hot and "failure" not in hot:
            # The hot booking may settle while the load is counted, beside those that the load started.
            is_whole = hot["settled"] in (hot["started"], hot["started"] + 1) and hot["refunded"] == hot["accepted"] - 1
            self.rows.append((f"{store}: {hot['processes']} booking processes, {hot['writers']} writers on one booking",
                              "no loss", f"{hot['settled']} of {hot['started']} settled, {hot['refunded']} of "
                              f"{hot['accepted'] - 1} refunded, {hot['seconds']} s", "met" if is_whole else "not met"))


def cost_rows(result, store):
    """process: CPU seconds per 1,000 sagas, peak memory in MB; medians at saturation."""
    runs = [current["stores"][store]["saturate"] for current in result["rounds"]]
    for name in runs[0]["cpu_s_per_1000"]:
        yield (name, Spread([run["cpu_s_per_1000"].get(name) for run in runs]).text("{:.2f}"),
               Spread([run["rss_mb_peak"].get(name) for run in runs]).text("{:.0f}"))


def latency_rows(result, store):
    for kind, text in (("saturate", "saturation"), ("half", "half of it")):
        for metric, name in (("intent_ms", "POST /booking/intent"), ("webhook_ms", "POST /payment/captured"),
                             ("outcome_ms", "due -> outcome visible"),
                             ("outcome_from_accepted_ms", "accepted -> outcome visible")):
            yield (f"{store}, {text}: {name}", *(over_rounds(result, store, kind, metric, quantile).text("{:.1f}")
                                                  for quantile in ("p50", "p99", "p999", "max")))


# ---- text -------------------------------------------------------------------------------------------------------

def table(header, rows):
    rows = [tuple(str(cell) for cell in row) for row in rows]
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]

    def line(row):
        return "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
    return "\n".join([line(header), "|" + "|".join("-" * (width + 2) for width in widths) + "|", *map(line, rows)])


def rates_table(result):
    rows = []
    for what, values, bound in rate_rows(result):
        rows.append((what, Spread(values).text(), ratios(values, bound).text("{:.0%}") if bound else ""))
    return table(("sagas a second", "median (range)", "of its bound"), rows) + "\n\n" + others_text(result)


def others_text(result):
    shares = [found["others_share"] for current in result["rounds"] for found in
              (current["broker_bound"], *(of["saturate"] for of in current["stores"].values()))]
    return (f"Other processes took {statistics.median(shares):.0%} of the machine meanwhile (at worst "
            f"{max(shares):.0%}): above a few percent only ratios mean something, and those by CPU time most.")


def cost(run, *without):
    return sum(value for name, value in run["cpu_s_per_1000"].items() if name not in without)


def cpu_rows(result):
    """What the bound and the system cost the machine: on an idle one their ratio is that of the rates."""
    bounds = [cost(current["broker_bound"]) for current in result["rounds"]]
    yield "broker bound", Spread(bounds).text("{:.2f}"), ""
    for store in stores_of(result):
        runs = [current["stores"][store]["saturate"] for current in result["rounds"]]
        costs = [cost(run, "load") for run in runs]
        yield f"system, {store}", Spread(costs).text("{:.2f}"), ratios(bounds, costs).text("{:.0%}")
        brokers = [run["cpu_s_per_1000"]["broker"] for run in runs]
        yield f"the broker's part of it, {store}", Spread(brokers).text("{:.2f}"), ""


def disk_table(result):
    rows = [(store, f"{after['disk_bytes'] / max(after['bookings'], 1):.0f}", after["bookings"],
             f"{sum(after['memory_mb'].values()):.0f}") for store, after in result["after"].items()]
    return table(("store", "bytes on disk a booking", "bookings", "MB of the services after"), rows)


def sections(result):
    yield "Rates", rates_table(result)
    yield "CPU seconds per 1,000 sagas", table(("what", "median (range)", "bound / system"), cpu_rows(result))
    yield "Targets", table(("what", "target", "measured", "verdict"), Targets(result).rows)
    for store in stores_of(result):
        yield f"Latency, milliseconds ({store})", table(("what", "p50", "p99", "p99.9", "max"), latency_rows(result, store))
    for store in stores_of(result):
        yield f"Cost at saturation ({store})", table(("process", "CPU s per 1,000 sagas", "peak MB"), cost_rows(result, store))
    yield "Disk and memory", disk_table(result)


def text(result):
    return "\n\n".join(f"{title}\n{body}" for title, body in sections(result)) + "\n"


# ---- docs/performance.md ----------------------------------------------------------------------------------------

INTRODUCTION = """# Performance

Made by `bench/document RESULT` from one run of `bench/run`; do not edit it. What each line means, and how to run it on
another machine: `bench/README.md`.

A saga engine is bounded by its broker and its store. So the bench runs raw programs that do the least that any correct
system must do, side by side with the system, on the same servers and the same cores: the ratios travel from machine to
machine, the rates do not.
"""


def machine_text(result):
    machine = result["machine"]
    form = "quick" if result["is_quick"] else "full"
    return (f"{machine['cores']} cores shared by everything, {machine['memory_gb']} GB, Linux {machine['kernel']}; "
            f"commit {machine['commit']}, {machine['at']}; {form} form, {result['size']['rounds']} rounds of "
            f"{result['size']['saturate']} s.")


def in_turn(*bounds):
    """The rate of one that has to do all of it, on the same cores and with nothing to wait for."""
    return [1 / sum(1 / rate for rate in each) if all(each) else None for each in zip(*bounds)]


def bounds_text(result):
    """What the system's CPU time goes into, at saturation, by process; and what all bounds together leave."""
    lines = []
    for store in stores_of(result):
        runs = [current["stores"][store]["saturate"]["cpu_s_per_1000"] for current in result["rounds"]]
        means = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        total = sum(means.values())
        parts = sorted(means.items(), key=lambda part: -part[1])
        lines.append(f"- {store}: " + ", ".join(f"{name} {value / total:.0%}" for name, value in parts if value > 0)
                     + f" of {total:.2f} CPU seconds per 1,000 sagas")
        bound = in_turn(rates(result, "http_bound"), rates(result, "broker_bound"),
                        rates(result, "stores", store, "store_bound"))
        share = ratios(rates(result, "stores", store, "saturate"), bound).text("{:.0%}")
        lines.append(f"- {store}: the bare HTTP, broker and store work of a saga, one after the other on the same cores, "
                     f"would allow {Spread(bound).text()} sagas a second; the system reaches {share} of that")
    return "\n".join(lines)


def markdown(result, plots):
    parts = [INTRODUCTION, machine_text(result), "\n## What takes the time\n", bounds_text(result)]
    for title, body in sections(result):
        parts += [f"\n## {title}\n", body]
    parts += [f"\n![{name}]({name})" for name in plots]
    return "\n".join(parts) + "\n"
