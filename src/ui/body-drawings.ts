import type { BodyRegionId } from "#protocol/body-sites.ts";

/** A region to press. A sided one is drawn on the left half of the picture only; its twin is mirrored. Absolute commands only. */
export type Zone = {
  readonly region: BodyRegionId;
  readonly d: string;
  /** What is left around the others: pressed as they are, without an outline of its own. */
  readonly around?: true;
};

export type Drawing = {
  readonly height: number;
  /** Filled shapes in ink, from the back to the front. */
  readonly outline: readonly string[];
  /** Covers the seam of two halves, in the colour of the body. */
  readonly seam: string;
  readonly folds: readonly string[];
  /** What is only a help to the eye: the spine. */
  readonly dotted: readonly string[];
  /** Later ones lie over earlier ones. */
  readonly zones: readonly Zone[];
};

/** Width of every drawing; the body's axis is in its middle. */
export const drawingWidth = 342;
export const mirror = `translate(${drawingWidth} 0) scale(-1 1)`;

/** One half of the body, from the crown to the feet; the other is its mirror. */
const half =
  "M171 3C145 3 131 20 131 46C131 64 136 78 143 88C150 97 153.500 102 153.500 111C153.500 125 141 129 126 134C102 143 84 147 70 160C56 174 52 190 51 210C49 250 42 280 36 304C28 340 16 380 12 412C10 430 5 452 7 476C9 490 15 498 23 498C31 498 37 488 38 474C39 456 36 446 38 430C44 396 60 350 72 304C80 272 84 246 89 220C91 246 94 270 100 298C104 318 107 330 106 345C104 380 96 405 90 430C84 455 82 480 83 510C85 560 94 610 98 640C101 660 97 690 98 715C99 755 108 790 111 820C112 838 96 856 96 866C96 878 104 882 122 882C140 882 148 878 147 864C146 848 139 838 140 818C143 785 154 745 153 710C152 690 150 670 152 645C156 600 168 550 171 508";

const whole = [half, mirrored(half)];
const seam = "M171 6V500";

/** The same path on the other side: curves and lines only, x mirrored about the axis. */
function mirrored(path: string): string {
  return path.replace(/([MCL])([^MCL]*)/g, (_, command: string, numbers: string) => {
    const values = numbers
      .trim()
      .split(/[\s,]+/)
      .map(Number);
    return command + values.map((value, index) => (index % 2 === 0 ? drawingWidth - value : value)).join(" ");
  });
}

const limbs: readonly Zone[] = [
  { region: "shoulder", d: "M54 188C57 172 66 160 92 150L116 141L110 170L90 190Z" },
  { region: "upper-arm", d: "M53 194L87 194L87 222L80 268L45 268C49 240 51 216 53 194Z" },
  { region: "forearm", d: "M44 274L78 274L53 368L22 368Z" },
  { region: "wrist", d: "M21 374L52 374L43 406L13 406Z" },
  { region: "hand", d: "M13 412L41 412L37 452L9 452Z" },
  { region: "finger", d: "M8 458H37C37 478 36 492 23 494C10 494 8 478 8 458Z" },
  { region: "lower-leg", d: "M103 682L148 682C151 722 144 764 139 798L114 798C108 762 100 722 103 682Z" },
  { region: "ankle", d: "M113 804L139 804L137 832L114 832Z" },
  { region: "foot", d: "M113 838L138 838L143 858L102 858Z" },
  { region: "toe", d: "M100 864H144C144 876 138 879 122 879C106 879 100 876 100 864Z" },
];

export const drawings = {
  front: {
    height: 886,
    outline: whole,
    seam,
    folds: [
      "M118 236C128 250 150 252 162 242",
      "M224 236C214 250 192 252 180 242",
      "M169 330C170 333 172 333 173 330",
      "M134 140C146 146 158 148 166 146M208 140C196 146 184 148 176 146",
    ],
    dotted: [],
    zones: [
      ...limbs,
      { region: "face", d: "M139 34C146 28 196 28 203 34C206 62 196 88 171 93C146 88 136 62 139 34Z" },
      { region: "neck", d: "M155 100H187V116L194 126H148L155 116Z" },
      { region: "chest", d: "M122 152H220L214 188H128Z" },
      { region: "breast", d: "M98 194H165V240C146 256 112 252 98 238Z" },
      {
        region: "abdomen",
        d: "M101 262H241C236 290 232 320 234 346L238 372H104L108 346C110 320 106 290 101 262Z",
      },
      { region: "hip", d: "M102 380H128L122 440L88 446C90 420 96 400 102 380Z" },
      { region: "groin", d: "M134 386L158 424L154 466L128 448Z" },
      { region: "perineum", d: "M163 428H179L184 470L171 504L158 470Z" },
      {
        region: "thigh",
        d: "M87 454L122 450L152 474L164 512C160 544 156 572 153 600H97C89 552 86 504 87 454Z",
      },
      { region: "knee", d: "M98 608H152L149 674H102C104 652 102 628 98 608Z" },
    ],
  },
  back: {
    height: 886,
    outline: whole,
    seam,
    folds: [
      "M114 334C124 340 144 341 156 336",
      "M228 334C218 340 198 341 186 336",
      "M157 404L171 428L185 404",
    ],
    dotted: ["M171 126V392"],
    zones: [
      ...limbs,
      { region: "scalp", d: "M136 48C136 -2 206 -2 206 48L202 68H140Z" },
      { region: "nape", d: "M155 90H187V114L194 126H148L155 114Z" },
      {
        region: "back",
        d: "M150 134H192V264H238C235 284 233 302 234 318H108C109 302 107 284 104 264H150Z",
      },
      {
        region: "scapula",
        d: "M98 186C104 176 124 172 143 175C144 204 141 236 129.500 258C122 240 99 204 98 186Z",
      },
      { region: "lumbar", d: "M107 324H235L241 376H101Z" },
      { region: "buttock", d: "M98 384L165 390V470C148 486 112 482 88 456C89 430 93 404 98 384Z" },
      {
        region: "thigh",
        d: "M87 466C106 488 142 492 160 482L166 512C161 544 156 572 153 600H97C89 552 86 510 87 466Z",
      },
      { region: "knee", d: "M98 608H152L149 674H102C104 652 102 628 98 608Z" },
    ],
  },
  head: {
    height: 412,
    outline: [
      "M26 412C44 386 70 376 96 364C124 350 130 332 128 290H214C212 332 218 350 246 364C272 376 298 386 316 412",
      "M82 150C62 136 52 160 60 186C66 210 78 218 90 210",
      "M260 150C280 136 290 160 282 186C276 210 264 218 252 210",
      "M171 16C105 16 73 66 77 138C79 168 81 188 85 206C93 252 123 318 171 320C219 318 249 252 257 206C261 188 263 168 265 138C269 66 237 16 171 16Z",
    ],
    seam: "",
    folds: [
      "M92 128C104 116 134 116 146 126",
      "M250 128C238 116 208 116 196 126",
      "M154 206C148 214 152 220 160 219C166 224 176 224 182 219C190 220 194 214 188 206",
      "M140 262C154 259 164 261 171 263C178 261 188 259 202 262",
      "M68 164C62 172 66 190 76 196M274 164C280 172 276 190 266 196",
    ],
    dotted: [],
    zones: [
      {
        region: "face",
        around: true,
        d: "M95 126C91 170 98 232 122 272C140 300 156 310 171 310C186 310 202 300 220 272C244 232 251 170 247 126Z",
      },
      { region: "scalp", d: "M93 82C101 46 130 25 171 25C212 25 241 46 249 82C214 64 128 64 93 82Z" },
      { region: "forehead", d: "M97 92C130 74 212 74 245 92L246 112H96Z" },
      { region: "eyelid", d: "M86 156C90 128 146 128 150 156C134 142 102 142 86 156Z" },
      { region: "eye", d: "M86 162C102 144 134 144 150 162C134 180 102 180 86 162Z" },
      { region: "retina", d: "M118 150C134 150 134 174 118 174C102 174 102 150 118 150Z" },
      { region: "nose", d: "M161 150H181L192 212C184 226 158 226 150 212Z" },
      { region: "cheek", d: "M93 196L144 200L144 234L130 260C108 246 98 222 93 196Z" },
      { region: "ear", d: "M60 158C66 146 78 150 79 166L86 208C74 212 66 202 62 186Z" },
      { region: "lips", d: "M138 260C154 246 188 246 204 260C192 280 150 280 138 260Z" },
      { region: "neck", d: "M136 330C156 340 186 340 206 330L212 354C186 368 156 368 130 354Z" },
    ],
  },
} as const satisfies Record<string, Drawing>;

/** The middle of the box around a path of absolute commands. */
export function middleOf(d: string): readonly [x: number, y: number] {
  const [xs, ys]: [number[], number[]] = [[], []];
  for (const [, command = "", numbers = ""] of d.matchAll(/([MLCHV])([^MLCHVZ]*)/g)) {
    const values = numbers
      .trim()
      .split(/[\s,]+/)
      .map(Number);
    if (command === "H") xs.push(...values);
    else if (command === "V") ys.push(...values);
    else for (const [index, value] of values.entries()) (index % 2 === 0 ? xs : ys).push(value);
  }
  const middle = (all: readonly number[]) => (Math.min(...all) + Math.max(...all)) / 2;
  return [middle(xs), middle(ys)];
}
