"""From runs to rows: means over rounds, ratios, and their text."""

COMPONENTS = ("workers", "web", "database", "broker", "relay", "stubs",
              "load")
HEADINGS = ("scenario", "caches", "conn", "req/s", "p50 ms", "p99 ms",
            "errors", "ceiling", *COMPONENTS, "sum us", "others", "MiB")


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else 0.0


def key_of(run):
    return run["scenario"], run["target"], run["connections"]


def summarize(runs):
    """One row for each scenario, target and number of connections, in the
    order of the first round; only of runs that were proved."""
    rows = []
    for key in dict.fromkeys(map(key_of, runs)):
        same = [run for run in runs if key_of(run) == key]
        good = [run for run in same if not run["wrong"]]
        row = {"scenario": key[0], "target": key[1], "connections": key[2],
               "rounds": len(same), "proved": len(good) == len(same)}
        if row["proved"]:
            row.update(
                {name: mean(run[name] for run in good) for name in
                 ("rate", "p50_ms", "p99_ms", "busy", "others")},
                worker_mib=mean(run.get("worker_mib", 0.0) for run in good),
                errors=sum(run["errors"] for run in good),
                cpu_us={name: mean(run["cpu_us"].get(name, 0.0)
                                   for run in good) for name in COMPONENTS})
        rows.append(row)
    for row in rows:
        row["of_ceiling"] = of_ceiling(row, rows)
    return rows


def of_ceiling(row, rows):
    """The rate in shares of the ceiling's at the same time."""
    for other in rows:
        if (other["target"] == "ceiling" and row["target"] != "ceiling"
                and other["scenario"] == row["scenario"]
                and other["connections"] == row["connections"]
                and other["proved"] and row["proved"] and other["rate"]):
            return row["rate"] / other["rate"]
    return None


def cells(row):
    head = [row["scenario"], row["target"], str(row["connections"])]
    if not row["proved"]:
        return head + ["no figure"] + [""] * (len(HEADINGS) - 4)
    ratio = row["of_ceiling"]
    used = [row["cpu_us"][name] for name in COMPONENTS]
    return head + [
        f"{row['rate']:.0f}", f"{row['p50_ms']:.2f}", f"{row['p99_ms']:.2f}",
        str(row["errors"]), f"{ratio:.2f}" if ratio else "",
        *(f"{value:.0f}" for value in used), f"{sum(used):.0f}",
        f"{row['others']:.0%}",
        f"{row['worker_mib']:.1f}" if row["worker_mib"] else ""]


def markdown(rows):
    lines = [HEADINGS, ["---"] * len(HEADINGS), *map(cells, rows)]
    widths = [max(len(line[i]) for line in lines)
              for i in range(len(HEADINGS))]
    return "\n".join("| " + " | ".join(
        text.ljust(width) for text, width in zip(line, widths)) + " |"
        for line in lines)
