package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
)

// Verify tells whether body was signed with secret within tolerance seconds of now.
func Verify(secret, header string, body []byte, now, tolerance int64) bool {
	values := map[string][]string{}
	for _, element := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(element, "=")
		values[name] = append(values[name], value)
	}
	if len(values["t"]) != 1 {
		return false
	}
	at, err := strconv.ParseInt(values["t"][0], 10, 64)
	if err != nil || now-at > tolerance || at-now > tolerance {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(values["t"][0] + "."))
	mac.Write(body)
	expected := mac.Sum(nil)
	matches := false
	for _, value := range values["v1"] {
		given, err := hex.DecodeString(value)
		// In constant time.
		matches = matches || err == nil && hmac.Equal(expected, given)
	}
	return matches
}
