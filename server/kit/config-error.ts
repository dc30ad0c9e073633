/** The configuration is unusable; the message names what is wrong in plain words and may be shown as it is. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
