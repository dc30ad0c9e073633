import { parseArgs } from "node:util";
import { botName, demoPassword } from "../demo/hospital.ts";
import { clinicians, nameOf, otherAccounts, specialties } from "../demo/people.ts";
import { codeOf, messageOf, StackFailure } from "../failure.ts";
import { createProgress } from "../progress.ts";
import type { Run } from "../run-file.ts";
import { startStack } from "../stack.ts";
import { stopSignal } from "../stop-signal.ts";
import { fromTemplate } from "../template.ts";

/** `npm start`: everything up, until Ctrl-C. */
export async function start(args: readonly string[]): Promise<number> {
  const options = parse(args);
  const progress = createProgress();
  const { signal, dispose } = stopSignal();
  const interrupted = new Promise<undefined>((done) =>
    signal.addEventListener("abort", () => done(undefined)),
  );
  void interrupted.then(() => progress.say("\nStopping everything…"));
  progress.say(
    "Starting Colloque. The first start installs its parts and takes some minutes; later ones do not.\n",
  );
  try {
    await using stack = await startStack({
      profile: options.profile,
      ...(options.portBase === undefined ? {} : { portBase: options.portBase }),
      reset: options.reset,
      progress,
      signal,
      onUsable: (run) => progress.say(welcome(run)),
      ...(options.template ? { prepareData: fromTemplate(progress) } : {}),
    });
    progress.end();
    progress.say(`\nEverything is up. Stop it with Ctrl-C. Logs: ${stack.logsDir}`);
    const failure = await Promise.race([stack.ended, interrupted]);
    if (failure !== undefined) throw failure;
    await stack.stop();
    console.log("Stopped.");
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    console.log("Stopped.");
    return 0;
  } finally {
    dispose();
  }
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        profile: { type: "string", default: "demo" },
        "port-base": { type: "string" },
        reset: { type: "boolean", default: false },
        template: { type: "boolean", default: false },
      },
    });
    if (!/^[a-z0-9-]{1,30}$/.test(values.profile)) {
      throw new StackFailure("A profile's name is made of up to 30 small letters, digits and hyphens.");
    }
    const portBase = values["port-base"] === undefined ? undefined : Number(values["port-base"]);
    if (portBase !== undefined && !(Number.isInteger(portBase) && portBase > 1023 && portBase < 65_500)) {
      throw new StackFailure("--port-base takes a number between 1024 and 65500.");
    }
    return { profile: values.profile, portBase, reset: values.reset, template: values.template };
  } catch (error) {
    if (codeOf(error)?.startsWith("ERR_PARSE_ARGS") !== true) throw error;
    throw new StackFailure(`${messageOf(error)} Known options: --reset, --profile NAME, --port-base NUMBER.`);
  }
}

function welcome(run: Run): string {
  const rows = clinicians.map((person) => {
    const what =
      person.specialty === undefined ? "nurse" : specialties[person.specialty].display.replace(" (SM)", "");
    const onCall = person.onCallForSurgery === true ? ", on call" : "";
    return `    ${person.account.padEnd(11)} ${nameOf(person)} (${what}${onCall})`;
  });
  const others = otherAccounts.map(({ account, name }) => `    ${account.padEnd(11)} ${name}`);
  return [
    "",
    `  Open  ${run.publicUrl}`,
    "",
    `  Sign in as one of these; the password is ${demoPassword}:`,
    ...rows,
    ...others,
    "",
    `  ${botName} (the archivist) is the hospital's bot: it files every case in the record.`,
    "  Messages work from now on; what the record still needs to start is shown below.",
    "",
  ].join("\n");
}
