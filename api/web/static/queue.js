// Keys that press the page's buttons, and a count of what waits.
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
  const button = [...document.querySelectorAll("[data-key]")].find((each) => each.dataset.key === event.key);
  if (button) {
    event.preventDefault();
    button.click();
  }
});

const counts = document.getElementById("counts");
async function count() {
  const answer = await fetch("/queue/counts", { headers: { accept: "application/json" } });
  if (!answer.ok) return;
  const { waiting, taken } = await answer.json();
  counts.textContent = counts.dataset.words.replace("%w", waiting).replace("%t", taken);
}
if (counts) {
  count();
  setInterval(count, 15000);
}
