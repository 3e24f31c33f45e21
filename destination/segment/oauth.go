package segment

import (
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
)

// authorizationServers are Segment's own, by region.
//
// Source: https://segment.com/docs/connections/oauth/
var authorizationServers = map[string]string{
	"us": "https://oauth2.segment.io",
	"eu": "https://oauth2.eu1.segmentapis.com",
}

const (
	// assertionLife is how long an assertion is good for: less than the 60
	// seconds that Segment bounds it to.
	assertionLife = 55 * time.Second
	// defaultLife is a token's if Segment does not say.
	defaultLife = time.Hour

	oauthHint = "are oauth_app_id, oauth_key_id and oauth_private_key those of an OAuth app that is connected to the source?"
)

// checkOAuth says what is wrong with the settings of OAuth.
func (s *Settings) checkOAuth() (errs []error) {
	set := map[string]bool{"oauth_app_id": s.OAuthAppID != "", "oauth_key_id": s.OAuthKeyID != "", "oauth_private_key": s.OAuthPrivateKey != ""}
	some := set["oauth_app_id"] || set["oauth_key_id"] || set["oauth_private_key"] || s.OAuthURL != ""
	for _, key := range []string{"oauth_app_id", "oauth_key_id", "oauth_private_key"} {
		if some && !set[key] {
			errs = append(errs, errors.New(key+": is missing; OAuth takes the app's id, the key's id and the private key together"))
		}
	}
	if s.OAuthPrivateKey != "" {
		if _, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(s.OAuthPrivateKey)); err != nil {
			errs = append(errs, errors.New("oauth_private_key: is no RSA private key in PEM; write file: and the path of the one that you made"))
		}
	}
	if u, err := url.Parse(s.OAuthURL); s.OAuthURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		errs = append(errs, errors.New("oauth_url: write a URL such as https://oauth2.segment.io"))
	}
	return errs
}

// authorizer returns what fetches tokens with settings that were checked.
func (s *Settings) authorizer() *authorizer {
	key, err := jwt.ParseRSAPrivateKeyFromPEM([]byte(s.OAuthPrivateKey))
	if err != nil {
		panic("BUG: " + err.Error()) // Check has parsed it
	}
	server := s.OAuthURL
	if server == "" {
		server = authorizationServers[s.Region]
	}
	return &authorizer{server: strings.TrimRight(server, "/"), app: s.OAuthAppID, keyID: s.OAuthKeyID, key: key, client: tracking.NewClient()}
}

// An authorizer fetches tokens, and has requests carry one until half of its
// life is over.
type authorizer struct {
	server, app, keyID string
	key                *rsa.PrivateKey
	client             *tracking.Client

	mu    sync.Mutex    // guards the fields below; held while a token is fetched
	skew  time.Duration // of the server's clock against ours
	token string
	until time.Time     // when another is fetched
	first *http.Request // with the token
}

// Authorize implements tracking.Authorizer.
func (a *authorizer) Authorize(req *http.Request) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token == "" || !time.Now().Before(a.until) {
		if err := a.fetch(req); err != nil {
			return err
		}
		a.first = req
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	return nil
}

// Refused implements tracking.Authorizer. After these statuses Segment's SDK
// fetches another token. One that was good before may have been revoked; a new
// one that is refused is not worth another, nor at fault for a 400.
func (a *authorizer) Refused(req *http.Request, status int) (again bool) {
	switch status {
	case 400, 401, 403, 511:
	default:
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if req.Header.Get("Authorization") != "Bearer "+a.token {
		return true // another has been fetched already, or will be
	}
	fresh := a.first == req
	a.token, a.first = "", nil
	return !fresh
}

// Close implements tracking.Authorizer.
func (a *authorizer) Close() { a.client.CloseIdleConnections() }

// fetch gets a token.
func (a *authorizer) fetch(req *http.Request) error {
	assertion, err := a.assertion()
	if err != nil {
		return err
	}
	form := url.Values{
		"grant_type":            {"client_credentials"},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		"client_assertion":      {assertion},
		"scope":                 {"tracking_api:write"},
	}
	ask, err := http.NewRequestWithContext(req.Context(), http.MethodPost, a.server+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	ask.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	ask.Header.Set("User-Agent", "parlance")
	resp, err := a.client.Do(ask)
	if err != nil {
		a.client.CloseIdleConnections()
		return fmt.Errorf("token: %w", tracking.NoAnswer(err))
	}
	defer resp.Body.Close()
	said, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("token: %w", tracking.NoAnswer(err))
	}
	corrected := a.setClock(resp.Header)
	if resp.StatusCode != http.StatusOK {
		return judgeToken(resp, said, corrected)
	}
	return a.keep(said)
}

// assertion is what proves that we have the private key, at the server's time.
func (a *authorizer) assertion() (string, error) {
	now := time.Now().Add(a.skew)
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": a.app,
		"sub": a.app,
		"aud": a.server,
		"iat": now.Unix() - 5, // should its clock be a little behind
		"exp": now.Unix() - 5 + int64(assertionLife/time.Second),
		"jti": uuid.NewString(),
	})
	t.Header["kid"] = a.keyID
	return t.SignedString(a.key)
}

// setClock reads the server's clock, and reports whether it is not what it was
// taken to be.
func (a *authorizer) setClock(h http.Header) (corrected bool) {
	at, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return false
	}
	was := a.skew
	a.skew = time.Until(at)
	return (a.skew - was).Abs() > 5*time.Second
}

// judgeToken says what an answer without a token means.
func judgeToken(resp *http.Response, said []byte, corrected bool) error {
	err := tracking.Judge(resp.StatusCode, resp.Header, said)
	switch {
	case errors.As(err, new(*destination.Wait)):
		return err
	case resp.StatusCode == http.StatusTooManyRequests:
		return &destination.Wait{For: 5 * time.Second, Reason: "token: " + err.Error()}
	case corrected && resp.StatusCode < 500:
		return fmt.Errorf("token: %v, to a clock that went wrong and is corrected now", err)
	case errors.As(err, new(*destination.Pause)), errors.As(err, new(*destination.Refusal)):
		return &destination.Pause{Reason: fmt.Sprintf("token: answered %d: %s; %s", resp.StatusCode, tracking.Clean(said), oauthHint)}
	}
	return fmt.Errorf("token: %w", err)
}

// keep takes a token out of what the server said, which is not to be shown.
func (a *authorizer) keep(said []byte) error {
	var got struct {
		Token string  `json:"access_token"`
		Life  float64 `json:"expires_in"` // seconds
	}
	if err := json.Unmarshal(said, &got); err != nil || got.Token == "" {
		return errors.New("token: answered 200, but with none")
	}
	life := defaultLife
	if got.Life > 0 && got.Life < 1e7 {
		life = time.Duration(got.Life) * time.Second
	}
	a.token, a.until = got.Token, time.Now().Add(life/2)
	return nil
}
