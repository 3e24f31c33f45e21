package connector

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// VerifyRSA checks a signature in base64, RSA PKCS #1 v1.5 over SHA-256,
// against each of the secrets, which are public keys.
func (o Options) VerifyRSA(signature string, body []byte) error {
	got, err := base64.StdEncoding.Strict().DecodeString(signature)
	if err != nil || len(got) == 0 {
		return fmt.Errorf("%w: missing, or not base64", ErrSignature)
	}
	sum := sha256.Sum256(body)
	for _, secret := range o.Secrets {
		key, err := ParseRSA(secret)
		if err == nil && rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], got) == nil {
			return nil
		}
	}
	return fmt.Errorf("%w: it does not match; is the public key right?", ErrSignature)
}

// SignRSA makes a signature that VerifyRSA accepts, with the last of the secrets
// that is a private key; without one, none. Only a simulator has a tool's.
func (o Options) SignRSA(body []byte) string {
	sum := sha256.Sum256(body)
	for _, secret := range slices.Backward(o.Secrets) {
		block, _ := pem.Decode([]byte(secret))
		if block == nil {
			continue
		}
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			continue
		}
		if k, ok := key.(*rsa.PrivateKey); ok {
			if signature, err := rsa.SignPKCS1v15(nil, k, crypto.SHA256, sum[:]); err == nil {
				return base64.StdEncoding.EncodeToString(signature)
			}
		}
	}
	return ""
}

// ParseRSA reads an RSA public key as tools show it: PEM, also on one line,
// also under a wrong heading, or base64 alone. Of a private key it is the
// public half.
func ParseRSA(text string) (*rsa.PublicKey, error) {
	der := []byte(nil)
	if block, _ := pem.Decode([]byte(text)); block != nil {
		der = block.Bytes
	} else {
		for _, line := range []string{"BEGIN", "END"} {
			for _, kind := range []string{"RSA PUBLIC KEY", "PUBLIC KEY"} {
				text = strings.ReplaceAll(text, "-----"+line+" "+kind+"-----", "")
			}
		}
		var err error
		if der, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), "")); err != nil {
			return nil, errors.New("connector: not a public key in PEM or base64")
		}
	}
	if key, err := x509.ParsePKIXPublicKey(der); err == nil {
		if k, ok := key.(*rsa.PublicKey); ok {
			return k, nil
		}
		return nil, errors.New("connector: the public key is not RSA")
	}
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		if k, ok := key.(*rsa.PrivateKey); ok {
			return &k.PublicKey, nil
		}
	}
	return nil, errors.New("connector: not an RSA public key")
}
