package nats

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/parlance-chat/parlance/destination/tlsconf"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Settings are the settings of a destination of type nats.
type Settings struct {
	// Servers, such as nats://nats1.example.com:4222. tls:// demands encryption. Required.
	Servers []string `yaml:"servers"`
	// Name of the stream. Required.
	Stream string `yaml:"stream"`
	// Subject that a call is published to. {workspace}, {source} and {event} stand for the call's own; the event is written as live_chat_message_sent, and other calls by their type.
	Subject string `yaml:"subject"`
	// Whether to create the stream if there is none. One that exists is never changed.
	Create bool `yaml:"create"`
	// How many copies a stream has that is created: 1, or 3 or 5 in a cluster.
	Replicas int `yaml:"replicas"`
	// What is in a .creds file: file:PATH.
	Creds strictyaml.Secret `yaml:"creds"`
	// Token to log in with.
	Token strictyaml.Secret `yaml:"token"`
	// User to log in as.
	User string `yaml:"user"`
	// The user's password.
	Password strictyaml.Secret `yaml:"password"`
	// Certificates of who signed the servers', in PEM, or file:PATH. Without them the system's count.
	CA strictyaml.Text `yaml:"ca"`
	// Our own certificate, in PEM, or file:PATH, for servers that want one.
	Certificate strictyaml.Text `yaml:"certificate"`
	// Its key.
	Key strictyaml.Secret `yaml:"key"`
}

var (
	placeholder = regexp.MustCompile(`\{[^{}]*\}`)
	token       = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
)

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if len(s.Servers) == 0 {
		errs = append(errs, errors.New("servers: is missing; write where NATS listens, such as nats://127.0.0.1:4222"))
	}
	for _, server := range s.Servers {
		u, err := url.Parse(server)
		if err != nil || u.Hostname() == "" || u.Scheme != "nats" && u.Scheme != "tls" || u.User != nil {
			errs = append(errs, errors.New("servers: write URLs such as nats://nats.example.com:4222, without user and password, which have keys of their own"))
			break
		}
	}
	if !token.MatchString(s.Stream) {
		errs = append(errs, errors.New("stream: write a stream's name, of letters, digits, _ and -"))
	}
	for part := range strings.SplitSeq(s.Subject, ".") {
		if !token.MatchString(placeholder.ReplaceAllStringFunc(part, known)) {
			errs = append(errs, fmt.Errorf("subject: %q is no part of a subject; use letters, digits, _, -, {workspace}, {source} and {event}", part))
		}
	}
	if s.Replicas < 1 || s.Replicas > 5 {
		errs = append(errs, fmt.Errorf("replicas: %d is not one of 1 to 5", s.Replicas))
	}
	logins := 0
	for _, set := range []bool{s.Creds != "", s.Token != "", s.User != ""} {
		if set {
			logins++
		}
	}
	if logins > 1 || (s.User == "") != (s.Password == "") {
		errs = append(errs, errors.New("creds: write one of creds, token, or user with password"))
	}
	_, err := tlsconf.Parse(s.CA, s.Certificate, s.Key)
	return errors.Join(append(errs, err)...)
}

// known replaces a placeholder that there is.
func known(p string) string {
	switch p {
	case "{workspace}", "{source}", "{event}":
		return "x"
	}
	return p
}

// options are those of a connection.
func (s *Settings) options() []nats.Option {
	o := []nats.Option{
		nats.Name("parlance"),
		// Package deliver tries again. What the library kept for later could
		// arrive after what is sent again.
		nats.NoReconnect(),
	}
	switch {
	case s.Creds != "":
		o = append(o, nats.UserCredentialBytes([]byte(s.Creds)))
	case s.Token != "":
		o = append(o, nats.Token(string(s.Token)))
	case s.User != "":
		o = append(o, nats.UserInfo(s.User, string(s.Password)))
	}
	// Without them the library has its own way.
	if c, _ := tlsconf.Parse(s.CA, s.Certificate, s.Key); c != nil { // it was checked
		o = append(o, nats.Secure(c))
	}
	return o
}
