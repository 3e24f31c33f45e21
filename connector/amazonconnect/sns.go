package amazonconnect

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
)

// host is where SNS keeps its certificates, and subscriptions are confirmed.
var host = regexp.MustCompile(`^sns\.[a-z0-9-]{2,32}\.amazonaws\.com(\.cn)?$`)

var certificate = regexp.MustCompile(`^/SimpleNotificationService-[0-9a-zA-Z]+\.pem$`)

// own parses an address of SNS, or returns nil if it is anybody else's.
func own(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || !host.MatchString(u.Host) || u.Fragment != "" {
		return nil
	}
	return u
}

// Keys implements connector.Keyed: the address of the certificate, where there is
// a signature to verify with it.
func (c *Connector) Keys(r *connector.Request) []string {
	var e envelope
	if r.Header.Get(token.Header) != "" || field.Decode(r.Body, &e) != nil || !c.ours(e) || e.Signature == "" {
		return nil
	}
	if u := own(e.SigningCertURL); u != nil && certificate.MatchString(u.EscapedPath()) && u.RawQuery == "" {
		return []string{e.SigningCertURL}
	}
	return nil
}

// ours reports whether an envelope comes from a topic of the configuration. SNS
// signs for everybody, so that its signature alone says nothing.
func (c *Connector) ours(e envelope) bool { return slices.Contains(c.topics, e.TopicArn) }

// tolerance is how old an envelope may be. A delivery policy can have SNS try
// again for an hour.
const tolerance = 2 * time.Hour

// verify checks the signature of an envelope.
func (c *Connector) verify(r *connector.Request, e envelope) error {
	if !c.ours(e) {
		return fmt.Errorf("%w: the SNS topic is none of the source's; is its ARN a secret there?", connector.ErrSignature)
	}
	keys := c.Keys(r)
	if len(keys) == 0 {
		return fmt.Errorf("%w: the certificate is not at an address of SNS", connector.ErrSignature)
	}
	key, err := c.key(r.Answers[keys[0]])
	if err != nil {
		return err
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(e.Signature)
	if err != nil {
		return fmt.Errorf("%w: it is not base64", connector.ErrSignature)
	}
	signed := []byte(e.signed())
	switch e.SignatureVersion {
	case "1":
		sum := sha1.Sum(signed)
		err = rsa.VerifyPKCS1v15(key, crypto.SHA1, sum[:], signature)
	case "2":
		sum := sha256.Sum256(signed)
		err = rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature)
	default:
		return fmt.Errorf("%w: of an unknown version", connector.ErrSignature)
	}
	if err != nil {
		return fmt.Errorf("%w: it does not match", connector.ErrSignature)
	}
	at, err := field.ParseTime(e.Timestamp)
	if err != nil || at.IsZero() {
		return fmt.Errorf("%w: its time is missing, or none", connector.ErrSignature)
	}
	return c.o.VerifyTime(at, tolerance)
}

// key reads SNS's certificate. Who it is from is known by where it was got.
func (c *Connector) key(text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%w: the certificate is not there", connector.ErrSignature)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%w: the certificate cannot be read", connector.ErrSignature)
	}
	now := time.Now()
	if c.o.Now != nil {
		now = c.o.Now()
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return nil, fmt.Errorf("%w: the certificate has run out, or is not RSA", connector.ErrSignature)
	}
	return key, nil
}

// signed is what SNS signs of an envelope. Message attributes are no part of it.
func (e envelope) signed() string {
	var b strings.Builder
	add := func(name, value string) { b.WriteString(name + "\n" + value + "\n") }
	add("Message", e.Message)
	add("MessageId", e.MessageID)
	if e.Type == "Notification" {
		if e.Subject != nil {
			add("Subject", *e.Subject)
		}
		add("Timestamp", e.Timestamp)
	} else {
		add("SubscribeURL", e.SubscribeURL)
		add("Timestamp", e.Timestamp)
		add("Token", e.Token)
	}
	add("TopicArn", e.TopicArn)
	add("Type", e.Type)
	return b.String()
}

// confirm returns the address that ends the subscription's handshake, or "" if
// it is not one for our topic.
func (c *Connector) confirm(e envelope) string {
	u := own(e.SubscribeURL)
	if u == nil || !c.ours(e) || u.Path != "/" && u.Path != "" {
		return ""
	}
	q := u.Query()
	if q.Get("Action") != "ConfirmSubscription" || q.Get("TopicArn") != e.TopicArn || q.Get("Token") == "" {
		return ""
	}
	return e.SubscribeURL
}
