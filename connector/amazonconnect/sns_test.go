package amazonconnect

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
)

const (
	topic   = "arn:aws:sns:eu-central-1:123456789012:chats"
	address = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0000000000000000000000000000cafe.pem"
)

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// chain makes a key, and a certificate for it by an authority of ours.
func chain(t *testing.T) (*rsa.PrivateKey, []byte) {
	t.Helper()
	certify := func(name string, parent *x509.Certificate, by *rsa.PrivateKey) (*rsa.PrivateKey, *x509.Certificate) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		cert := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: parent == nil, BasicConstraintsValid: true,
			NotBefore: now.Add(-time.Hour), NotAfter: now.Add(30 * 24 * time.Hour)}
		if parent == nil {
			parent, by = cert, key
		}
		der, err := x509.CreateCertificate(rand.Reader, cert, parent, &key.PublicKey, by)
		if err != nil {
			t.Fatal(err)
		}
		if cert, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
		return key, cert
	}
	rootKey, root := certify("an authority", nil, nil)
	key, leaf := certify("sns.amazonaws.com", root, rootKey)
	var b bytes.Buffer
	for _, c := range []*x509.Certificate{leaf, root} {
		if err := pem.Encode(&b, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}); err != nil {
			t.Fatal(err)
		}
	}
	return key, b.Bytes()
}

// signedBy is an envelope as SNS signs it.
func signedBy(t *testing.T, key *rsa.PrivateKey, v obj) []byte {
	t.Helper()
	var e envelope
	if err := json.Unmarshal([]byte(text(v)), &e); err != nil {
		t.Fatal(err)
	}
	h, sum := crypto.SHA256, sha256.Sum256([]byte(e.signed()))
	digest := sum[:]
	if e.SignatureVersion == "1" {
		old := sha1.Sum([]byte(e.signed()))
		h, digest = crypto.SHA1, old[:]
	}
	signature, err := rsa.SignPKCS1v15(nil, key, h, digest)
	if err != nil {
		t.Fatal(err)
	}
	v["Signature"] = base64.StdEncoding.EncodeToString(signature)
	return []byte(text(v))
}

func message() obj {
	return obj{"Type": "Notification", "MessageId": "1", "TopicArn": topic, "Message": `{"Type":"MESSAGE","Content":"Grüße\nund Küsse"}`,
		"Timestamp": now.Add(-time.Minute).Format(time.RFC3339), "SignatureVersion": "2", "SigningCertURL": address}
}

func with(v obj, key string, value any) obj {
	v[key] = value
	return v
}

func TestSNS(t *testing.T) {
	key, cert := chain(t)
	stranger, _ := chain(t)
	c := Type().New(connector.Options{Secrets: []string{topic, "key"}, Now: func() time.Time { return now }})
	verify := func(body []byte, answers map[string][]byte) error {
		return c.Verify(&connector.Request{Body: body, Answers: answers})
	}
	got := map[string][]byte{address: cert}
	for name, v := range map[string]obj{
		"version 2":    message(),
		"version 1":    with(message(), "SignatureVersion", "1"),
		"a subject":    with(message(), "Subject", "Hello"),
		"no subject":   with(message(), "Subject", nil),
		"subscription": with(with(with(message(), "Type", "SubscriptionConfirmation"), "Token", "t"), "SubscribeURL", "https://sns.eu-central-1.amazonaws.com/"),
	} {
		if err := verify(signedBy(t, key, v), got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	right := signedBy(t, key, message())
	elsewhere := "https://sns.eu-central-1.amazonaws.com.example.com/SimpleNotificationService-cafe.pem"
	for name, err := range map[string]error{
		"another text":     verify(bytes.Replace(right, []byte("Küsse"), []byte("Bisse"), 1), got),
		"another key":      verify(signedBy(t, stranger, message()), got),
		"another topic":    verify(signedBy(t, key, with(with(message(), "Signature", "x"), "TopicArn", topic+"2")), got),
		"no topic":         verify(signedBy(t, key, with(message(), "TopicArn", "")), got),
		"a token as topic": verify(signedBy(t, key, with(message(), "TopicArn", "key")), got),
		"no certificate":   verify(right, nil),
		"no PEM":           verify(right, map[string][]byte{address: []byte("nonsense")}),
		"no X.509":         verify(right, map[string][]byte{address: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})}),
		"elsewhere":        verify(signedBy(t, key, with(message(), "SigningCertURL", elsewhere)), map[string][]byte{elsewhere: cert}),
		"version 3":        verify(signedBy(t, key, with(message(), "SignatureVersion", "3")), got),
		"no base64":        verify([]byte(text(with(message(), "Signature", "?"))), got),
		"no signature":     verify([]byte(text(message())), got),
		"too old":          verify(signedBy(t, key, with(message(), "Timestamp", now.Add(-3*time.Hour).Format(time.RFC3339))), got),
		"no time":          verify(signedBy(t, key, with(message(), "Timestamp", "")), got),
	} {
		if !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%s: got %v, want ErrSignature", name, err)
		}
	}
	late := Type().New(connector.Options{Secrets: []string{topic}, Now: func() time.Time { return now.Add(31 * 24 * time.Hour) }})
	if err := late.Verify(&connector.Request{Body: right, Answers: got}); !errors.Is(err, connector.ErrSignature) {
		t.Errorf("a certificate that has run out: got %v, want ErrSignature", err)
	}
}

// The gateway goes to no address but Amazon's for a certificate, and only for
// our topics.
func TestKeys(t *testing.T) {
	c := Type().New(connector.Options{Secrets: []string{topic}}).(connector.Keyed)
	for a, ok := range map[string]bool{
		address: true,
		"https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-cafe.pem":       true,
		"http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-cafe.pem":         false,
		"https://sns.eu-central-1.amazonaws.com:444/SimpleNotificationService-cafe.pem":    false,
		"https://sns.eu-central-1.amazonaws.com/other.pem":                                 false,
		"https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-cafe.pem?x=y":    false,
		"https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-cafe.pem#x":      false,
		"https://sns.eu-central-1.amazonaws.com/x/SimpleNotificationService-cafe.pem":      false,
		"https://sns.eu-central-1.amazonaws.com/..%2fSimpleNotificationService-cafe.pem":   false,
		"https://me@sns.eu-central-1.amazonaws.com/SimpleNotificationService-cafe.pem":     false,
		"https://sns.eu-central-1.amazonaws.com@example.com/SimpleNotificationService.pem": false,
		"https://sns.eu.central.1.amazonaws.com/SimpleNotificationService-cafe.pem":        false,
		"https://sns.amazonaws.com/SimpleNotificationService-cafe.pem":                     false,
		"https://bucket.s3.amazonaws.com/SimpleNotificationService-cafe.pem":               false,
		"https://169.254.169.254/SimpleNotificationService-cafe.pem":                       false,
		"": false,
	} {
		got := c.Keys(&connector.Request{Body: []byte(text(with(with(message(), "Signature", "x"), "SigningCertURL", a)))})
		if ok != slices.Equal(got, []string{a}) || !ok && len(got) > 0 {
			t.Errorf("%s: got %q", a, got)
		}
	}
	forwarded := &connector.Request{Header: http.Header{}, Body: []byte(text(with(message(), "Signature", "x")))}
	forwarded.Header.Set("X-Api-Key", "key")
	if got := c.Keys(forwarded); len(got) > 0 {
		t.Errorf("with a key: got %q, want none", got)
	}
	for name, body := range map[string]string{"another topic": text(with(with(message(), "Signature", "x"), "TopicArn", topic+"2")), "unsigned": text(message()), "nonsense": "[", "an event": "{}"} {
		if got := c.Keys(&connector.Request{Body: []byte(body)}); len(got) > 0 {
			t.Errorf("%s: got %q, want none", name, got)
		}
	}
}

// A subscription is confirmed by calling an address, which must be Amazon's,
// and for our topic.
func TestSubscription(t *testing.T) {
	const confirm = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=2336412f37"
	for _, tt := range []struct {
		topic, address string
		ok             bool
	}{
		{topic, confirm, true},
		{topic + "2", confirm + "2", false},
		{topic, "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topic + "2&Token=1", false},
		{topic, "https://sns.eu-central-1.amazonaws.com/?Action=DeleteTopic&TopicArn=" + topic + "&Token=1", false},
		{topic, "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + topic, false},
		{topic, "https://sns.eu-central-1.amazonaws.com/other?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=1", false},
		{topic, "http://127.0.0.1/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=1", false},
		{topic, "https://example.com/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=1", false},
		{topic, "", false},
	} {
		body := text(obj{"Type": "SubscriptionConfirmation", "TopicArn": tt.topic, "SubscribeURL": tt.address, "Token": "2336412f37"})
		p, err := Type().New(connector.Options{Secrets: []string{topic}}).Parse(&connector.Request{Body: []byte(body)})
		if err != nil || (p.Visit == tt.address && p.Visit != "") != tt.ok || !tt.ok && p.Visit != "" {
			t.Errorf("%s: got %+v (%v)", tt.address, p, err)
		}
	}
}
