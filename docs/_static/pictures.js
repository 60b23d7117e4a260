/* A picture opens by itself when it is clicked: larger, with its tooltips and links. One
   that a page would shrink too much stays legible, and scrolls in its frame. */

const SMALLEST = 0.4; // of its own size

function place(image) {
  const width = image.naturalWidth * SMALLEST;
  const wide = width > image.closest(".cell_output").clientWidth;
  image.classList.toggle("wide", wide);
  image.style.width = wide ? `${width}px` : "";
}

window.addEventListener("load", () => {
  for (const image of document.querySelectorAll('.cell_output img[src$=".svg"]')) {
    const link = document.createElement("a");
    link.href = image.src;
    link.title = "Open the picture by itself";
    image.replaceWith(link);
    link.append(image);
    place(image);
    window.addEventListener("resize", () => place(image));
  }
});
