package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/internal/listentest"
)

// A simulated chat tool is one like any other.
func TestSimulate(t *testing.T) {
	p := newProgram(t, "data")
	p.start()
	cmd := exec.Command(binary, "simulate", "--to", p.url+"/in/support", "--conversations", "5", "--rate", "500", "--speed", "1000", "--seed", "7", "--chaos")
	cmd.Env = append(os.Environ(), "PARLANCE_SECRET="+testSecret)
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "5 conversations told whole") {
		t.Errorf("got %v and\n%s", err, out)
	}
	p.ledger.await(t, 5)
	if r := p.ledger.Report(); r.Invalid > 0 {
		t.Errorf("%d events break the specification", r.Invalid)
	}
	wrong := exec.Command(binary, "simulate", "--to", p.url+"/in/support") // without an end, but for the refusal
	wrong.Env = append(os.Environ(), "PARLANCE_SECRET=another")
	if out, err := wrong.CombinedOutput(); err == nil || !strings.Contains(string(out), "401") {
		t.Errorf("with another secret: got %v and\n%s", err, out)
	}
	p.stop()
}

// So is one whose webhooks hold nothing but ids.
func TestSimulateAPI(t *testing.T) {
	api := fmt.Sprint("127.0.0.1:", listentest.Port(t))
	p := newProgram(t, "data")
	config, err := os.ReadFile(filepath.Join(p.dir, "parlance.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p.write(strings.Replace(string(config), "type: chatwoot,", fmt.Sprintf("type: hubspot, api_token: token, api_url: \"http://%s\",", api), 1))
	p.start()
	t.Setenv("PARLANCE_SECRET", testSecret)
	cmd := exec.Command(binary, "simulate", "--type", "hubspot", "--api", api, "--to", p.url+"/in/support", "--conversations", "2", "--rate", "100", "--speed", "1000", "--seed", "7")
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "2 conversations told whole") {
		t.Errorf("got %v and\n%s", err, out)
	}
	p.ledger.await(t, 2)
	if r := p.ledger.Report(); r.Invalid > 0 {
		t.Errorf("%d events break the specification", r.Invalid)
	}
	p.stop()
	if out, status := parlance(t, p.dir, "", "simulate", "--api", api, "--to", p.url+"/in/support", "--type", "chatwoot"); status != 2 || !strings.Contains(out, "API") {
		t.Errorf("a tool without an API: got %d and\n%s", status, out)
	}
}
