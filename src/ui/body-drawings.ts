import type { BodyRegionId } from "#protocol/body-sites.ts";

/** A region to press. A sided one is drawn on the left half of the picture only; its twin is mirrored. */
export type Zone = { readonly region: BodyRegionId; readonly d: string };

export type Drawing = {
  readonly viewBox: string;
  readonly mirror: string;
  readonly outline: readonly string[];
  /** Ink lines that close no shape. */
  readonly lines: readonly string[];
  readonly folds: readonly string[];
  readonly zones: readonly Zone[];
};

const mirror = "translate(320 0) scale(-1 1)";

/** One half of the body, from the crown to the feet, on a field of 320 × 640; the other half is its mirror. */
const half =
  "M160 14C142 14 130 28 130 52C130 68 135 80 141 88C145 94 146 104 140 110C128 120 104 122 92 134C80 146 78 164 76 184C72 216 64 252 58 286C55 302 48 322 46 336C44 348 50 358 56 358C62 358 66 350 68 338C72 318 78 304 82 288C90 258 96 230 100 204C102 232 104 252 103 272C101 298 98 316 98 338C98 380 106 420 112 458C116 492 114 530 114 566C114 584 108 596 104 606C102 612 108 616 118 616C130 616 138 612 138 602C140 580 138 556 140 530C144 480 152 430 157 380H160";

const whole = [half, mirrored(half)];

/** The same path on the other side: absolute commands only, x mirrored about 160. */
function mirrored(path: string): string {
  return path.replace(/([MCLHV])([^MCLHVZ]*)/g, (_, command: string, numbers: string) => {
    if (command === "H") return `H${320 - Number(numbers)}`;
    if (command === "V") return `V${numbers}`;
    const values = numbers
      .trim()
      .split(/[\s,]+/)
      .map(Number);
    return command + values.map((value, index) => (index % 2 === 0 ? 320 - value : value)).join(" ");
  });
}

const limbs: readonly Zone[] = [
  { region: "upper-arm", d: "M78 172L99 176L95 226L70 222Z" },
  { region: "forearm", d: "M69 232L93 236L83 284L61 280Z" },
  { region: "wrist", d: "M60 286L82 290L77 306L55 302Z" },
  { region: "hand", d: "M54 308L75 312L69 338L48 334Z" },
  { region: "finger", d: "M47 338L67 342L63 354L51 356Z" },
  { region: "lower-leg", d: "M115 484L139 484L137 556L117 556Z" },
  { region: "ankle", d: "M117 564L137 564L137 582L115 582Z" },
  { region: "foot", d: "M113 588L138 588L137 602L110 604Z" },
  { region: "toe", d: "M108 607L136 605L132 615L110 615Z" },
];

export const drawings = {
  front: {
    viewBox: "0 0 320 630",
    mirror,
    outline: whole,
    lines: [],
    folds: [
      "M124 196C132 206 146 208 156 200",
      "M196 196C188 206 174 208 164 200",
      "M158 262H162",
      "M160 352L160 380",
    ],
    zones: [
      ...limbs,
      { region: "face", d: "M140 44C140 30 180 30 180 44V68C178 82 168 90 160 90C152 90 142 82 140 68Z" },
      { region: "neck", d: "M146 94H174L178 112H142Z" },
      { region: "shoulder", d: "M84 158C86 140 102 132 122 126L124 146L100 168Z" },
      { region: "chest", d: "M130 128H190L188 172H132Z" },
      { region: "breast", d: "M108 176H154V208H110Z" },
      { region: "abdomen", d: "M112 218H208L212 296H108Z" },
      { region: "hip", d: "M100 302L124 302L126 336L100 344Z" },
      { region: "groin", d: "M130 306L156 318L154 346L134 338Z" },
      { region: "thigh", d: "M102 352L154 356L148 428L110 428Z" },
      { region: "knee", d: "M112 438L146 438L142 474L115 474Z" },
    ],
  },
  back: {
    viewBox: "0 0 320 630",
    mirror,
    outline: whole,
    lines: [],
    folds: [
      "M160 128V300",
      "M112 282C120 288 134 288 144 284",
      "M208 282C200 288 186 288 176 284",
      "M146 330L160 352L174 330",
    ],
    zones: [
      ...limbs,
      { region: "scalp", d: "M138 36C140 20 180 20 182 36L180 62H140Z" },
      { region: "nape", d: "M144 84H176L178 112H142Z" },
      { region: "shoulder", d: "M84 158C86 140 102 132 118 128L114 150L98 168Z" },
      { region: "scapula", d: "M112 158C122 150 138 150 146 156L142 214L134 228Z" },
      { region: "back", d: "M150 132H170V262H150Z" },
      { region: "lumbar", d: "M112 268H208L212 304H108Z" },
      { region: "buttock", d: "M102 312L156 312L156 356C140 368 116 366 102 352Z" },
      { region: "thigh", d: "M104 372L152 374L147 428L110 428Z" },
      { region: "knee", d: "M112 438L146 438L142 474L115 474Z" },
    ],
  },
  head: {
    viewBox: "0 0 320 400",
    mirror,
    outline: [
      "M160 16C94 16 62 66 66 138C68 168 70 188 74 206C82 252 112 316 160 318",
      "M160 16C226 16 258 66 254 138C252 168 250 188 246 206C238 252 208 316 160 318",
      "M66 150C50 140 42 160 50 184C56 206 66 216 75 210",
      "M254 150C270 140 278 160 270 184C264 206 254 216 245 210",
    ],
    lines: [
      "M112 288C114 330 108 348 84 362C64 372 44 378 30 396M208 288C206 330 212 348 236 362C256 372 276 378 290 396",
    ],
    folds: [
      "M150 178C148 196 140 206 146 214C152 220 168 220 174 214C180 206 172 196 170 178",
      "M130 254C146 260 174 260 190 254",
      "M96 138C106 128 126 128 136 138",
      "M184 138C194 128 214 128 224 138",
    ],
    zones: [
      { region: "scalp", d: "M84 84C92 44 120 26 160 26C200 26 228 44 236 84C200 66 120 66 84 84Z" },
      { region: "forehead", d: "M92 92C124 76 196 76 228 92L226 122H94Z" },
      { region: "eyelid", d: "M92 130C104 120 128 120 138 132L136 144C124 136 106 136 94 144Z" },
      { region: "eye", d: "M94 152C104 142 126 142 136 152C126 162 104 162 94 152Z" },
      { region: "retina", d: "M96 168H136V182H96Z" },
      { region: "nose", d: "M152 150H168L176 214C168 222 152 222 144 214Z" },
      { region: "cheek", d: "M84 190L138 194L136 228L122 250C102 240 90 216 84 190Z" },
      { region: "ear", d: "M48 154C56 146 64 152 66 164L74 206C64 210 56 202 52 186Z" },
      { region: "lips", d: "M130 248C146 238 174 238 190 248C178 268 142 268 130 248Z" },
      {
        region: "face",
        d: "M126 276C146 282 174 282 194 276C188 298 176 308 160 308C144 308 132 298 126 276Z",
      },
      { region: "neck", d: "M120 326C144 336 176 336 200 326L208 352C180 366 140 366 112 352Z" },
    ],
  },
} as const satisfies Record<string, Drawing>;
