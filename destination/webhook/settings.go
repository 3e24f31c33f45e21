package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Settings are the settings of a destination of type webhook.
type Settings struct {
	// URL that calls are sent to by POST. A secret, since many a URL is all that it takes to send to it. Required.
	URL strictyaml.Secret `yaml:"url"`
	// What requests are signed with, as the receiver has it: whsec_ and 24 to 64 bytes in base64. Each of several signs, so that a receiver can change from one to the next. Required.
	Secrets []strictyaml.Secret `yaml:"secret"`
	// Unsigned lets there be no secret. A destination always has one.
	Unsigned bool `yaml:"-"`
	// Authorization header, for a receiver that wants one besides the signature.
	Authorization strictyaml.Secret `yaml:"authorization"`
	// How many calls a request may have, up to 1,000. With 1 the body is the call; with more it is a list, even of one.
	List int `yaml:"list"`
	// Whether private, loopback, link-local and other special addresses may be called. Then a proxy in HTTPS_PROXY is used too, which decides on its own where it connects.
	AllowPrivate bool `yaml:"allow_private"`
}

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	errs := []error{s.checkURL()}
	if len(s.Secrets) == 0 && !s.Unsigned {
		errs = append(errs, errors.New("secret: is missing; make one, which the receiver must know too: echo whsec_$(openssl rand -base64 32)"))
	}
	for _, secret := range s.Secrets {
		if _, err := key(secret); err != nil {
			errs = append(errs, err)
			break
		}
	}
	if strings.ContainsAny(string(s.Authorization), "\r\n\x00") {
		errs = append(errs, errors.New("authorization: has more than one line; write what stands behind Authorization: in the header"))
	}
	if s.List < 1 || s.List > maxList {
		errs = append(errs, fmt.Errorf("list: %d is not one of 1 to %d", s.List, maxList))
	}
	return errors.Join(errs...)
}

// checkURL also says early what the guard would say at every attempt.
func (s *Settings) checkURL() error {
	if s.URL == "" {
		return errors.New("url: is missing; write the address that the receiver listens on, such as https://example.com/hook")
	}
	u, err := url.Parse(string(s.URL))
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		return errors.New("url: write a URL such as https://example.com/hook")
	}
	if u.User != nil {
		return errors.New("url: holds a user or password; write authorization: instead")
	}
	if s.AllowPrivate {
		return nil
	}
	ip, err := netip.ParseAddr(u.Hostname())
	if err == nil && guard.SafeAddr(ip) != nil || strings.EqualFold(u.Hostname(), "localhost") {
		return errors.New("url: is a private or special address; if that is meant, write allow_private: true")
	}
	return nil
}

// key returns the bytes that a secret stands for.
func key(secret strictyaml.Secret) ([]byte, error) {
	text, ok := strings.CutPrefix(string(secret), "whsec_")
	// Some leave the padding out.
	k, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if !ok || err != nil || len(k) < 24 || len(k) > 64 {
		return nil, errors.New("secret: is not whsec_ and 24 to 64 bytes in base64; make one: echo whsec_$(openssl rand -base64 32)")
	}
	return k, nil
}
