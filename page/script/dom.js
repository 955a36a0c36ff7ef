// Elements. Text is only ever set as text: nothing that somebody has typed or sent is read as HTML.

const $ = (id) => document.getElementById(id);

/** An element with attributes and children; a child that is no element is text, and null is nothing. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Puts `text` there unless it stands there already: what has the focus or is read aloud is left alone. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Text with what stands in backticks as code. */
const worded = (text) => text.split("`").map((part, number) => (number % 2 ? make("code", {}, part) : part));

function show(element, isShown) {
  if (element.hidden === isShown) element.hidden = !isShown;
}

/** What is wrong with the page itself, or with how it was called; empty: nothing. */
function notice(text, isBad = false) {
  say($("notice"), text);
  $("notice").classList.toggle("bad", isBad);
  show($("notice"), text !== "");
}

/** The chosen radio button of a group. */
const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`)?.value;

function choose(name, value) {
  const button = document.querySelector(`input[name="${name}"][value="${value}"]`);
  if (button) button.checked = true;
  showChosen(name.replace("-mode", ""));
}

/** Shows what belongs to the choice, and hides the rest. */
function showChosen(group) {
  const now = chosen(`${group}-mode`);
  for (const element of document.querySelectorAll(`[data-shown-for^="${group} "]`)) {
    show(element, element.dataset.shownFor.split(" ").slice(1).includes(now));
  }
}
