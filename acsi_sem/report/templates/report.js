(() => {
  "use strict";
  const key = (row, place) => {
    const cell = row.cells[place];
    const text = cell.dataset.s ?? cell.textContent.trim();
    if (text === "") return null;
    const value = Number(text);
    return Number.isNaN(value) ? text : value;
  };
  const compare = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    return String(a).localeCompare(String(b), document.documentElement.lang, { numeric: true });
  };
  const sort = (table, place, head) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows].map((row) => [key(row, place), row]);
    rows.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return (down ? -1 : 1) * compare(a, b);
    });
    table.tBodies[0].append(...rows.map(([, row]) => row));
  };
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    [...table.tHead.rows[0].cells].forEach((head, place) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sort(table, place, head));
    });
    if (table.tBodies[0].rows.length < 13) continue;
    const line = document.createElement("div");
    line.className = "filter";
    const label = document.createElement("label");
    const input = document.createElement("input");
    const told = document.createElement("span");
    input.type = "search";
    input.id = table.id + "-filter";
    label.htmlFor = input.id;
    label.textContent = "Find a row";
    told.setAttribute("role", "status");
    line.append(label, input, told);
    table.parentElement.before(line);
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLocaleLowerCase();
      let found = 0;
      for (const row of table.tBodies[0].rows) {
        const name = row.cells[0].textContent + " " + row.cells[1].textContent;
        row.hidden = !name.toLocaleLowerCase().includes(wanted);
        found += row.hidden ? 0 : 1;
      }
      told.textContent = wanted ? found + " of " + table.tBodies[0].rows.length : "";
    });
  }
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open]):not(.contents)")];
    for (const part of opened) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of opened) part.open = false;
    opened = [];
  });
})();
