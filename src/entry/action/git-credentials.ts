import { gitText } from "../base/git.ts";
import { withToken, type Checkout } from "./fetch-commit.ts";

/**
 * What git needs in its environment to write to the server's branches: nothing where the checkout left credentials of
 * its own, else the token for this server and no other. It stands in no file and among no arguments.
 */
export async function gitCredentials(checkout: Checkout): Promise<Readonly<Record<string, string>>> {
  const { folder, serverUrl, token } = checkout;
  const key = `http.${serverUrl.replace(/\/$/, "")}/.extraheader`;
  const configured = await gitText(folder, ["config", "--get-all", key]);
  return token === "" || (configured !== null && configured !== "") ? {} : withToken(checkout);
}
