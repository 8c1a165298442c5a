import { createHmac, timingSafeEqual } from "node:crypto";

// Whether `body`, as bytes, was signed with `secret` within `tolerance` seconds of `now`.
function verify(secret: string, header: string | undefined, body: Uint8Array, now = Date.now() / 1000, tolerance = 300) {
  const elements = (header ?? "").split(",").map((element) => element.split("="));
  const values = (wanted: string) =>
    elements.filter(([name]) => name === wanted).map(([, ...rest]) => rest.join("="));
  const [time, ...others] = values("t");
  if (time === undefined || others.length > 0 || !/^[0-9]{1,15}$/.test(time)) return false;
  const signed = createHmac("sha256", secret).update(`${time}.`).update(body);
  const expected = Buffer.from(signed.digest("hex"));
  const matches = values("v1").some((value) => {
    const given = Buffer.from(value);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  return matches && Math.abs(now - Number(time)) <= tolerance;
}
