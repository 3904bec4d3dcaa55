// Keyboard shortcuts and small comforts. Every page works without this file.
(() => {
  "use strict";
  const help = document.getElementById("keys");
  const rows = () => [...document.querySelectorAll("[data-row]")];

  const typing = (target) => target.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, [contenteditable]") !== null;

  function move(by) {
    const all = rows();
    if (all.length === 0) return;
    const at = all.findIndex((row) => row.classList.contains("here"));
    const next = Math.min(Math.max(at + by, 0), all.length - 1);
    all.forEach((row) => row.classList.remove("here"));
    all[next].classList.add("here");
    all[next].querySelector("a")?.focus({ preventScroll: true });
    all[next].scrollIntoView({ block: "nearest" });
  }

  function choose(number) {
    const choice = document.querySelector(`[data-key="${number}"]`);
    if (choice === null) return false;
    choice.checked = true;
    choice.dispatchEvent(new Event("change", { bubbles: true }));
    choice.focus();
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "/") document.querySelector("input[type=search]")?.focus();
    else if (event.key === "?") help?.showModal();
    else if (/^[1-4]$/.test(event.key)) { if (!choose(event.key)) return; }
    else return;
    event.preventDefault();
  });

  // A second press while the first is under way would do the same once more. Whoever stops the page waiting may try again.
  const PATIENCE = 10_000;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent !== undefined) { event.preventDefault(); return; }
    form.dataset.sent = "";
    setTimeout(() => { delete form.dataset.sent; }, PATIENCE);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((form) => { delete form.dataset.sent; }));

  // A page that loads itself again, as that of a call does when the call is over, keeps what was typed meanwhile.
  const KEPT = `typed ${location.pathname}`;
  const fields = () => [...document.querySelectorAll("form[data-kept] :is(input:not([type=hidden]), textarea, select)")];
  const isTyped = (field) => field.type === "radio" ? field.checked && !field.defaultChecked : field.value !== (field.defaultValue ?? "");
  window.addEventListener("pagehide", () => {
    sessionStorage.setItem(KEPT, JSON.stringify(fields().filter(isTyped).map((field) => [field.name, field.value])));
  });
  const typed = JSON.parse(sessionStorage.getItem(KEPT) ?? "[]");
  sessionStorage.removeItem(KEPT);
  if (performance.getEntriesByType("navigation")[0]?.type === "reload") {
    for (const [name, value] of typed) {
      for (const field of fields().filter((one) => one.name === name)) {
        if (field.type === "radio") field.checked = field.value === value;
        else field.value = value;
        field.closest("details")?.setAttribute("open", "");
      }
    }
  }

  // What comes next is asked only after the outcomes that leave it open.
  const next = document.querySelector("[data-next]");
  if (next !== null) {
    const show = () => {
      const outcome = document.querySelector("input[name=outcome]:checked");
      next.hidden = outcome === null || !next.dataset.next.split(" ").includes(outcome.value);
    };
    document.addEventListener("change", show);
    show();
  }

  // A page that renews itself stands still while nobody looks, and is up to date when somebody does.
  document.addEventListener("htmx:beforeRequest", (event) => { if (document.hidden) event.preventDefault(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) htmx.trigger(document.body, "looked"); });
  // Whoever is signed out by now gets the page that says so, and not a piece of it.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (new URL(event.detail.xhr.responseURL).pathname !== "/sign-in") return;
    event.detail.shouldSwap = false;
    location.reload();
  });
  document.addEventListener("htmx:afterSwap", () => document.activeElement?.closest("[data-row]")?.classList.add("here"));

  const scrollDown = () => document.querySelectorAll("[data-at-end]").forEach((thread) => { thread.scrollTop = thread.scrollHeight; });
  document.addEventListener("htmx:afterSwap", scrollDown);
  scrollDown();

  // Hidden until here: without this file nothing would come of a press.
  document.querySelectorAll("[data-opens]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => document.getElementById(button.dataset.opens)?.showModal());
  });
})();
