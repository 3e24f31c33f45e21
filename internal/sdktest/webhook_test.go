package sdktest

import (
	"bufio"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/webhook"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// The library that receivers use finds a webhook signed with either of two
// secrets, and refuses one signed with neither.
func TestStandardWebhooks(t *testing.T) {
	const secret, other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
	dir := install(t)
	cmd := exec.CommandContext(t.Context(), "node", "standardwebhooks.mjs", secret)
	cmd.Dir = dir
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	url, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		secrets []strictyaml.Secret
		batch   int
		refused bool
	}{
		{[]strictyaml.Secret{secret}, 1, false},
		{[]strictyaml.Secret{other, secret}, 1, false},
		{[]strictyaml.Secret{secret}, 10, false},
		{[]strictyaml.Secret{other}, 1, true},
	} {
		d, err := webhook.Open(webhook.Settings{URL: strictyaml.Secret(strings.TrimSpace(url)), Secrets: tt.secrets, List: tt.batch, AllowPrivate: true})
		if err != nil {
			t.Fatal(err)
		}
		call := destination.Call{MessageID: "m-1", JSON: []byte(`{"type":"track","event":"Order é","messageId":"m-1"}`)}
		err = d.Send(t.Context(), destination.Attempt{SentAt: time.Now(), Calls: []destination.Call{call}})
		if refused := errors.As(err, new(*destination.Refusal)); refused != tt.refused || err != nil && !refused {
			t.Errorf("%d secrets, batch %d: got %v, want refused %t", len(tt.secrets), tt.batch, err, tt.refused)
		}
		d.Close()
	}
}
