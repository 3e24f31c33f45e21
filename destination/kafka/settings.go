package kafka

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/parlance-chat/parlance/destination/tlsconf"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Settings are the settings of a destination of type kafka.
type Settings struct {
	// Brokers to ask for the others first, such as kafka1.example.com:9092. Required.
	Brokers []string `yaml:"brokers"`
	// Topic that calls are written to. {workspace} and {source} stand for the call's own. Required.
	Topic string `yaml:"topic"`
	// Whether to create the topic if there is none, with as many partitions and replicas as the brokers are set to. One that exists is never changed.
	CreateTopic bool `yaml:"create_topic"`
	// How messages are compressed: zstd, lz4, snappy, gzip or none.
	Compression string `yaml:"compression"`
	// Whether connections are encrypted.
	TLS bool `yaml:"tls"`
	// Certificates of who signed the brokers', in PEM, or file:PATH. Without them the system's count. Goes with tls.
	CA strictyaml.Text `yaml:"ca"`
	// Our own certificate, in PEM, or file:PATH, for brokers that want one.
	Certificate strictyaml.Text `yaml:"certificate"`
	// Its key.
	Key strictyaml.Secret `yaml:"key"`
	// How to log in: plain, scram-sha-256 or scram-sha-512. Without it there is no login.
	SASL string `yaml:"sasl"`
	// User to log in as.
	User string `yaml:"user"`
	// The user's password.
	Password strictyaml.Secret `yaml:"password"`
}

var (
	placeholder = regexp.MustCompile(`\{[^{}]*\}`)
	topicName   = regexp.MustCompile(`^[A-Za-z0-9._-]{1,249}$`)
)

// codecs are the ways of compressing. What a broker is too old for is left
// uncompressed.
var codecs = map[string]kgo.CompressionCodec{
	"zstd":   kgo.ZstdCompression(),
	"lz4":    kgo.Lz4Compression(),
	"snappy": kgo.SnappyCompression(),
	"gzip":   kgo.GzipCompression(),
	"none":   kgo.NoCompression(),
}

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if len(s.Brokers) == 0 {
		errs = append(errs, errors.New("brokers: is missing; write where Kafka listens, such as 127.0.0.1:9092"))
	}
	for _, b := range s.Brokers {
		if host, port, err := net.SplitHostPort(b); err != nil || host == "" || port == "" || strings.Contains(b, "/") {
			errs = append(errs, errors.New("brokers: write a host and a port each, such as kafka.example.com:9092"))
			break
		}
	}
	if s.Topic == "" {
		errs = append(errs, errors.New("topic: is missing; write the name of a topic"))
	} else if name := placeholder.ReplaceAllStringFunc(s.Topic, known); !topicName.MatchString(name) || name == "." || name == ".." {
		errs = append(errs, errors.New("topic: write a topic's name, of letters, digits, ., _ and -; {workspace} and {source} may be in it, and no event: a conversation must stay in one topic to stay in order"))
	}
	if _, ok := codecs[s.Compression]; !ok {
		errs = append(errs, fmt.Errorf("compression: %q is not one of zstd, lz4, snappy, gzip, none", s.Compression))
	}
	_, err := s.tls()
	return errors.Join(append(errs, err, s.checkLogin())...)
}

func (s *Settings) checkLogin() error {
	switch s.SASL {
	case "":
		if s.User != "" || s.Password != "" {
			return errors.New("sasl: is missing; write how to log in: plain, scram-sha-256 or scram-sha-512")
		}
	case "plain", "scram-sha-256", "scram-sha-512":
		if s.User == "" || s.Password == "" {
			return errors.New("user: write a user and a password to log in with")
		}
	default:
		return fmt.Errorf("sasl: %q is not one of plain, scram-sha-256, scram-sha-512", s.SASL)
	}
	return nil
}

// known replaces a placeholder that there is.
func known(p string) string {
	if p == "{workspace}" || p == "{source}" {
		return "x"
	}
	return p
}

// tls returns how connections are encrypted, or nil if they are not.
func (s *Settings) tls() (*tls.Config, error) {
	if !s.TLS {
		if s.CA != "" || s.Certificate != "" || s.Key != "" {
			return nil, errors.New("tls: is not true, so that ca, certificate and key have no use; write tls: true, or leave them out")
		}
		return nil, nil
	}
	c, err := tlsconf.Parse(s.CA, s.Certificate, s.Key)
	if c == nil && err == nil {
		c = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return c, err
}

// login returns how to log in, or nil.
func (s *Settings) login() sasl.Mechanism {
	switch s.SASL {
	case "plain":
		return plain.Auth{User: s.User, Pass: string(s.Password)}.AsMechanism()
	case "scram-sha-256":
		return scram.Auth{User: s.User, Pass: string(s.Password)}.AsSha256Mechanism()
	case "scram-sha-512":
		return scram.Auth{User: s.User, Pass: string(s.Password)}.AsSha512Mechanism()
	}
	return nil
}

// options are those of a client. It tries again by itself only for a few
// seconds, what a broker can tell from a repetition; the rest is package
// deliver's.
func (s *Settings) options() []kgo.Opt {
	o := []kgo.Opt{
		kgo.ClientID("parlance"),
		kgo.SeedBrokers(s.Brokers...),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(codecs[s.Compression], kgo.NoCompression()),
		kgo.ManualFlushing(), // an attempt is sent once it is complete
		kgo.DialTimeout(dialTimeout),
		kgo.RequestRetries(retries),
		kgo.RecordRetries(retries),
		kgo.ProduceRequestTimeout(ackTimeout),
		kgo.RequestTimeoutOverhead(dialTimeout),
		// An attempt ends when its time is over, though nobody knows then
		// whether a broker has its messages.
		kgo.AllowIdempotentProduceCancellation(),
	}
	if c, _ := s.tls(); c != nil { // it was checked
		o = append(o, kgo.DialTLSConfig(c))
	}
	if m := s.login(); m != nil {
		o = append(o, kgo.SASL(m))
	}
	return o
}
