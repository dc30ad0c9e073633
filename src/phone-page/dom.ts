type Child = Node | string | null;
type Props = Readonly<Record<string, string | boolean | ((event: Event) => void)>>;

const svgNamespace = "http://www.w3.org/2000/svg";

function fill<E extends Element>(element: E, props: Props, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** An element with attributes, listeners (a function under the event's name) and children. Text is only ever text. */
export const el = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] => fill(document.createElement(tag), props, children);

export const svg = <K extends keyof SVGElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] => fill(document.createElementNS(svgNamespace, tag), props, children);

/** A button that says its verb; the primary one carries the thread's loop. */
export function button(kind: "primary" | "secondary" | "link" | "danger", words: string, act: () => void) {
  return el(
    "button",
    { type: "button", class: kind, click: act },
    kind === "primary" ? loop() : null,
    el("span", {}, words),
  );
}

/** The thread's end runs into the action and ties a knot before the verb. */
const loop = (): SVGElement =>
  svg(
    "svg",
    { viewBox: "0 0 66 26", class: "loop", "aria-hidden": "true" },
    svg("path", {
      d: "M0 22H23C33 22 40.500 19 40.500 13C40.500 9 37.600 6.600 34 6.600C30.400 6.600 27.500 9 27.500 13C27.500 19 35 22 45 22H62",
    }),
  );

/** One knot of the thread, tied or to come, beside what it stands for. */
export const knot = (tied: boolean): SVGElement =>
  svg(
    "svg",
    { viewBox: "-3 -13 22 26", class: tied ? "knot" : "knot open", "aria-hidden": "true" },
    tied
      ? svg("path", {
          d: "M0-13V-11C0-1 3 6.500 9 6.500C13 6.500 15.400 3.600 15.400 0C15.400-3.600 13-6.500 9-6.500C3-6.500 0 1 0 11V13",
        })
      : svg("circle", { cx: "0", cy: "0", r: "2.200" }),
  );
