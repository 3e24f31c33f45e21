package connector

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ReplayWindow is how old, and how far in the future, a signature may be.
const ReplayWindow = 5 * time.Minute

// SHA256 returns the HMAC-SHA256 of the parts, one after the other.
func SHA256(secret string, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

// VerifySHA256 checks a signature, in hexadecimal with or without "sha256="
// before it, against each of the secrets, in constant time.
func (o Options) VerifySHA256(signature string, parts ...[]byte) error {
	got, err := hex.DecodeString(strings.TrimPrefix(signature, "sha256="))
	if err != nil || len(got) == 0 {
		return fmt.Errorf("%w: missing, or not hexadecimal", ErrSignature)
	}
	right := false
	for _, secret := range o.Secrets {
		// An empty secret is one that everybody knows.
		if hmac.Equal(got, SHA256(secret, parts...)) && secret != "" {
			right = true
		}
	}
	if !right {
		return fmt.Errorf("%w: it does not match; is the secret right?", ErrSignature)
	}
	return nil
}

// VerifyTime checks a signed time in Unix seconds against the replay window.
func (o Options) VerifyTime(seconds string) error {
	s, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return fmt.Errorf("%w: its time is missing, or no number", ErrSignature)
	}
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	if age := now().Sub(time.Unix(s, 0)); age.Abs() > ReplayWindow {
		return fmt.Errorf("%w: made %s ago; are the clocks right?", ErrSignature, age.Round(time.Second))
	}
	return nil
}
