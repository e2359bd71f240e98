"use strict";
/* Shows two units of the tables and what parts them; without it the page shows all units. */
(() => {
  const form = document.getElementById("choice");
  const { one, other } = form.elements;
  const sections = [...document.querySelectorAll("section[data-compared]")];
  const places = 10;

  /* Points as a whole number of the last decimal that they have, so that differences are exact. */
  function whole(text) {
    const [, sign, units, decimals = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
    const value = BigInt(units + decimals.padEnd(places, "0"));
    return sign ? -value : value;
  }

  function points(value) {
    if (value === 0n) return "0";
    const digits = (value < 0n ? -value : value).toString().padStart(places + 1, "0");
    const decimals = digits.slice(-places).replace(/0+$/, "").padEnd(2, "0");
    return `${value < 0n ? "−" : "+"}${digits.slice(0, -places)}.${decimals}`;
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
          last.textContent = points(theirs - mine);
          row.hidden = row.classList.contains("quiet");
        }
        row.append(last);
      }
    }
    const names = [one, other].map((each) => each.selectedOptions[0]?.textContent ?? "");
    document.getElementById("status").textContent = `比较${names.join("与")}`;
  }

  form.hidden = false;
  form.addEventListener("change", (event) => {
    if (event.target === one) offer();
    show();
  });
  const asked = new URLSearchParams(location.search);
  if ([...one.options].some((each) => each.value === asked.get("one"))) one.value = asked.get("one");
  offer(asked.get("other"));
  show();
})();
