<?php
/** Whether $body was signed with $secret within $tolerance seconds of $now. */
function verify(string $secret, string $header, string $body, ?int $now = null, int $tolerance = 300): bool
{
    $values = ["t" => [], "v1" => []];
    foreach (explode(",", $header) as $element) {
        [$name, $value] = explode("=", $element, 2) + [1 => ""];
        $values[$name][] = $value;
    }
    if (count($values["t"]) !== 1 || !preg_match('/\A[0-9]{1,15}\z/', $values["t"][0])) {
        return false;
    }
    $expected = hash_hmac("sha256", $values["t"][0] . "." . $body, $secret);
    // In constant time.
    $matches = array_filter($values["v1"], fn($given) => hash_equals($expected, $given));
    return $matches !== [] && abs(($now ?? time()) - (int) $values["t"][0]) <= $tolerance;
}
