import styles from "./Icon.module.css";

/** Line icons on a 24 grid, 2 px strokes. An icon never stands without its word: it is hidden from screen readers. */
const paths = {
  close: "M5 5 19 19M19 5 5 19",
  back: "M15 4 7 12 15 20",
  next: "M9 4 17 12 9 20",
  down: "M5 9 12 16 19 9",
  retry: "M20 12A8 8 0 1 1 17 5.7M17.500 1.500V6H13",
  up: "M5 15 12 8 19 15",
  plus: "M12 4V20M4 12H20",
  phone:
    "M6 3H9L11 8 8.5 9.5A11 11 0 0 0 14.5 15.5L16 13 21 15V18A3 3 0 0 1 18 21C10 20.500 3.500 14 3 6A3 3 0 0 1 6 3Z",
  chat: "M4 4H20V16H10L5 20V16H4Z",
  camera:
    "M4 7H7L9 4H15L17 7H20A1 1 0 0 1 21 8V19A1 1 0 0 1 20 20H4A1 1 0 0 1 3 19V8A1 1 0 0 1 4 7ZM12 10A3.500 3.500 0 1 1 12 17 3.500 3.500 0 1 1 12 10Z",
  film: "M4 6H15A1 1 0 0 1 16 7V17A1 1 0 0 1 15 18H4A1 1 0 0 1 3 17V7A1 1 0 0 1 4 6ZM16 11 21 7.500V16.500L16 13",
  play: "M7 4 19 12 7 20Z",
  mic: "M12 3A3 3 0 0 1 15 6V11A3 3 0 0 1 9 11V6A3 3 0 0 1 12 3ZM5 11A7 7 0 0 0 19 11M12 18V21",
  "mic-off":
    "M9 9V11A3 3 0 0 0 14 13.200M15 9V6A3 3 0 0 0 9.200 5M5 11A7 7 0 0 0 16.500 16.300M19 11A7 7 0 0 1 18.500 13.500M12 18V21M4 3 20 20",
  video: "M3 7H15V17H3ZM15 10.500 21 7.500V16.500L15 13.500",
  "hang-up":
    "M3 14.500C3 11 7 8.500 12 8.500S21 11 21 14.500L20 17 15.500 16 15 13.200A10 10 0 0 0 9 13.200L8.500 16 4 17Z",
  gear: "M4 7H13M17 7H20M15 4.800A2.200 2.200 0 1 1 15 9.200 2.200 2.200 0 1 1 15 4.800ZM4 17H7M11 17H20M9 14.800A2.200 2.200 0 1 1 9 19.200 2.200 2.200 0 1 1 9 14.800Z",
  letter: "M6 3H14L19 8V21H6ZM14 3V8H19M9 13H16M9 17H14",
  "zoom-in":
    "M10.500 4A6.500 6.500 0 1 1 10.500 17 6.500 6.500 0 1 1 10.500 4ZM15.500 15.500 21 21M10.500 7.500V13.500M7.500 10.500H13.500",
  "zoom-out":
    "M10.500 4A6.500 6.500 0 1 1 10.500 17 6.500 6.500 0 1 1 10.500 4ZM15.500 15.500 21 21M7.500 10.500H13.500",
  print: "M7 9V3H17V9M7 18H4V9H20V18H17M7 14H17V21H7Z",
  download: "M12 3V15M7 11 12 16 17 11M4 20H20",
  link: "M10 14A4 4 0 0 0 16 14L19 11A4 4 0 0 0 13 5L12 6M14 10A4 4 0 0 0 8 10L5 13A4 4 0 0 0 11 19L12 18",
  search: "M10.500 4A6.500 6.500 0 1 1 10.500 17 6.500 6.500 0 1 1 10.500 4ZM15.500 15.500 21 21",
  torch: "M8 3H16V7L14 11V21H10V11L8 7ZM8 7H16",
  flip: "M4 9A8 8 0 0 1 19 8M19 3V8H14M20 15A8 8 0 0 1 5 16M5 21V16H10",
  person: "M12 4A4 4 0 1 1 12 12 4 4 0 1 1 12 4ZM4 21C4 16 8 14.500 12 14.500S20 16 20 21",
  file: "M6 3H14L19 8V21H6ZM14 3V8H19",
  send: "M4 12H19M13 6 19 12 13 18",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 24 }: { name: IconName; size?: number }) {
  return (
    <svg
      className={styles.icon}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
