package segment

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/tracking/trackingtest"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// An oauthServer is a stand-in for Segment's authorization server.
type oauthServer struct {
	*httptest.Server
	key    *rsa.PrivateKey
	answer func(http.ResponseWriter) // nil gives a token
	seen   []jwt.MapClaims
	life   int           // of a token, in seconds
	ahead  time.Duration // of the server's clock
}

func newOAuthServer(t *testing.T) *oauthServer {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s := &oauthServer{key: key, life: 86400}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(t, w, r) }))
	t.Cleanup(s.Close)
	return s
}

func (s *oauthServer) serve(t *testing.T, w http.ResponseWriter, r *http.Request) {
	now := time.Now().Add(s.ahead)
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
	if r.URL.Path != "/token" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "tracking_api:write" ||
		r.FormValue("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		t.Errorf("got %s with %v", r.URL.Path, r.Form)
	}
	if s.answer != nil {
		s.answer(w)
		return
	}
	token, err := jwt.Parse(r.FormValue("client_assertion"), func(token *jwt.Token) (any, error) {
		if token.Header["kid"] != "key-1" {
			t.Errorf("got kid %v", token.Header["kid"])
		}
		return &s.key.PublicKey, nil
	}, jwt.WithValidMethods([]string{"RS256"}), jwt.WithAudience(s.URL), jwt.WithSubject("app-1"), jwt.WithIssuedAt(), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, `{"error":"invalid_client"}`)
		return
	}
	claims := token.Claims.(jwt.MapClaims)
	s.seen = append(s.seen, claims)
	if life := claims["exp"].(float64) - claims["iat"].(float64); life >= 60 {
		t.Errorf("got an assertion good for %v s, want less than 60", life)
	}
	fmt.Fprintf(w, `{"access_token":"token-%d","token_type":"Bearer","expires_in":%d}`, len(s.seen), s.life)
}

// settings returns those for the stand-ins.
func (s *oauthServer) settings(receiver string) Settings {
	der, err := x509.MarshalPKCS8PrivateKey(s.key)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return Settings{WriteKey: key, Region: "us", Endpoint: receiver, OAuthAppID: "app-1", OAuthKeyID: "key-1",
		OAuthPrivateKey: strictyaml.Secret(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), OAuthURL: s.URL + "/"}
}

// A token is fetched once, and carried with the write key in the batch.
func TestOAuth(t *testing.T) {
	s, r := newOAuthServer(t), trackingtest.New(t, nil)
	d, err := Open(s.settings(r.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for range 3 {
		if err := d.Send(t.Context(), trackingtest.Attempt("a")); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range r.Requests() {
		if got := q.Header.Get("Authorization"); got != "Bearer token-1" || string(q.Envelope["writeKey"]) != `"`+key+`"` {
			t.Errorf("got %q and the write key %s", got, q.Envelope["writeKey"])
		}
	}
	if len(s.seen) != 1 || s.seen[0]["jti"] == "" || s.seen[0]["iss"] != "app-1" {
		t.Errorf("got assertions %v, want one", s.seen)
	}
}

// Once half of its life is over, a token is replaced.
func TestOAuthHalfLife(t *testing.T) {
	s, r := newOAuthServer(t), trackingtest.New(t, nil)
	s.life = 1
	d, err := Open(s.settings(r.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for range 2 {
		if err := d.Send(t.Context(), trackingtest.Attempt("a")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(600 * time.Millisecond)
	}
	if len(s.seen) != 2 {
		t.Errorf("got %d tokens, want 2", len(s.seen))
	}
}

// A token that is not taken any more is replaced at once; a new one that is
// not taken either has deliveries wait for somebody.
func TestOAuthRefusedToken(t *testing.T) {
	for status, second := range map[int]string{400: "refusal", 401: "pause", 403: "pause", 511: "pause"} {
		bad := map[string]bool{}
		s := newOAuthServer(t)
		r := trackingtest.New(t, func(w http.ResponseWriter, q trackingtest.Request) {
			if bad[q.Header.Get("Authorization")] {
				w.WriteHeader(status)
			}
		})
		d, err := Open(s.settings(r.URL))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for attempt := range 6 {
			if attempt == 1 {
				bad["Bearer token-1"], bad["Bearer token-3"] = true, true
			}
			if attempt == 3 {
				bad["Bearer token-2"] = true
			}
			got = append(got, trackingtest.Class(d.Send(t.Context(), trackingtest.Attempt("a"))))
		}
		if want := "ok again ok again " + second + " ok"; strings.Join(got, " ") != want {
			t.Errorf("%d: got %v, want %s", status, got, want)
		}
		d.Close()
	}
}

// What the authorization server answers, and what it means.
func TestOAuthAnswers(t *testing.T) {
	for _, tt := range []struct {
		status             int
		header, says, want string
	}{
		{200, "", `{"token_type":"Bearer"}`, "again"}, {200, "", `access_token=t0ken`, "again"},
		{400, "", `{"error":"invalid_client"}`, "pause"}, {401, "", "", "pause"}, {415, "", "", "pause"}, {404, "", "", "pause"}, {302, "", "", "pause"},
		{429, "", "", "wait 5s"}, {429, "Retry-After: 9", "", "wait 9s"}, {429, "Retry-After: 9999", "", "wait 5m0s"},
		{500, "", "", "again"}, {503, "Retry-After: 2", "", "wait 2s"},
	} {
		s, r := newOAuthServer(t), trackingtest.New(t, nil)
		s.answer = func(w http.ResponseWriter) {
			if name, value, ok := strings.Cut(tt.header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.WriteHeader(tt.status)
			io.WriteString(w, tt.says)
		}
		d, err := Open(s.settings(r.URL))
		if err != nil {
			t.Fatal(err)
		}
		err = d.Send(t.Context(), trackingtest.Attempt("a"))
		if got := trackingtest.Class(err); got != tt.want || strings.Contains(err.Error(), "t0ken") || len(r.Requests()) > 0 {
			t.Errorf("%d %s: got %v and %d requests, want %s and none", tt.status, tt.header, err, len(r.Requests()), tt.want)
		}
		d.Close()
	}
}

// A clock that goes wrong is corrected by the server's.
func TestOAuthClock(t *testing.T) {
	s, r := newOAuthServer(t), trackingtest.New(t, nil)
	s.ahead = time.Hour
	d, err := Open(s.settings(r.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got := trackingtest.Class(d.Send(t.Context(), trackingtest.Attempt("a"))); got != "again" {
		t.Errorf("got %s, want again", got)
	}
	if err := d.Send(t.Context(), trackingtest.Attempt("a")); err != nil {
		t.Error(err)
	}
}

func TestOAuthSettings(t *testing.T) {
	full := newOAuthServer(t).settings("")
	noApp, noKey, noPEM, badPEM, badURL := full, full, full, full, full
	noApp.OAuthAppID, noKey.OAuthKeyID, noPEM.OAuthPrivateKey, badPEM.OAuthPrivateKey, badURL.OAuthURL = "", "", "", "s3cret", "oauth2.segment.io"
	destinationtest.TestSettings(t, Open, map[string]Settings{
		"oauth_app_id: is missing": noApp, "oauth_key_id: is missing": noKey, "oauth_private_key: is missing": noPEM,
		"oauth_private_key: is no": badPEM, "oauth_url: write": badURL,
	}, "s3cret")
	full.OAuthURL, full.Region = "", "eu"
	if got := full.authorizer().server; got != authorizationServers["eu"] {
		t.Errorf("got %s, want that of the region", got)
	}
}
