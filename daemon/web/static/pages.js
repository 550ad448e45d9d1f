"use strict";
// Pages work without this file. With it a form survives a lost connection, photos are reduced before they are sent,
// a signature is drawn on the screen, and long lists are ticked at once.
(() => {
  const LONGEST_SIDE = 1600;
  const QUALITY = 0.8;
  const AGAIN_MS = 5000;
  const SERVER_AWAY = 502; // and above: a proxy without its server, or a store that is away
  const banner = document.querySelector(".offline");

  // What is kept on the device: texts in localStorage, photos in a database of the browser.
  const shelf = (mode, act) =>
    new Promise((resolve, reject) => {
      const opened = indexedDB.open("hourkeeper", 1);
      opened.onupgradeneeded = () => opened.result.createObjectStore("photos");
      opened.onerror = () => reject(opened.error);
      opened.onsuccess = () => {
        const asked = act(opened.result.transaction("photos", mode).objectStore("photos"));
        asked.onsuccess = () => resolve(asked.result);
        asked.onerror = () => reject(asked.error);
      };
    });
  const nameOf = (form) => "hourkeeper-form-" + form.dataset.keep;
  const kept = (form) => JSON.parse(localStorage.getItem(nameOf(form)) || "null");

  function fieldsOf(form) {
    const seen = {};
    const found = new Map();
    for (const each of form.elements) {
      const isKept = each.name && each.type !== "file" && (each.type !== "hidden" || each.name === "signature");
      if (isKept) found.set(each.name + "#" + (seen[each.name] = (seen[each.name] || 0) + 1), each);
    }
    return found;
  }

  // Sent again after a lost answer, a form has the same key: the server does it once.
  const newKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16)).join("");

  function remember(form, waiting = "") {
    const values = {};
    for (const [name, each] of fieldsOf(form)) values[name] = each.type === "checkbox" ? each.checked : each.value;
    localStorage.setItem(nameOf(form), JSON.stringify({ values, waiting }));
  }

  function recall(form) {
    const values = (kept(form) || {}).values || {};
    for (const [name, each] of fieldsOf(form)) {
      if (values[name] === undefined) continue;
      if (each.type === "checkbox") each.checked = values[name];
      else if (values[name] !== "") each.value = values[name];
    }
  }

  async function forget(form) {
    localStorage.removeItem(nameOf(form));
    if (form.querySelector("[data-photos]")) await shelf("readwrite", (photos) => photos.delete(nameOf(form)));
  }

  // Photos.
  async function reduced(file) {
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      return await new Promise((resolve) => canvas.toBlob((blob) => resolve(blob || file), "image/jpeg", QUALITY));
    } catch {
      return file; // the server says what is wrong with it
    }
  }

  function showPhotos(form) {
    const list = form.querySelector("[data-photos]");
    list.replaceChildren(
      ...form.photos.map((photo, index) => {
        const item = document.createElement("li");
        const picture = document.createElement("img");
        picture.src = URL.createObjectURL(photo);
        picture.alt = String(index + 1);
        const button = document.createElement("button");
        button.type = "button";
        button.className = "quiet";
        button.textContent = list.dataset.remove;
        button.addEventListener("click", () => keepPhotos(form, form.photos.filter((each) => each !== photo)));
        item.append(picture, button);
        return item;
      }),
    );
  }

  async function keepPhotos(form, photos) {
    form.photos = photos;
    showPhotos(form);
    await shelf("readwrite", (store) => store.put(photos, nameOf(form)));
  }

  function setUpPhotos(form) {
    const input = form.querySelector("input[type=file]");
    form.photos = [];
    if (!input) return Promise.resolve();
    input.addEventListener("change", async () => {
      const files = [...input.files];
      input.value = "";
      form.reducing = Promise.all(files.map(reduced)).then((found) => keepPhotos(form, [...form.photos, ...found]));
    });
    return shelf("readonly", (store) => store.get(nameOf(form))).then((photos) => {
      form.photos = [...(photos || []), ...form.photos];
      showPhotos(form);
    });
  }

  // Signature.
  function setUpSignature(box) {
    const canvas = box.querySelector("canvas");
    const value = box.querySelector("input[name=signature]");
    const pen = canvas.getContext("2d");
    pen.lineWidth = 4;
    pen.lineCap = "round";
    pen.lineJoin = "round";
    const place = (event) => {
      const frame = canvas.getBoundingClientRect();
      const scale = canvas.width / frame.width;
      return [(event.clientX - frame.left) * scale, (event.clientY - frame.top) * (canvas.height / frame.height)];
    };
    let drawing = false;
    canvas.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      canvas.setPointerCapture(event.pointerId);
      drawing = true;
      pen.beginPath();
      pen.moveTo(...place(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!drawing) return;
      pen.lineTo(...place(event));
      pen.stroke();
    });
    const end = () => {
      if (!drawing) return;
      drawing = false;
      value.value = canvas.toDataURL("image/png");
      value.form.dispatchEvent(new Event("input"));
    };
    canvas.addEventListener("pointerup", end);
    canvas.addEventListener("pointercancel", end);
    box.querySelector("[data-clear]").addEventListener("click", () => {
      pen.clearRect(0, 0, canvas.width, canvas.height);
      value.value = "";
      remember(value.form);
    });
    if (value.value) {
      const picture = new Image();
      picture.onload = () => pen.drawImage(picture, 0, 0);
      picture.src = value.value;
    }
  }

  // Sending: one at a time, for a press, a timer and a connection that is back may all ask for it.
  async function send(form) {
    if (form.sending) return;
    form.sending = true;
    try {
      await sendOnce(form);
    } finally {
      form.sending = false;
    }
  }

  async function sendOnce(form) {
    clearTimeout(form.again);
    await form.reducing;
    const content = new FormData(form);
    content.delete("photo");
    form.photos.forEach((photo, index) => content.append("photo", photo, index + 1 + ".jpg"));
    const headers = { "Idempotency-Key": (kept(form) || {}).waiting || newKey() };
    let answer, text;
    try {
      answer = await fetch(form.action, { method: "POST", body: content, headers });
      text = await answer.text();
      if (answer.status >= SERVER_AWAY) throw new Error(answer.statusText);
    } catch {
      banner.hidden = false;
      form.again = setTimeout(() => send(form), AGAIN_MS);
      return;
    }
    banner.hidden = true;
    if (answer.redirected && answer.url.includes("/login?")) {
      window.location.assign("/login?to=" + encodeURIComponent(window.location.pathname));
    } else if (answer.redirected) {
      await forget(form);
      window.location.assign(answer.url);
    } else {
      remember(form);
      showAnswer(text);
    }
  }

  function showAnswer(text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    document.querySelector("main").replaceWith(document.adoptNode(page.querySelector("main")));
    setUp(document.querySelector("main"));
    const problem = document.querySelector("main .problem");
    if (problem) {
      problem.tabIndex = -1;
      problem.focus();
      problem.scrollIntoView({ block: "center" });
    }
  }

  async function setUpForm(form) {
    recall(form);
    for (const box of form.querySelectorAll("[data-sign]")) setUpSignature(box);
    form.addEventListener("input", () => remember(form));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (form.sending) return;
      remember(form, newKey());
      send(form);
    });
    window.addEventListener("online", () => {
      if ((kept(form) || {}).waiting && form.isConnected) send(form);
    });
    await setUpPhotos(form).catch(() => {});
    form.dataset.ready = "yes";
    if ((kept(form) || {}).waiting) send(form);
  }

  function setUp(root) {
    for (const all of root.querySelectorAll("[data-all]")) {
      all.addEventListener("change", () => {
        for (const box of all.closest("form").querySelectorAll("input[name=order]")) box.checked = all.checked;
      });
    }
    for (const button of root.querySelectorAll("[data-all-done]")) {
      button.addEventListener("click", () => {
        for (const result of button.closest("fieldset").querySelectorAll("select")) {
          if (!result.value) result.selectedIndex = 1;
        }
        button.closest("form").dispatchEvent(new Event("input"));
      });
    }
    // On a telephone the list comes first; without scripts the filters stay open.
    if (window.matchMedia("(max-width: 720px)").matches) {
      for (const fold of root.querySelectorAll("details.fold")) fold.open = false;
    }
    for (const form of root.querySelectorAll("form[data-keep]")) setUpForm(form);
  }

  window.addEventListener("offline", () => (banner.hidden = false));
  window.addEventListener("online", () => (banner.hidden = true));
  setUp(document);
})();
