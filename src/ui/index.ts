/**
 * Primitives of "papier et encre". Import from here only. Texts come as props, save the few of the `ui` namespace.
 *
 * - `Logo {size}`; `Icon {name, size}`
 * - `Thread {knots: {key, state, word, detail, onOpen}[], direction, size: letter|photo|header|row|patient, pitch, words, label, bleed, entersFrom}`
 * - `FullThread {knots, size, label, words}`: from edge to edge of what holds it
 * - `PrimaryAction {busy, heldBy, onHeld, tall, …button}`, `SecondaryAction {icon, wide}`, `TextAction {icon, tone}`, `TextLink {icon, tone, href}`
 * - `UrgencyMark {urgency, word?}`, `SideMark {letter, label}`
 * - `IdentityBand {family, given, ageAndSex, birth, identity, provisional, before, thread}`
 * - `Field`, `TextField`, `TextArea`, `RuledTextarea`, `Switch {label, checked, onChange, words}`
 * - `Tabs {label, tabs, chosen, onChoose, panelId}`, `Segmented {label, options, chosen, onChoose}`, `OptionList {label, options, chosen, onChoose}`
 * - `Sheet {open, title, onClose, foot}`, `ConfirmSheet {open, title, action, busy, onConfirm, onClose}`
 * - `SignaturePad {label, strokes, onChange}`, `BodyPicker {view: front|back|head, site, onPick}`
 * - `Banner {tone, action, detail}`, `CopyDetail {detail}`, `EmptyState {title, action}`, `Skeleton {lines, label}`
 * - `Film {url, label, onShown, onFailed, plays}`: a clip without sound
 * - `LanguageSwitch`; `type` (CSS module of type classes)
 */
import "./tokens.css";
import "./base.css";

export { SecondaryAction, TextAction, TextLink } from "./actions.tsx";
export { Banner, CopyDetail, EmptyState, Skeleton } from "./Banner.tsx";
export { BodyPicker, type BodyView } from "./BodyPicker.tsx";
export { Segmented, Tabs } from "./choices.tsx";
export { Film } from "./Film.tsx";
export { Field, RuledTextarea, Switch, TextArea, TextField } from "./fields.tsx";
export { Icon, type IconName } from "./Icon.tsx";
export { IdentityBand } from "./IdentityBand.tsx";
export { LanguageSwitch } from "./LanguageSwitch.tsx";
export { Logo } from "./Logo.tsx";
export { PrimaryAction } from "./PrimaryAction.tsx";
export { ConfirmSheet, OptionList, Sheet } from "./Sheet.tsx";
export { SignaturePad, type Stroke } from "./SignaturePad.tsx";
export { FullThread } from "./thread/FullThread.tsx";
export { Thread, type ThreadKnot, type ThreadSize } from "./thread/Thread.tsx";
export { default as type } from "./type.module.css";
export { SideMark, UrgencyMark } from "./UrgencyMark.tsx";
