import { courseLogin, type Login } from "../provisioning/ssh/login.ts";
import { callPulumi } from "./call-pulumi.ts";
import { type StackConfig, stackConfig } from "./stack-config.ts";

/** How `pulumi up` logs in to the hosts of the stack `rpi`. Pulumi is called only if a setting is encrypted. */
export function stackLogin({ plain, secret }: StackConfig = stackConfig(), decrypt = decrypted): Login {
  const { user = courseLogin.user, port, ...stated } = { ...plain, ...(secret.length > 0 && decrypt()) };
  const { password = courseLogin.password, privateKey } = stated;
  const how = privateKey === undefined ? { password } : { privateKey };
  return { user, port: port === undefined ? courseLogin.port : Number(port), ...how };
}

/** Every setting, by its name without `bramble:`. */
function decrypted(): Record<string, string> {
  const told = JSON.parse(callPulumi(["config", "--show-secrets", "--json", "--stack", "rpi"]));
  const values = Object.entries(told as Record<string, { value?: string }>);
  return Object.fromEntries(
    values.flatMap(([key, { value }]) => (value ? [[key.replace("bramble:", ""), value]] : [])),
  );
}
