// Files may be dropped on the form; several are sent one after the other, each with its progress.
const form = document.getElementById("register");
const input = document.getElementById("file");
const list = document.getElementById("files");
const area = form.querySelector(".drop");

function show() {
  list.replaceChildren(...[...input.files].map((file) => {
    const item = document.createElement("li");
    item.textContent = `${file.name} – ${list.dataset.waiting}`;
    return item;
  }));
}

for (const name of ["dragenter", "dragover"]) area.addEventListener(name, (event) => {
  event.preventDefault();
  area.classList.add("over");
});
for (const name of ["dragleave", "drop"]) area.addEventListener(name, () => area.classList.remove("over"));
area.addEventListener("drop", (event) => {
  event.preventDefault();
  input.files = event.dataTransfer.files;
  show();
});
input.addEventListener("change", show);

function send(file, item) {
  const data = new FormData(form);
  data.delete("file");
  data.append("file", file);
  const bar = document.createElement("progress");
  item.textContent = `${file.name} – ${list.dataset.sending} `;
  item.append(bar);
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.upload.addEventListener("progress", (event) => {
      bar.max = event.total;
      bar.value = event.loaded;
    });
    request.addEventListener("loadend", () => resolve(request));
    request.send(data);
  });
}

form.addEventListener("submit", async (event) => {
  if (input.files.length < 2) return;
  event.preventDefault();
  form.querySelector("button").disabled = true;
  for (const [at, file] of [...input.files].entries()) {
    const item = list.children[at];
    const answer = await send(file, item);
    const work = new URL(answer.responseURL || location.href).pathname.match(/^\/works\/(work_\w+)$/);
    item.textContent = `${file.name} – ${work ? list.dataset.done : list.dataset.failed} `;
    if (work) {
      const link = document.createElement("a");
      link.href = `/works/${work[1]}`;
      link.textContent = work[1];
      item.append(link);
    } else {
      const page = new DOMParser().parseFromString(answer.responseText, "text/html");
      item.append(page.querySelector("[role=alert]")?.textContent.trim() ?? answer.statusText);
    }
  }
  form.querySelector("button").disabled = false;
});
