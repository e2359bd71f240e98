"use strict";
/* Shows two units of the tables and what parts them; without it the page shows all units. */
(() => {
  const choice = document.getElementById("choice");
  const { one, other } = choice.elements;
  const sections = [...document.querySelectorAll("section[data-compared]")];
  const places = 10;

  /* Points as a whole number of the last decimal that they have, so that differences are exact. */
  function whole(text) {
    const [, sign, units, decimals = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
    const value = BigInt(units + decimals.padEnd(places, "0"));
    return sign ? -value : value;
  }

  function points(value, kept) {
    const unit = 10n ** BigInt(places - kept);
    const size = ((value < 0n ? -value : value) + unit / 2n) / unit;
    const digits = size.toString().padStart(kept + 1, "0");
    const sign = size === 0n ? "" : value < 0n ? "−" : "+";
    return `${sign}${digits.slice(0, -kept)}.${digits.slice(-kept)}`;
  }

  /* Two decimals, and all that there are where the page's box for exact figures is ticked. */
  function figure(value) {
    const texts = {
      rounded: points(value, 2),
      exact: points(value, places).replace(/0{1,8}$/, ""),
    };
    return Object.entries(texts).map(([name, text]) => {
      const span = document.createElement("span");
      span.className = name;
      span.textContent = text;
      return span;
    });
  }

  function heading(section, page) {
    return [...section.querySelectorAll("th[data-unit]")].find((each) => each.dataset.unit === page);
  }

  function offer(chosen) {
    const group = one.selectedOptions[0].parentElement;
    other.replaceChildren(
      ...[...group.children].filter((each) => !each.selected).map((each) => each.cloneNode(true)),
    );
    if (chosen) other.value = chosen;
    if (!other.value) other.selectedIndex = 0;
  }

  function show() {
    for (const section of sections) {
      const shown = [one, other].map((each) => heading(section, each.value));
      section.hidden = !shown[0];
      if (section.hidden) continue;
      const table = section.querySelector("table");
      const columns = shown.map((each) => each?.cellIndex);
      for (const row of table.rows) {
        row.querySelector(".apart")?.remove();
        [...row.cells].forEach((cell, place) => {
          cell.hidden = place > 0 && !columns.includes(place);
        });
        const last = document.createElement(row.parentElement.tagName === "THEAD" ? "th" : "td");
        last.className = "number apart";
        if (last.tagName === "TH") {
          last.scope = "col";
          last.textContent = `${shown[0].textContent}比${shown[1]?.textContent ?? ""}`;
        } else if (columns[1]) {
          const [mine, theirs] = columns.map((place) => whole(row.cells[place].dataset.lost));
          last.append(...figure(theirs - mine));
          row.hidden = row.classList.contains("quiet");
        }
        row.append(last);
      }
    }
    const names = [one, other].map((each) => each.selectedOptions[0]?.textContent ?? "");
    document.getElementById("status").textContent = `比较${names.join("与")}`;
  }

  choice.hidden = false;
  choice.addEventListener("change", (event) => {
    if (event.target === one) offer();
    show();
  });
  const asked = new URLSearchParams(location.search);
  if ([...one.options].some((each) => each.value === asked.get("one"))) one.value = asked.get("one");
  offer(asked.get("other"));
  show();
})();
