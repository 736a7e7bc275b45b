
(() => {
  const tip = document.getElementById("tip");
  const place = (x, y) => {
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(8, Math.min(x + 14, innerWidth - box.width - 8)) + "px";
    tip.style.top = (y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18) + "px";
  };
  const show = (target, x, y) => {
    const text = target && target.dataset.tip;
    tip.hidden = !text;
    if (text) { tip.textContent = text; place(x, y); }
  };
  const over = (event) => show(event.target.closest("[data-tip]"), event.clientX, event.clientY);
  document.addEventListener("pointermove", over);
  document.addEventListener("pointerdown", over);
  document.addEventListener("focusin", (event) => {
    const box = event.target.getBoundingClientRect();
    show(event.target.closest("[data-tip]"), box.left, box.bottom - 14);
  });
  document.addEventListener("focusout", () => show(null));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") show(null); });
})();
