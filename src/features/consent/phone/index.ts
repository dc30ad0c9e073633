export { PhoneWay } from "./PhoneWay.tsx";
