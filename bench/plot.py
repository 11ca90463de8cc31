"""Plots of a result, as SVG beside the document that shows them. Debian's python3-matplotlib draws them."""
import report


def draw(result, folder):
    """The names of the files that were written."""
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "roundtrip"  # the same result gives the same bytes
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel
    names = []
    for name, fill in (("performance-rates.svg", rates), ("performance-cpu.svg", cpu), ("performance-queues.svg", queues)):
        figure, axes = pyplot.subplots(figsize=(8, 4), layout="constrained")
        fill(result, axes)
        figure.savefig(folder / name, metadata={"Date": None})
        pyplot.close(figure)
        names.append(name)
    return names


def rates(result, axes):
    """A bar for each bound and the system beside it; the line is from the worst round to the best."""
    rows = [(what, report.Spread(values)) for what, values, _ in report.rate_rows(result) if what != "HTTP edge bound"]
    rows = [(what, spread) for what, spread in rows if spread.values][::-1]
    names, spreads = [row[0] for row in rows], [row[1] for row in rows]
    medians = [spread.median for spread in spreads]
    errors = [[spread.median - min(spread.values) for spread in spreads],
              [max(spread.values) - spread.median for spread in spreads]]
    colours = ["#9aa5b1" if "bound" in name else "#2f6f9f" for name in names]
    axes.barh(names, medians, xerr=errors, color=colours, ecolor="#444444")
    axes.set_xlabel("sagas a second, median of the rounds")


def cpu(result, axes):
    """CPU seconds per 1,000 sagas by process, one bar a store."""
    stores = report.stores_of(result)
    runs = {store: [current["stores"][store]["saturate"]["cpu_s_per_1000"] for current in result["rounds"]]
            for store in stores}
    left = [0.0] * len(stores)
    for name in dict.fromkeys(name for store in stores for name in runs[store][0]):
        widths = [report.Spread([run.get(name, 0) for run in runs[store]]).median for store in stores]
        axes.barh(stores, widths, left=left, label=name)
        left = [a + b for a, b in zip(left, widths)]
    axes.set_xlabel("CPU seconds per 1,000 sagas at saturation")
    axes.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1))


def queues(result, axes):
    """Messages that wait for booking, over the last round's saturation."""
    for store in report.stores_of(result):
        series = result["rounds"][-1]["stores"][store]["saturate"]["series"]
        axes.plot([sample["t"] for sample in series],
                  [sum(sample["depth"].values()) for sample in series], label=store)
    axes.set_xlabel("seconds, at saturation")
    axes.set_ylabel("messages ready in the three queues")
    axes.legend()
