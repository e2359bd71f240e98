"use strict";
/* Sorts, filters and searches the rankings; without it the page shows all of them, in order. */
(() => {
  const collator = new Intl.Collator("zh-CN", { numeric: true });
  const sections = [...document.querySelectorAll("section[data-group]")];
  const controls = document.getElementById("controls");
  const search = document.getElementById("search");
  const status = document.getElementById("status");
  const choices = [...controls.querySelectorAll("button[data-group]")];
  let chosen = "";

  function show() {
    const wanted = search.value.trim().toLowerCase();
    let count = 0;
    for (const section of sections) {
      const isChosen = chosen === "" || section.dataset.group === chosen;
      let found = 0;
      for (const row of section.querySelectorAll("tbody tr")) {
        row.hidden = !row.dataset.name.toLowerCase().includes(wanted);
        found += row.hidden ? 0 : 1;
      }
      section.hidden = !isChosen || found === 0;
      count += section.hidden ? 0 : found;
    }
    status.textContent = count === 0 ? "没有符合的单位" : `共显示 ${count} 个单位`;
  }

  function value(row, column) {
    const cell = row.cells[column];
    return cell.dataset.value ?? cell.textContent.trim();
  }

  function compare(left, right, isNumber) {
    if (!isNumber) return collator.compare(left, right);
    const [a, b] = [left, right].map((text) => (text === "" ? NaN : Number(text)));
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
    return a - b;
  }

  function sort(table, heading) {
    const column = heading.cellIndex;
    const isNumber = heading.dataset.sort === "number";
    const isDescending = heading.ariaSort === "ascending" ||
      (heading.ariaSort !== "descending" && heading.hasAttribute("data-descending"));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows];
    rows.sort((a, b) => {
      const [left, right] = [value(a, column), value(b, column)];
      if (left === "" || right === "") return compare(left, right, isNumber);
      const order = compare(left, right, isNumber) * (isDescending ? -1 : 1);
      return order || Number(value(a, 0)) - Number(value(b, 0));
    });
    table.tBodies[0].append(...rows);
  }

  for (const section of sections) {
    const table = section.querySelector("table");
    for (const heading of table.querySelectorAll("th[data-sort]")) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(table, heading));
      heading.append(button);
    }
  }
  for (const choice of choices) {
    choice.addEventListener("click", () => {
      chosen = choice.dataset.group;
      for (const each of choices) each.setAttribute("aria-pressed", String(each === choice));
      show();
    });
  }
  search.addEventListener("input", show);
  controls.hidden = false;
})();
