// Before anything is drawn, so that a choice that was made does not flash. The colours themselves are in style.css.
try {
  const theme = localStorage.getItem("schemactor-theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch { /* no storage: as the system has it */ }
