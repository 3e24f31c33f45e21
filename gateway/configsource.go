package gateway

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // for machines that know no zones

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/ingest"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// source resolves one source of a workspace.
func (r *resolver) source(path string, w Workspace, s Source) {
	rules := s.Rules.or(w.Rules)
	out := ResolvedSource{
		Source: ingest.Source{
			Workspace: w.Name,
			Name:      s.Name,
			Type:      s.Type,
			Path:      string(s.Path),
			Tokens:    texts(s.Tokens),
			WriteKeys: texts(s.WriteKeys),
			Validate:  ingest.Validation(s.Validate),
		},
		Rules:     rules.conversation(),
		Agents:    s.agents(),
		Namespace: cmp.Or(s.Namespace, w.Namespace, s.namespace()),
	}
	switches := strictyaml.Keys(&Rules{})
	switch s.Type {
	case typeAPI:
		r.only(path, s, append(switches, "token", "namespace"))
		r.credentials(strictyaml.Join(path, "token"), s.Tokens, r.tokens)
	case typeTracking:
		r.only(path, s, []string{"write_key", "validate"})
		r.credentials(strictyaml.Join(path, "write_key"), s.WriteKeys, r.keys)
		oneOf(r, path, "validate", ingest.Validation(s.Validate), ingest.Strict, ingest.Report, ingest.Off)
	default:
		t, ok := r.chatTool(path, s)
		if !ok {
			return
		}
		r.only(path, s, slices.Concat(switches, chatToolKeys, furtherKeys(t)))
		r.signature(path, s, t)
		r.path(path, w, s)
		out.Rules.Reopen = cmp.Or(out.Rules.Reopen, t.Reopen)
		if rules.Inactivity == 0 {
			out.Rules.Inactivity = t.Inactivity
		}
		out.Connector = t.New(r.options(path, s, t))
		out.Answer, out.JSON = t.Answer, t.JSON
		out.Secrets = texts(s.Secrets)
		out.API, out.APIToken = r.api(path, s, t), string(s.APIToken)
	}
	r.out.Sources = append(r.out.Sources, out)
}

// agents are those of whom the tool tells only the ID, by it.
func (s Source) agents() map[string]conversation.Agent {
	agents := make(map[string]conversation.Agent, len(s.Agents))
	for _, a := range s.Agents {
		agents[a.ID] = conversation.Agent{ID: a.ID, Name: a.Name, Username: a.Username}
	}
	return agents
}

// chatToolKeys are the settings of every chat tool.
var chatToolKeys = []string{"secret", "unsigned", "unverified_ids", "path", "namespace", "user_id_field", "anonymous_id_field", "agent_ids", "bot_ids", "agents"}

// furtherKeys are those of some.
func furtherKeys(t connector.Type) (keys []string) {
	if t.API != nil {
		keys = append(keys, "api_token", "api_url")
	}
	if t.Zoneless {
		keys = append(keys, "timezone")
	}
	if t.Name == typeCustom {
		keys = append(keys, "program", "signature")
	}
	return keys
}

// options returns what a chat tool's connector is to know, and tells what is
// wrong with it.
func (r *resolver) options(path string, s Source, t connector.Type) connector.Options {
	o := connector.Options{
		Secrets: texts(s.Secrets), Unsigned: s.Unsigned, UnverifiedIDs: s.UnverifiedIDs,
		UserIDField: s.UserIDField, AnonymousIDField: s.AnonymousIDField, AgentIDs: s.AgentIDs, BotIDs: s.BotIDs,
		Program: string(s.Program), Scheme: connector.Scheme(s.Signature),
	}
	var err error
	if o.Zone, err = time.LoadLocation(s.Timezone); err != nil || s.Timezone == "Local" {
		r.tell(strictyaml.Join(path, "timezone"), "must be the name of a time zone, such as Europe/Berlin")
	}
	if t.Name == typeCustom {
		r.scheme(strictyaml.Join(path, "signature"), s)
	}
	if t.Check == nil {
		return o
	}
	if err := t.Check(o); err != nil {
		key, problem, _ := strings.Cut(err.Error(), ": ")
		r.tell(strictyaml.Join(path, key), "%s", problem)
	}
	return o
}

// api returns the API that is to be asked.
func (r *resolver) api(path string, s Source, t connector.Type) connector.API {
	if t.API == nil || t.API.Optional && s.APIToken == "" && s.APIURL == "" {
		return connector.API{}
	}
	api := *t.API
	api.URL = cmp.Or(s.APIURL, api.URL)
	switch u, err := url.Parse(api.URL); {
	case api.URL == "":
		r.tell(strictyaml.Join(path, "api_url"), "is missing; write the address of %s's API, such as https://YOURS.example.com", t.Title)
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		r.tell(strictyaml.Join(path, "api_url"), "must be a URL such as https://api.example.com")
	}
	if s.APIToken == "" {
		r.tell(strictyaml.Join(path, "api_token"), `is missing; %s's webhooks leave out what only its API tells: api_token: "${API_TOKEN}"`, t.Title)
	}
	return api
}

// scheme checks how a custom tool signs.
func (r *resolver) scheme(path string, s Source) {
	oneOf(r, path, "hash", s.Signature.Hash, connector.HMACSHA256, connector.HMACSHA1, connector.SHA256, connector.Token)
	oneOf(r, path, "encoding", s.Signature.Encoding, "hex", "base64")
	oneOf(r, path, "key", s.Signature.Key, "text", "base64")
	oneOf(r, path, "unit", s.Signature.Unit, "s", "ms", "rfc3339")
	if !s.Unsigned && s.Signature.Header == "" && s.Signature.Query == "" {
		r.tell(path, "names no header, nor a query parameter, that carries the signature; write signature: {header: …}, or unsigned: true")
	}
	if s.Signature.Hash == connector.Token {
		return
	}
	signed := cmp.Or(s.Signature.Signed, "{body}")
	if !strings.Contains(signed, "{body}") && !strings.Contains(signed, "{form}") {
		r.tell(strictyaml.Join(path, "signed"), "holds neither {body} nor {form}, so that anybody could send another body with a signature that they have seen")
	}
	if timed := s.Signature.Time != "" || strings.Contains(s.Signature.Value, "{time}"); timed && !strings.Contains(signed, "{time}") {
		r.tell(strictyaml.Join(path, "signed"), "does not hold {time}, so that anybody could write another time; if the tool does not sign it, leave the time out")
	}
}

// namespace returns what separates the source's messageIds from those of other
// installations where nothing is configured: the same for as long as the first
// secret is, on any machine, and no help in finding it.
func (s Source) namespace() string {
	first := append(slices.Concat(s.Secrets, s.Tokens, s.WriteKeys), s.Path)[0]
	h := hmac.New(sha256.New, []byte(first))
	h.Write([]byte("parlance messageId namespace"))
	return hex.EncodeToString(h.Sum(nil))
}

// conversation returns the switches in the words of the state machine.
func (s Rules) conversation() conversation.Rules {
	return conversation.Rules{
		FirstMessage:  s.FirstMessage,
		Ended:         s.Ended,
		Reopen:        s.Reopen,
		Bots:          s.Bots,
		Automation:    s.Automation,
		Channels:      s.Channels,
		Identity:      s.Identity,
		Inactivity:    max(s.Inactivity, 0),
		InactivityEnd: s.InactivityEnd == On,
		Identify:      s.Identify == On,
	}
}

// chatTool returns the type of a source that is a chat tool.
func (r *resolver) chatTool(path string, s Source) (connector.Type, bool) {
	known := []string{typeAPI, typeTracking} // and so many more that a command lists them
	for _, t := range r.connectors {
		if t.Name == s.Type {
			return t, true
		}
		known = append(known, t.Name)
	}
	r.unknownType(path, s.Type, known, "'parlance connectors' lists chat tools, and there are api and tracking")
	return connector.Type{}, false
}

func (r *resolver) unknownType(path, name string, known []string, there string) {
	is := "is unknown"
	if name == "" {
		is = "is missing"
	}
	r.tell(strictyaml.Join(path, "type"), "%s; %s%s", is, there, meant(name, known))
}

// only tells of settings that the source's type does not have.
func (r *resolver) only(path string, s Source, keys []string) {
	for _, key := range strictyaml.KeysSet(&s) {
		if key != "type" && !slices.Contains(keys, key) {
			r.tell(strictyaml.Join(path, key), "is not for sources of type %s", s.Type)
		}
	}
}

// credentials checks tokens or write keys, which say which source it is.
func (r *resolver) credentials(path string, list []Secret, seen map[string]string) {
	if len(list) == 0 {
		r.tell(path, `is missing; write one that you made up, such as what "openssl rand -hex 16" prints`)
	}
	r.notEmpty(path, list)
	for _, one := range list {
		switch other, ok := seen[string(one)]; {
		case other == path:
			r.tell(path, "holds the same one twice")
		case ok:
			r.tell(path, "is the same as %s; it must be another, or nobody could tell the two apart", other)
		}
		seen[string(one)] = path
	}
}

func (r *resolver) notEmpty(path string, list []Secret) {
	if slices.Contains(list, "") {
		r.tell(path, "holds an empty text")
	}
}

// unguessable is how many letters, digits, - and _ hold 128 bits.
const unguessable = 22

// signature checks how the gateway can tell that webhooks come from the tool.
func (r *resolver) signature(path string, s Source, t connector.Type) {
	r.notEmpty(strictyaml.Join(path, "secret"), s.Secrets)
	switch {
	case t.Signs == connector.Always && s.Unsigned:
		r.tell(strictyaml.Join(path, "unsigned"), "is not for %s, which signs its webhooks", t.Title)
	case s.Unsigned && len(s.Secrets) > 0:
		r.tell(strictyaml.Join(path, "unsigned"), "does not go with a secret; remove one of the two")
	case (s.Unsigned || t.Signs == connector.Never && len(s.Secrets) == 0) && len(s.Path) < unguessable:
		r.tell(strictyaml.Join(path, "path"), `must be at least %d characters that nobody can guess where webhooks are unsigned, such as what "openssl rand -hex 16" prints`, unguessable)
	case !s.Unsigned && len(s.Secrets) == 0 && t.Signs != connector.Never:
		text := `is missing; write the webhook's secret or token, such as secret: "${SECRET}"`
		if t.Signs == connector.Sometimes {
			text += ". If it is not signed: unsigned: true, and a path that nobody can guess"
		}
		r.tell(strictyaml.Join(path, "secret"), "%s", text)
	}
}

// path checks that a chat tool's webhooks have an address of their own.
func (r *resolver) path(path string, w Workspace, s Source) {
	const most = 200
	at := path
	if s.Path != "" {
		at = strictyaml.Join(path, "path")
		if len(s.Path) > most || !madeOf(string(s.Path), lower+upper+digits+"_-") {
			r.tell(at, "must be up to %d of a to z, A to Z, 0 to 9, _ and -", most)
		}
	}
	address := w.Name + "/" + cmp.Or(string(s.Path), s.Name)
	if other, ok := r.paths[address]; ok && other != path {
		r.tell(at, "has the same address as %s; give one of them another path", other)
	}
	r.paths[address] = path
}

func texts(secrets []Secret) []string {
	var list []string
	for _, s := range secrets {
		list = append(list, string(s))
	}
	return list
}
