"use strict";
// The page's behaviour. All text goes in by textContent: nothing that came from a scenario is ever read as HTML.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const page = document.getElementById("page");
  const killed = {}; // chapter -> what is killed there
  let playing = null; // {chapter, flow, steps, at, timer}

  const language = () => page.lang;
  const word = (key) => data.words[language()][key] || "";
  const filled = (key, values) => word(key).replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
  const text = (place) => data.texts[language()][place];
  const find = (root, selector) => root.querySelector(selector);
  const all = (root, selector) => [...root.querySelectorAll(selector)];
  const chapters = () => all(page, "[data-chapter]");
  const chapterOf = (element) => element.closest("[data-chapter]");

  function made(tag, className, content) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (content !== undefined) element.textContent = content;
    return element;
  }

  // ---- killing a service

  const boxes = (chapter) => all(chapter, ".map :is([data-node], [data-flow], [data-event])").filter((one) => one.classList.contains("node"));
  const nameOf = (box) => box.dataset.node ?? box.dataset.flow ?? box.dataset.event;
  const idOf = ({ dataset }) => ("node" in dataset ? "service:" + dataset.node : "flow" in dataset ? "flow:" + dataset.flow : "event:" + dataset.event);

  // what stands by state, by id: of one box, or of the two between which an arrow goes
  function byBox(states, each) {
    const found = {};
    for (const [state, places] of Object.entries(states)) {
      for (let at = 0; at < places.length; at += each) {
        found[places.slice(at, at + each).map((place) => data.boxes[place]).join(" ")] = state;
      }
    }
    return found;
  }

  function setState(element, state) {
    for (const one of [...element.classList]) if (one.startsWith("state-")) element.classList.remove(one);
    if (state) element.classList.add("state-" + state);
  }

  // what a box is called now: its own name, and the state that it is in
  function tell(box, state) {
    box.dataset.name ??= box.getAttribute("aria-label");
    const told = box.dataset.name + (state ? ", " + word("diagram.state." + state) : "");
    box.setAttribute("aria-label", told);
    const title = find(box, ":scope > title");
    if (title) title.textContent = told;
  }

  // between which boxes an arrow goes: by what kind of arrow it is
  function ends({ dataset, classList }) {
    const from = classList.contains("edge-start") ? "flow:" : classList.contains("edge-deliver") ? "event:" : "service:";
    const to = classList.contains("edge-publish") ? "event:" : "service:";
    return from + dataset.from + " " + to + dataset.to;
  }

  function stateSpan(state, share) {
    return made("span", "state " + state, word("state." + state) + (share ? " " + share : ""));
  }

  const WORST = ["ok", "degraded", "delayed", "failed", "lost"];
  const worse = (one, other) => (WORST.indexOf(one) > WORST.indexOf(other) ? one : other);

  function kill(chapter, name) {
    const id = chapter.dataset.chapter;
    const outcome = name ? (data.kills[id] || {})[name] : null;
    if (name && !outcome) return;
    killed[id] = name;
    const states = outcome ? byBox(outcome.boxes, 1) : {};
    const arrows = outcome ? byBox(outcome.arrows, 2) : {};
    for (const box of boxes(chapter)) {
      const state = states[idOf(box)] || "";
      setState(box, state);
      tell(box, state);
      if (box.hasAttribute("aria-pressed")) box.setAttribute("aria-pressed", String(box.dataset.node === name));
    }
    for (const edge of all(chapter, ".map .edge")) setState(edge, arrows[ends(edge)]);
    find(chapter, ".map")?.classList.toggle("dead", Boolean(outcome));
    for (const row of all(chapter, "[data-flow-state]")) {
      const [answer, completion, ...shares] = (outcome && outcome.flows[row.dataset.flowState]) || ["ok", "ok"];
      find(row, ".answer").replaceChildren(stateSpan(answer, shares[0]));
      find(row, ".completion").replaceChildren(stateSpan(completion, shares[1]));
      row.classList.toggle("hit", answer !== "ok" || completion !== "ok");
    }
    for (const button of all(chapter, "button.zone")) button.setAttribute("aria-pressed", String(button.dataset.kill === name));
    find(chapter, "select.kill").value = name || "";
    const hits = outcome ? Object.keys(outcome.flows).length : 0;
    const told = outcome ? text(outcome.title) + " · " + filled("report.js.hits", { count: hits }) : word("report.js.all-well");
    find(chapter, ".happened").textContent = told;
    find(chapter, ".reasons").replaceChildren(...(outcome ? outcome.blocks.map(block) : []));
  }

  function block(one) {
    if (one.lines) return tree(one);
    if (one.rows) return table(one);
    return made("p", "note " + one.style, text(one.note));
  }

  function table(one) {
    const element = made("table");
    if (text(one.title)) element.append(made("caption", "", text(one.title)));
    const head = element.createTHead().insertRow();
    for (const column of one.columns) {
      const cell = made(text(column) ? "th" : "td", "", text(column));
      if (text(column)) cell.scope = "col";
      head.append(cell);
    }
    const body = element.createTBody();
    for (const row of one.rows) {
      const line = body.insertRow();
      row.forEach((cell, number) => {
        const [place, style] = Array.isArray(cell) ? cell : [cell, ""];
        const target = number ? line.insertCell() : line.appendChild(made("th"));
        if (!number) target.scope = "row";
        target.append(made("span", style, text(place)));
      });
    }
    const scroll = made("div", "scroll");
    scroll.append(element);
    if (one.more) scroll.append(made("p", "note muted", filled("report.js.more-lines", { count: one.more })));
    scroll.role = "group";
    scroll.ariaLabel = text(one.title) || text(one.columns[0]);
    return scroll;
  }

  function tree(one) {
    const root = made("ul", "tree");
    const open = [root];
    for (const [depth, subject, note, style] of one.lines) {
      const line = made("li");
      line.append(made("span", style || "plain", text(subject)), " ", made("span", "about", text(note)));
      open[depth].append(line);
      open.length = depth + 1;
      open[depth + 1] = { append: (child) => (find(line, ":scope > ul") || line.appendChild(made("ul", "tree"))).append(child) };
    }
    if (one.more) root.append(made("li", "muted", filled("report.js.more-lines", { count: one.more })));
    return root;
  }

  // ---- looking at neighbours

  function near(chapter, name) {
    const map = find(chapter, ".map");
    if (!map) return;
    map.classList.toggle("looking", name !== null);
    const neighbours = new Set([name]);
    for (const edge of all(map, ".edge")) {
      const touches = name !== null && (edge.dataset.from === name || edge.dataset.to === name);
      edge.classList.toggle("near", touches);
      if (touches) neighbours.add(edge.dataset.from).add(edge.dataset.to);
    }
    for (const box of boxes(chapter)) box.classList.toggle("near", name !== null && neighbours.has(nameOf(box)));
  }

  // ---- playing a flow

  function start(chapter, flow) {
    stop();
    const journey = all(chapter, ".journey").find((one) => one.dataset.flow === flow);
    if (!journey) return;
    playing = { chapter, flow, steps: all(journey, ".steps li"), at: 0, timer: 0 };
    find(chapter, ".playback").hidden = false;
    show();
    bring(chapter);
    find(chapter, ".play").focus({ preventScroll: true });
  }

  function show() {
    const { chapter, flow, steps, at } = playing;
    const step = steps[at];
    const facts = [find(step, ":scope > .subject"), find(step, ":scope > .about")].map((one) => one.textContent.trim());
    find(chapter, ".played").textContent = filled("report.js.step", { flow, number: at + 1, of: steps.length }) + " " + facts.join(" · ");
    for (const one of all(chapter, ".played-now, .played-before")) one.classList.remove("played-now", "played-before");
    for (const [number, one] of steps.entries()) {
      if (number > at) break;
      const css = number === at ? "played-now" : "played-before";
      one.classList.add(css);
      for (const edge of all(chapter, ".map .edge")) {
        if (edge.dataset.from === (one.dataset.from || flow) && edge.dataset.to === one.dataset.to) mark(edge, css);
      }
      for (const box of boxes(chapter)) if (nameOf(box) === one.dataset.to) mark(box, css);
    }
    find(chapter, ".map")?.classList.add("walking");
    find(chapter, ".back").disabled = at === 0;
    find(chapter, ".next").disabled = at === steps.length - 1;
  }

  function mark(element, css) {
    element.classList.remove("played-before");
    element.classList.add(css);
  }

  function go(by) {
    const last = playing.steps.length - 1;
    playing.at = Math.max(0, Math.min(last, playing.at + by));
    show();
    if (playing.at === last) pause();
  }

  function pause() {
    clearInterval(playing.timer);
    playing.timer = 0;
    const button = find(playing.chapter, ".play");
    button.textContent = word("report.js.play");
    button.setAttribute("aria-pressed", "false");
  }

  function play() {
    if (playing.timer) return pause();
    if (playing.at === playing.steps.length - 1) playing.at = -1;
    playing.timer = setInterval(() => go(1), 1400);
    const button = find(playing.chapter, ".play");
    button.textContent = word("report.js.pause");
    button.setAttribute("aria-pressed", "true");
    go(1);
  }

  function stop() {
    if (!playing) return;
    pause();
    const { chapter } = playing;
    for (const one of all(chapter, ".played-now, .played-before")) one.classList.remove("played-now", "played-before");
    find(chapter, ".map")?.classList.remove("walking");
    find(chapter, ".playback").hidden = true;
    playing = null;
  }

  // ---- where a figure comes from

  const DEPTH = 12;
  const SHOWN = 120; // lines; beyond that, what is below is made when it is opened
  let lines = 0;

  // [value, formula, method, note, [label, place, label, place, …]]; formulas, methods and labels by their place among the keys
  function entryAt(place) {
    const [value, formula = 0, method = 0, note = "", flat = []] = data.derivations[place];
    const inputs = [];
    for (let number = 0; number < flat.length; number += 2) inputs.push([data.keys[flat[number]], flat[number + 1]]);
    return { value, formula: data.keys[formula], method: data.keys[method], note, inputs };
  }

  function derivation(label, place, depth) {
    lines += 1;
    const entry = entryAt(place);
    const line = made("li");
    const name = word("input." + label) || label;
    line.append(made("span", "plain", name && !name.startsWith("#") ? name + " = " + entry.value : entry.value));
    line.append(" ", made("span", "about", about(entry)));
    const below = entry.inputs.filter(([, one]) => one >= 0);
    if (below.length && depth < DEPTH) line.append(inputs(below, depth));
    return line;
  }

  function about(entry) {
    if (entry.formula.startsWith("why.")) {
      const source = entry.inputs.map(([one]) => one).join(", ");
      return filled(entry.formula, { place: entry.note, text: entry.note, source });
    }
    const method = entry.method ? " [" + word(entry.method) + "]" : "";
    return word(entry.formula) + method + (entry.note ? " (" + entry.note + ")" : "");
  }

  function inputs(below, depth) {
    const list = made("ul", "tree");
    if (lines + below.length < SHOWN) {
      list.append(...below.map(([label, one]) => derivation(label, one, depth + 1)));
      return list;
    }
    const fold = made("details");
    fold.append(made("summary", "", filled("report.js.inputs", { count: below.length })), list);
    fold.addEventListener("toggle", () => {
      if (!list.childElementCount) list.append(...below.map(([label, one]) => derivation(label, one, depth + 1)));
    });
    return fold;
  }

  function sourcesBelow(place, found, seen) {
    if (place < 0 || seen.has(place)) return found;
    seen.add(place);
    for (const [name, below] of entryAt(place).inputs) {
      if (below < 0) found.add(name);
      else sourcesBelow(below, found, seen);
    }
    return found;
  }

  function why(place) {
    const dialog = find(page, "#why");
    lines = 0;
    const root = made("ul", "tree");
    root.append(derivation("", place, 0));
    const parts = [root];
    const cited = [...sourcesBelow(place, new Set(), new Set())].filter((name) => name in data.sources[language()]);
    if (cited.length) {
      const list = made("ul", "tree");
      for (const name of cited) {
        const line = made("li");
        line.append(made("span", "plain", name), " ", made("span", "about", data.sources[language()][name]));
        list.append(line);
      }
      parts.push(made("h3", "", word("why.sources")), list);
    }
    find(dialog, ".derivation").replaceChildren(...parts);
    dialog.showModal();
  }

  // ---- the other language

  function speak(wanted) {
    const template = document.getElementById("page-" + wanted);
    if (!template) return;
    const flow = playing && { id: playing.chapter.dataset.chapter, flow: playing.flow, at: playing.at };
    stop();
    const open = all(page, "details").map((one) => one.open);
    const old = document.createDocumentFragment();
    old.append(...page.childNodes);
    page.append(template.content);
    template.content.append(old);
    template.id = "page-" + page.lang;
    template.lang = page.lang;
    page.lang = document.documentElement.lang = wanted;
    document.title = data.titles[wanted];
    all(page, "details").forEach((one, number) => (one.open = open[number]));
    arrange();
    if (flow) {
      start(find(page, `[data-chapter="${flow.id}"]`), flow.flow);
      playing.at = flow.at;
      show();
    }
    find(page, "#language").focus();
  }

  // ---- putting it together

  function arrange() {
    for (const chapter of chapters()) {
      const id = chapter.dataset.chapter;
      const chosen = find(chapter, "select.kill");
      if (chosen.options.length === 1) {
        const zones = Object.fromEntries(all(chapter, "button.zone").map((one) => [one.dataset.kill, one.textContent]));
        for (const name of Object.keys(data.kills[id] || {})) chosen.add(new Option(zones[name] || name, name));
      }
      for (const box of boxes(chapter)) {
        const known = (data.kills[id] || {})[box.dataset.node];
        if (known) box.setAttribute("aria-pressed", "false");
        else if (box.dataset.flow === undefined) box.removeAttribute("role");
      }
      tryOut(chapter);
      kill(chapter, killed[id] || "");
    }
    seen.disconnect();
    for (const section of all(page, "section")) seen.observe(section);
  }

  // the rows of the table of failures show themselves on the diagram
  function tryOut(chapter) {
    const id = chapter.dataset.chapter;
    for (const cell of all(chapter, `[id="${id}failures"] tbody th`)) {
      const name = cell.textContent.trim();
      if (!(name in (data.kills[id] || {})) || find(cell, "button")) continue;
      const button = made("button", "name", name);
      button.type = "button";
      button.dataset.show = name;
      cell.replaceChildren(button);
    }
  }

  function bring(chapter) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    find(chapter, ".board").scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  }

  // what is wider than its place can be scrolled with the keyboard, so it has to be reached with it
  function reach(root) {
    for (const one of all(root, ".scroll")) {
      if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
      else one.removeAttribute("tabindex");
    }
  }

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) reach(entry.target);
  });

  function pressed(target) {
    const chapter = chapterOf(target);
    const box = target.closest(".map .node");
    if (box && box.dataset.node !== undefined) return kill(chapter, killed[chapter.dataset.chapter] === box.dataset.node ? "" : box.dataset.node);
    if (box && box.dataset.flow !== undefined) return start(chapter, box.dataset.flow);
    const button = target.closest("button");
    if (!button) return;
    if (button.dataset.why !== undefined) return why(Number(button.dataset.why));
    if (button.dataset.show) {
      kill(chapter, button.dataset.show);
      bring(chapter);
      return find(chapter, "select.kill").focus({ preventScroll: true });
    }
    if (button.dataset.kill) return kill(chapter, button.getAttribute("aria-pressed") === "true" ? "" : button.dataset.kill);
    if (button.dataset.play) return start(chapter, button.dataset.play);
    if (button.id === "language") return speak(button.dataset.language);
    if (button.id === "print") return window.print();
    const does = { reset: () => kill(chapter, ""), back: () => go(-1), next: () => go(1), play, stop };
    for (const [name, action] of Object.entries(does)) if (button.classList.contains(name)) return action();
  }

  document.addEventListener("click", (event) => pressed(event.target));
  document.addEventListener("keydown", (event) => {
    if ((event.key === "Enter" || event.key === " ") && event.target.closest(".map .node")) {
      event.preventDefault();
      pressed(event.target);
    }
    if (event.key === "Escape" && playing) stop();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("select.kill")) kill(chapterOf(event.target), event.target.value);
  });
  const looked = (event) => {
    const box = event.target.closest?.(".map .node");
    const map = event.target.closest?.(".map");
    if (map) near(chapterOf(map), box ? nameOf(box) : null);
  };
  document.addEventListener("pointerover", looked);
  document.addEventListener("focusin", looked);
  for (const left of ["pointerout", "focusout"]) {
    document.addEventListener(left, (event) => event.target.closest?.(".map") && near(chapterOf(event.target), null));
  }

  document.addEventListener("toggle", (event) => event.target.open && reach(event.target), true);

  // on paper everything is open but the tables that say what a chart shows; afterwards it is as it was
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = all(page, "details:not([open], .numbers, .more)");
    for (const one of folded) one.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
  });
  // a link into something folded opens it
  window.addEventListener("hashchange", () => {
    document.getElementById(location.hash.slice(1))?.closest("details")?.setAttribute("open", "");
  });

  document.documentElement.classList.add("scripted");
  arrange();
})();
