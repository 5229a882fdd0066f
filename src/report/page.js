"use strict";
(() => {
  const root = document.documentElement;
  let errors = 0;
  window.addEventListener("error", () => { errors += 1; root.dataset.errors = errors; });
  const data = JSON.parse(document.getElementById("data").textContent);
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  // Okabe and Ito's palette: told apart with any colour vision.
  const CLASSES = [["weight", "#0072B2"], ["activation", "#E69F00"], ["kv", "#009E73"], ["score", "#CC79A7"]];
  const OBSOLETE = "#8c959f";
  const MARK = "#D55E00";

  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const narrow = () => window.innerWidth < 600;
  const grouped = (value) => Math.round(value).toLocaleString("en-US");

  const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
  const unitOf = (bytes) => Math.max(0, Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  const human = (bytes) => {
    const unit = unitOf(bytes);
    return unit === 0 ? `${bytes} B` : `${(bytes / 1024 ** unit).toFixed(2)} ${UNITS[unit]}`;
  };
  const time = (cycles, hz) => {
    const ns = cycles * 1e9 / hz;
    const [scale, name] = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]].find(([s]) => ns >= s) || [1, "ns"];
    return `${Number((ns / scale).toPrecision(5))} ${name}`;
  };

  const layout = (more) => {
    const axis = { gridcolor: css("--grid"), linecolor: css("--line"), zerolinecolor: css("--line"), automargin: true };
    const base = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { color: css("--ink"), family: "system-ui, sans-serif", size: narrow() ? 11 : 13 },
      margin: { l: 10, r: 10, t: 36, b: 10 }, hovermode: "x unified",
      hoverlabel: { bgcolor: css("--panel"), font: { color: css("--ink") }, bordercolor: css("--line") },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: css("--muted"), activecolor: css("--link") },
      legend: { orientation: "h", y: -0.22, yanchor: "top", x: 0, traceorder: "normal" },
    };
    const merged = { ...base, ...more };
    merged.xaxis = { ...axis, ...(more.xaxis || {}) };
    merged.yaxis = { ...axis, ...(more.yaxis || {}) };
    return merged;
  };
  const config = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["lasso2d", "select2d"] };

  const charts = [];
  const chart = (element, build) => charts.push({ element, build });
  const draw = ({ element, build }) => {
    const { traces, more } = build();
    return Plotly.react(element, traces, layout(more), config);
  };

  const total = (column, i) => column.needed.reduce((sum, of) => sum + of[i], 0);

  // Indices of the points for the stretch from..to: per bucket the first, the last, and the extremes.
  const thin = (column, from, to, buckets) => {
    const first = Math.max(0, lower(column.cycle, from + 1) - 1);
    const end = lower(column.cycle, to + 1);
    if (end - first <= 4 * buckets) return Array.from({ length: end - first }, (_, i) => first + i);
    const kept = [];
    const width = (to - from) / buckets;
    for (let i = first; i < end;) {
      const limit = Math.max(column.cycle[i] + 1, from + width * (Math.floor((column.cycle[i] - from) / width) + 1));
      let last = i, most = i, least = i, fullest = i;
      for (; i < end && column.cycle[i] < limit; i++) {
        last = i;
        if (total(column, i) > total(column, most)) most = i;
        if (total(column, i) < total(column, least)) least = i;
        if (total(column, i) + column.obsolete[i] > total(column, fullest) + column.obsolete[fullest]) fullest = i;
      }
      const chosen = [last, most, least, fullest].sort((a, b) => a - b);
      for (const index of chosen) if (kept[kept.length - 1] !== index) kept.push(index);
    }
    return kept;
  };
  const lower = (sorted, value) => {
    let low = 0, high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle] < value) low = middle + 1; else high = middle;
    }
    return low;
  };

  const fullest = (curve) => curve.column.cycle.reduce((most, _, i) => Math.max(most, total(curve.column, i) + curve.column.obsolete[i]), 1);
  // One scale for all curves, so that they can be compared; a capacity far above them is only told.
  const tallest = Math.max(1, ...data.curves.map(fullest));
  const drawn = (capacity) => capacity !== null && capacity <= 1.3 * tallest;
  const top = 1.14 * Math.max(tallest, ...data.curves.map((curve) => (drawn(curve.capacity) ? curve.capacity : 0)));

  const occupancy = (curve, view) => {
    const { column } = curve;
    const unit = unitOf(tallest);
    const scale = 1024 ** unit;
    const [from, to] = view || [0, curve.end];
    const points = thin(column, from, to, narrow() ? 200 : 500);
    const x = points.map((i) => column.cycle[i]);
    x.push(Math.min(to, curve.end));
    const hold = (values) => { values.push(values[values.length - 1]); return values; };
    const area = (name, colour, of) => {
      const bytes = hold(points.map((i) => of[i]));
      return {
        type: "scatter", mode: "lines", name, x, y: bytes.map((b) => b / scale), customdata: bytes.map(human),
        stackgroup: "bytes", fillcolor: colour, line: { shape: "hv", width: 0, color: colour },
        hovertemplate: `${name} %{customdata}<extra></extra>`,
      };
    };
    const traces = CLASSES.map(([name, colour], k) => area(name, colour, column.needed[k]))
      .filter((_, k) => column.needed[k].some((b) => b > 0));
    if (column.obsolete.some((b) => b > 0)) traces.push(area("obsolete", OBSOLETE, column.obsolete));
    const shapes = drawn(curve.capacity) ? [{
      type: "line", xref: "paper", x0: 0, x1: 1, y0: curve.capacity / scale, y1: curve.capacity / scale,
      line: { color: css("--muted"), width: 1, dash: "dash" },
    }] : [];
    const anchor = (curve.peak.cycle - from) / (to - from);
    const inView = anchor >= 0 && anchor <= 1;
    const annotations = [{
      visible: inView, xanchor: anchor > 0.8 ? "right" : anchor < 0.2 ? "left" : "center",
      x: curve.peak.cycle, y: curve.peak.bytes / scale, text: `peak needed ${human(curve.peak.bytes)}`,
      showarrow: true, arrowcolor: MARK, font: { color: css("--ink") }, ax: 0, ay: -24, bgcolor: css("--page"), opacity: 0.9,
    }];
    if (drawn(curve.capacity)) annotations.push({
      xref: "paper", x: 1, xanchor: "right", y: curve.capacity / scale, yanchor: "bottom", showarrow: false,
      text: `capacity ${human(curve.capacity)}`, font: { color: css("--muted") },
    });
    const more = {
      title: { text: literal(curve.memory), font: { size: 13 }, x: 0, xref: "paper", xanchor: "left", y: 0.99, yanchor: "top" },
      xaxis: { title: { text: `cycle (${time(1, curve.clock_hz)} each; run: ${time(curve.end, curve.clock_hz)})` }, range: [from, to], exponentformat: "SI" },
      yaxis: { title: { text: UNITS[unit] }, range: [0, top / scale] },
      shapes, annotations, showlegend: true,
    };
    return { traces, more };
  };

  const addCurves = () => {
    const host = document.getElementById("curves");
    for (const curve of data.curves) {
      const heading = document.createElement("h3");
      heading.textContent = curve.title;
      const note = document.createElement("p");
      note.className = "muted";
      const capacity = curve.capacity === null ? "unlimited" : human(curve.capacity);
      note.textContent = `capacity ${capacity}; mean ${human(Math.round(curve.mean_needed))} needed; ${grouped(curve.shown)} of ${grouped(curve.changes)} changes in this page`;
      const element = document.createElement("div");
      element.className = "chart";
      host.append(heading, note, element);
      let view = null;
      chart(element, () => occupancy(curve, view));
      const zoomed = (change) => {
        const range = change["xaxis.range"] || [change["xaxis.range[0]"], change["xaxis.range[1]"]];
        if (change["xaxis.autorange"]) view = null;
        else if (range[0] !== undefined) view = [Math.max(0, range[0]), Math.min(curve.end, range[1])];
        else return;
        draw({ element, build: () => occupancy(curve, view) });
      };
      element.dataset.zoom = "waiting";
      afterDraw.push(() => { element.on("plotly_relayout", zoomed); element.dataset.zoom = "ready"; });
    }
  };
  const afterDraw = [];

  // Labels on a phone: lines of about 16 characters.
  const wrapped = (name) => (narrow() ? name.replace(/(.{12,}?[\s,;/_-])/g, "$1<br>") : name);

  // The charting library reads tags in labels.
  const literal = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

  const peakBars = () => {
    const several = (run) => data.peaks.filter((peak) => peak.run === run).length > 1;
    const names = data.peaks.map((peak) => wrapped(literal(several(peak.run) ? `${peak.run} ${peak.memory}` : peak.run)));
    const unit = unitOf(Math.max(...data.peaks.map((peak) => peak.bytes)));
    const traces = CLASSES.map(([name, colour], k) => ({
      type: "bar", orientation: "h", name, y: names, x: data.peaks.map((peak) => peak.by_class[k] / 1024 ** unit),
      customdata: data.peaks.map((peak) => human(peak.by_class[k])), marker: { color: colour },
      hovertemplate: `${name} %{customdata}<extra></extra>`,
    })).filter((_, k) => data.peaks.some((peak) => peak.by_class[k] > 0));
    const more = {
      barmode: "stack", hovermode: "y unified", xaxis: { title: { text: `peak needed, ${UNITS[unit]}` } },
      yaxis: { autorange: "reversed" }, bargap: 0.35, showlegend: true,
      legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, traceorder: "normal" }, margin: { l: 10, r: 10, t: 60, b: 10 },
    };
    return { traces, more };
  };

  if (data.curves.length) addCurves();
  const bars = document.getElementById("peak-bars");
  if (bars) {
    bars.style.height = `${Math.max(220, 160 + 48 * data.peaks.length)}px`;
    chart(bars, peakBars);
  }

  const JOULES = [[1e12, "J"], [1e9, "mJ"], [1e6, "µJ"], [1e3, "nJ"], [1, "pJ"]];
  const jouleUnit = (picojoules) => JOULES.find(([scale]) => picojoules >= scale) || JOULES[4];
  const wordwrap = (text) => literal(text).replace(/(.{30,}?)\s/g, "$1<br>");

  const pareto = () => {
    const { front, bounds, others, chosen } = data.exploration.pareto;
    const all = [...front, ...bounds, ...others];
    const energies = all.map((dot) => dot.energy_pj);
    const wide = Math.max(...energies) > 30 * Math.min(...energies);
    const [scale, unit] = jouleUnit(wide ? Math.min(...energies) : Math.max(...energies, 1) / 10);
    const dots = (name, of, mode, marker, line) => ({
      type: "scatter", mode, name, x: of.map((dot) => dot.area_mm2), y: of.map((dot) => dot.energy_pj / scale), marker, line,
      text: of.map((dot) => wordwrap(dot.text)), hovertemplate: "%{text}<extra></extra>",
    });
    const traces = [
      dots("other points", others, "markers", { color: OBSOLETE, size: 5, opacity: 0.6 }),
      dots("front", front, "markers", { color: "#0072B2", size: 9 }),
      dots("bound: ideal placement", bounds, "markers", { color: "#009E73", size: 9, symbol: "diamond-open" }),
      dots("explained below", all.filter((dot) => dot.point === chosen), "markers", { color: MARK, size: 15, symbol: "star" }),
    ].filter((trace) => trace.x.length > 0);
    const more = {
      hovermode: "closest", showlegend: true,
      xaxis: { title: { text: "area of the macros, mm²" } },
      // Technologies differ by orders of magnitude.
      yaxis: wide ? { title: { text: `energy, ${unit}` }, type: "log", dtick: 1 } : { title: { text: `energy, ${unit}` }, rangemode: "tozero" },
    };
    return { traces, more };
  };

  // Twelve terms: hue by kind, and a pattern where hues repeat.
  const TERMS = [
    ["#D55E00", ""], ["#E69F00", ""], ["#F0E442", ""], ["#999999", ""], ["#CC79A7", ""], ["#CC79A7", "/"],
    ["#D55E00", "/"], ["#0072B2", ""], ["#56B4E9", ""], ["#009E73", ""], ["#009E73", "/"], ["#666666", "x"],
  ];

  const energy = () => {
    const { terms, bars } = data.exploration.breakdown;
    const [scale, unit] = jouleUnit(Math.max(...bars.map((bar) => bar.total_pj)) / 10);
    const names = bars.map((bar) => `${wrapped(literal(bar.name))}<br>${bar.total}`);
    const traces = terms.map((name, k) => ({
      type: "bar", orientation: "h", name, y: names, x: bars.map((bar) => bar.values_pj[k] / scale),
      marker: { color: TERMS[k][0], pattern: { shape: TERMS[k][1], solidity: 0.35 } },
      hovertemplate: `${name} %{x:.4g} ${unit}<extra></extra>`,
    })).filter((_, k) => bars.some((bar) => bar.values_pj[k] > 0));
    const more = {
      barmode: "stack", hovermode: "y unified", xaxis: { title: { text: `energy, ${unit}` } }, yaxis: { autorange: "reversed" },
      bargap: 0.3, showlegend: true, legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0, traceorder: "normal" },
      margin: { l: 10, r: 10, t: 60, b: 10 },
    };
    return { traces, more };
  };

  for (const [id, build] of [["pareto", pareto], ["energy", energy]]) {
    const element = document.getElementById(id);
    if (element) chart(element, build);
  }

  const drawAll = () => Promise.all(charts.map(draw));
  drawAll().then(() => {
    afterDraw.forEach((run) => run());
    root.dataset.charts = charts.length;
    root.dataset.errors = errors;
    root.dataset.ready = "yes";
  });
  dark.addEventListener("change", drawAll);
})();
