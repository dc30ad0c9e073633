import { useState } from "react";
import "matrix-js-sdk";
export const m = useState;
