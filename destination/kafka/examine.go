package kafka

import (
	"context"
	"fmt"
	"math"
	"strconv"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/parlance-chat/parlance/destination"
)

// largest is the size of a message that has to pass: a call of our own has less
// than 32,000 bytes.
const largest = 40_000

// Examine implements destination.Examiner.
func (d *Destination) Examine(ctx context.Context) []destination.Finding {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var found []destination.Finding
	if d.s.SASL == "plain" && !d.s.TLS {
		found = append(found, destination.Finding{Level: destination.Warning, Text: "the password is sent unencrypted", Do: "write tls: true, or log in with scram-sha-512"})
	}
	p, err := d.connect()
	if err != nil {
		return append(found, destination.Found(err))
	}
	defer p.Close()
	brokers, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, p.Client)
	if err == nil {
		err = kerr.ErrorForCode(brokers.ErrorCode)
	}
	if err != nil {
		return append(found, destination.Found(means(err)))
	}
	found = append(found, good("Kafka answers and lets us in: %d brokers", len(brokers.Brokers)))
	if placeholder.MatchString(d.s.Topic) {
		return append(found, good("the topic depends on the call, so that none was looked at"))
	}
	return append(found, p.examineTopic(ctx, d.s.Topic)...)
}

func (p *producer) examineTopic(ctx context.Context, name string) []destination.Finding {
	t, err := p.topic(ctx, name)
	if err == nil {
		err = kerr.ErrorForCode(t.ErrorCode)
	}
	switch {
	case err == kerr.UnknownTopicOrPartition && p.s.CreateTopic:
		return []destination.Finding{good("there is no topic %s yet; it is created with the first call", name)}
	case err == kerr.UnknownTopicOrPartition:
		return []destination.Finding{{Level: destination.Problem, Text: "there is no topic " + name, Do: "create it, or write create_topic: true"}}
	case err != nil:
		return []destination.Finding{destination.Found(means(err))}
	}
	replicas := math.MaxInt
	for _, part := range t.Partitions {
		replicas = min(replicas, len(part.Replicas))
	}
	found := []destination.Finding{good("topic %s is there: %d partitions, %d replicas", name, len(t.Partitions), replicas)}
	// The bits are operations. Brokers before 2.3 do not tell.
	if t.AuthorizedOperations != math.MinInt32 {
		if t.AuthorizedOperations&(1<<kmsg.ACLOperationWrite) == 0 {
			found = append(found, destination.Finding{Level: destination.Problem, Text: "we may not write to topic " + name, Do: "allow the user to Write it"})
		} else {
			found = append(found, good("we may write to topic %s", name))
		}
	}
	return append(found, p.examineSize(ctx, name))
}

// examineSize asks how large a message may be.
func (p *producer) examineSize(ctx context.Context, topic string) destination.Finding {
	q := kmsg.NewPtrDescribeConfigsRequest()
	r := kmsg.NewDescribeConfigsRequestResource()
	r.ResourceType, r.ResourceName, r.ConfigNames = kmsg.ConfigResourceTypeTopic, topic, []string{"max.message.bytes"}
	q.Resources = append(q.Resources, r)
	said, err := q.RequestWith(ctx, p.Client)
	if err == nil && len(said.Resources) == 1 && len(said.Resources[0].Configs) == 1 {
		if v := said.Resources[0].Configs[0].Value; v != nil {
			n, err := strconv.Atoi(*v)
			if err == nil && n < largest {
				return destination.Finding{
					Level: destination.Warning, Text: fmt.Sprintf("topic %s takes messages of %d bytes, and a call can be larger", topic, n),
					Do: fmt.Sprintf("set max.message.bytes of the topic to %d or more", largest),
				}
			}
			return good("topic %s takes messages of %s bytes", topic, *v)
		}
	}
	return good("how large a message topic %s takes, it does not tell: that needs DescribeConfigs", topic)
}

func good(format string, args ...any) destination.Finding {
	return destination.Finding{Text: fmt.Sprintf(format, args...)}
}
