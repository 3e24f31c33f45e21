package kafka

import (
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/parlance-chat/parlance/destination"
)

// pauses are the errors that nothing but somebody's hand ends.
var pauses = []struct {
	errs []error
	do   string
}{
	{[]error{kerr.SaslAuthenticationFailed, kerr.UnsupportedSaslMechanism, kerr.IllegalSaslState}, "Kafka does not let us in; are sasl, user and password right?"},
	{[]error{kerr.TopicAuthorizationFailed}, "Kafka forbids it; allow the user to Describe and Write the topic, and with create_topic: true to Create it"},
	{[]error{kerr.ClusterAuthorizationFailed}, "Kafka forbids it; before version 3.0 the user needs IdempotentWrite on the cluster, and with create_topic: true Create"},
	{[]error{kerr.TransactionalIDAuthorizationFailed, kerr.DelegationTokenAuthorizationFailed}, "Kafka forbids it; look at the user's rights"},
	{[]error{kerr.InvalidTopicException}, "Kafka does not take the topic's name; change topic"},
	{[]error{kerr.PolicyViolation}, "a rule of the brokers forbids to create the topic so; create it yourself"},
	{[]error{kerr.InvalidReplicationFactor, kerr.InvalidPartitions, kerr.InvalidConfig}, "the brokers cannot create the topic with what they are set to; create it yourself"},
	{[]error{kerr.UnsupportedForMessageFormat, kerr.UnsupportedVersion}, "the brokers are too old, or the topic has messages of an old format; they must be of 0.11 or later"},
}

// refusals are the errors that some messages get and others do not.
var refusals = []error{kerr.MessageTooLarge, kerr.RecordListTooLarge, kerr.InvalidRecord, kerr.InvalidTimestamp}

// means says what an error means. A topic that is gone is told of by the next
// attempt, which looks for it.
func means(err error) error {
	if err == nil || errors.As(err, new(*destination.Pause)) {
		return err
	}
	is := func(of error) bool { return errors.Is(err, of) }
	if slices.ContainsFunc(refusals, is) {
		var said *kerr.Error
		errors.As(err, &said)
		return &destination.Refusal{Reason: said.Message + ": " + said.Description}
	}
	for _, p := range pauses {
		if slices.ContainsFunc(p.errs, is) {
			return &destination.Pause{Reason: p.do}
		}
	}
	if errors.As(err, new(*kgo.ErrFirstReadEOF)) {
		return fmt.Errorf("kafka: %w; if that stays so, look at tls and sasl", err)
	}
	return fmt.Errorf("kafka: %w", err)
}
