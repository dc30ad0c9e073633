import { Banner, TextAction } from "../../ui/index.ts";
import type { CaseModel } from "./case-model.ts";
import type { OpenCase } from "./case-view.ts";
import { useWords } from "./use-words.ts";
import { personName } from "./worklist.ts";

type Props = { readonly model: CaseModel; readonly view: OpenCase };

/** A call goes on in this case, without this person: who is in it, and the way in. */
export function CallLine({ model, view }: Props) {
  const { t } = useWords();
  const { call, directory, me } = view;
  if (call.mine || call.going.length === 0 || call.going.includes(me)) return null;
  const who = call.going.map((userId) => personName(userId, directory)).join(", ");
  return (
    <Banner
      action={
        <TextAction tone="link" onClick={model.joinCall}>
          {t("call.join")}
        </TextAction>
      }
    >
      {t("call.going", { who })}
    </Banner>
  );
}

/** *Appeler*, in the case's bar; nothing where nobody can be called. */
export function CallAction({ model, view }: Props) {
  const { t } = useWords();
  const { to, going } = view.call;
  const [first] = to;
  if (first === undefined || going.length > 0) return null;
  const who = personName(first, view.directory, "full");
  return (
    <TextAction
      icon="phone"
      aria-label={to.length === 1 ? t("call.who", { who }) : t("call.all")}
      onClick={() => model.call(to)}
    >
      {t("bar.call")}
    </TextAction>
  );
}
