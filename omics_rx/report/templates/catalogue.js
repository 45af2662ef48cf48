"use strict";
// sorts, filters and opens the rows of a catalogue; the page is whole without it
for (const box of document.querySelectorAll(".catalogue")) {
  const table = box.querySelector("table.all");
  const rows = [...table.querySelectorAll("tbody.drug")];
  const find = (name) => box.querySelector(name);
  const inputs = [".find", ".group", ".standing", ".kind"].map(find);
  const [search, group, standing, kind] = inputs;
  const link = find("a.csv");
  const bytes = Uint8Array.from(atob(link.href.split("base64,")[1]), (letter) => letter.charCodeAt(0));
  const lines = new TextDecoder().decode(bytes).trimEnd().split("\n");
  let address = null;

  const head = (row) => row.rows[0].cells;
  const texts = rows.map((row) => [...head(row)].map((cell) => cell.textContent).join(" ").concat(" ", row.dataset.words).toLowerCase());
  const buttons = rows.map((row) => {
    const cell = head(row)[1], button = document.createElement("button");
    button.type = "button";
    button.className = "name";
    button.textContent = cell.textContent;
    cell.replaceChildren(button);
    button.addEventListener("click", () => open(row, !row.classList.contains("opened")));
    return button;
  });
  const buttonOf = new Map(rows.map((row, at) => [row, buttons[at]]));

  function open(row, wanted) {
    row.classList.toggle("opened", wanted);
    row.querySelector("details").open = wanted;
    buttonOf.get(row).setAttribute("aria-expanded", String(wanted));
  }

  function shown(row, at) {
    const said = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    return said.every((word) => texts[at].includes(word))
      && (!group || !group.value || row.dataset.group === group.value)
      && (!standing.value || row.dataset.standing === standing.value)
      && (!kind.value || row.dataset.kinds.includes(" " + kind.value + " "));
  }

  function filter() {
    let count = 0;
    rows.forEach((row, at) => { row.hidden = !shown(row, at); count += row.hidden ? 0 : 1; });
    find(".count").textContent = count === rows.length ? rows.length + " drugs" : count + " of " + rows.length + " drugs";
    save(count);
  }

  function save(count) {
    const order = [...table.querySelectorAll("tbody.drug")].filter((row) => !row.hidden).map((row) => lines[Number(row.dataset.at) + 1]);
    if (address) URL.revokeObjectURL(address);
    address = URL.createObjectURL(new Blob([[lines[0], ...order].join("\n") + "\n"], { type: "text/csv" }));
    link.href = address;
    link.textContent = count === rows.length ? "Download as CSV" : "Download these " + count + " as CSV";
  }

  function sort(column, down) {
    const value = (row) => {
      const cell = head(row)[column];
      return cell.dataset.v === undefined ? null : Number(cell.dataset.v);
    };
    const text = (row) => head(row)[column].textContent;
    const numbers = rows.some((row) => value(row) !== null);
    const sorted = [...rows].sort((one, other) => {
      if (!numbers) return (down ? -1 : 1) * text(one).localeCompare(text(other));
      const [a, b] = [value(one), value(other)];
      if (a === null || b === null) return (a === null) - (b === null); // what is missing stays last
      return down ? b - a : a - b;
    });
    sorted.forEach((row) => table.append(row));
    filter();
  }

  [...table.tHead.rows[0].cells].forEach((cell, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = cell.textContent;
    cell.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = cell.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      cell.setAttribute("aria-sort", down ? "descending" : "ascending");
      sort(column, down);
    });
  });

  function clear() {
    for (const input of inputs) if (input) input.value = "";
    filter();
  }

  function go() {
    const name = decodeURIComponent(location.hash.slice(1));
    const found = name && document.getElementById(name);
    const row = found && found.closest("tbody.drug");
    if (!row || !box.contains(row)) return;
    if (row.hidden) clear();
    open(row, true);
    row.scrollIntoView({ behavior: "instant" });
    buttonOf.get(row).focus({ preventScroll: true });
  }

  for (const input of inputs) if (input) input.addEventListener("input", filter);
  find(".clear").addEventListener("click", clear);
  box.classList.add("live");
  find(".controls").hidden = false;
  rows.forEach((row) => open(row, false));
  filter();
  window.addEventListener("hashchange", go);
  window.addEventListener("load", () => setTimeout(go, 0)); // after the browser's own going there
}
const folded = [];
window.addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details:not([open])")) {
    const row = part.closest("tbody.drug");
    if (!row || row.classList.contains("printed")) { part.open = true; folded.push(part); }
  }
});
window.addEventListener("afterprint", () => { for (const part of folded.splice(0)) part.open = false; });
