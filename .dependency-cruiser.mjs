// The arrows of ARCHITECTURE.md. Each rule is proved to fire by the tree in stack/architecture/breaking (see its test).
const test = "[.]test[.]tsx?$";
const rule = (name, comment, from, to) => ({ name, severity: "error", comment, from, to });

export default {
  forbidden: [
    rule(
      "protocol-is-pure",
      "src/protocol has no I/O: itself and zod only",
      { path: "^src/protocol/", pathNot: test },
      { pathNot: "^src/protocol/|node_modules/zod/" },
    ),
    rule(
      "one-door-to-matrix",
      "only src/matrix and server/bot speak to the SDK",
      { path: "^(src|server)/", pathNot: "^(src/matrix|server/bot)/" },
      { path: "node_modules/(matrix-js-sdk|@matrix-org)/" },
    ),
    rule(
      "one-door-to-livekit",
      "only src/livekit speaks to livekit-client",
      { path: "^(src|server)/", pathNot: "^src/livekit/" },
      { path: "(^|node_modules/)livekit-client(/|$)" },
    ),
    rule(
      "one-door-to-sql",
      "only server/store and the bot's crypto store open a database",
      { path: "^server/", pathNot: "^server/(store|bot/crypto-store)/|[.]test[.]ts$" },
      { path: "^node:sqlite$" },
    ),
    rule(
      "features-by-their-index",
      "a feature imports another by its index",
      { path: "^src/features/([^/]+)/" },
      { path: "^src/features/", pathNot: "^src/features/($1/|[^/]+/index[.]ts$)" },
    ),
    rule(
      "views-without-effects",
      "views get models, never the door's inside",
      { path: "^src/(features|ui)/.*[.]tsx$", pathNot: test },
      { path: "^src/(matrix|livekit)/" },
    ),
    rule(
      "models-without-react",
      "models have no React",
      { path: "-model[.]ts$" },
      { path: "node_modules/react(-dom)?/" },
    ),
    rule(
      "server-takes-only-protocol",
      "the server shares the protocol and nothing else",
      { path: "^server/", pathNot: test },
      { path: "^src/", pathNot: "^src/protocol/" },
    ),
    rule(
      "client-never-server",
      "the client imports nothing of the server",
      { path: "^src/" },
      { path: "^server/" },
    ),
    rule(
      "roles-apart",
      "roles meet by their index",
      { path: "^server/([^/]+)/", pathNot: test },
      { path: "^server/[^/]+/", pathNot: "^server/($1|kit|store)/|^server/[^/]+/index[.]ts$" },
    ),
    rule(
      "model-apart",
      "nothing leans on the model test, which leans on everything",
      { path: "^(src|server|stack)/" },
      { path: "^test/" },
    ),
    rule("no-cycles", "no import goes round", {}, { circular: true }),
    rule(
      "no-orphans",
      "nothing lies about unused",
      {
        orphan: true,
        path: "^(src|server|stack)/",
        pathNot:
          "[.]d[.]ts$|[.]test[.]tsx?$|^src/ui/book|^src/app/sw[.]ts$|stack/boot|^src/matrix/kit/same-letters[.]ts$",
      },
      {},
    ),
    rule(
      "not-to-test",
      "no code leans on a test",
      { pathNot: `${test}|^e2e/|^bench/|^test/` },
      { path: test },
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(dist|shots|test-results)/|stack/architecture/breaking" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.base.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
      extensions: [".ts", ".tsx", ".mjs", ".js"],
    },
  },
};
