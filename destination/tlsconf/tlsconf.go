// Package tlsconf reads the settings that say how connections are encrypted,
// for those destinations that have them.
package tlsconf

import (
	"crypto/tls"
	"crypto/x509"
	"errors"

	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Parse returns what ca, certificate and key say, all in PEM, and nil if they
// are empty. ca has who signed the servers' certificates, in place of those
// that the system trusts; certificate and key are our own.
func Parse(ca, certificate strictyaml.Text, key strictyaml.Secret) (*tls.Config, error) {
	if ca == "" && certificate == "" && key == "" {
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if ca != "" {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(ca)) {
			return nil, errors.New("ca: holds no certificate in PEM")
		}
	}
	if certificate != "" || key != "" {
		pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
		if err != nil {
			return nil, errors.New("certificate: does not go with key, or one of them is not in PEM")
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
