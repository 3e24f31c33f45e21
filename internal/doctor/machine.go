package doctor

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/disk"
	"github.com/parlance-chat/parlance/internal/phrase"
)

// almostNone is the room with which the gateway soon refuses webhooks.
const almostNone = 64 << 20

// Directory looks at the data directory, and at the journal in it.
func Directory(dir, journal string, now time.Time) (found []destination.Finding) {
	what := func(level destination.Level, text, do string) {
		found = append(found, destination.Finding{Level: level, Text: text, Do: do})
	}
	const own = "give it to the gateway's user (who runs this must be the same), or write another directory as data:"
	above, err := disk.Above(dir)
	if err != nil {
		what(destination.Problem, "the data directory: "+err.Error(), own)
		return found
	}
	if err := disk.Writable(above); err != nil {
		what(destination.Problem, above+" cannot be written to: "+err.Error(), own)
	}
	switch info, err := os.Stat(journal); {
	case errors.Is(err, fs.ErrNotExist):
		what(destination.Good, "nothing is kept in "+dir+" yet; 'parlance serve' begins it", "")
	case err != nil:
		what(destination.Problem, err.Error(), own)
	case disk.Writable(journal) != nil:
		what(destination.Problem, journal+" belongs to somebody else", own)
	default:
		written := info.ModTime()
		if wal, err := os.Stat(journal + "-wal"); err == nil && wal.ModTime().After(written) {
			written = wal.ModTime()
		}
		what(destination.Good, "the journal in "+dir+" has "+disk.Size(uint64(info.Size()))+" and was last written "+phrase.Ago(now.Sub(written)), "")
	}
	switch free, err := disk.Free(above); {
	case err != nil: // this system does not tell
	case free < almostNone:
		what(destination.Problem, "only "+disk.Size(free)+" are free on its disk; webhooks are refused once it is full", "make room, or shorten retention")
	case free < disk.Little:
		what(destination.Warning, "only "+disk.Size(free)+" are free on its disk", "make room, or shorten retention")
	default:
		what(destination.Good, disk.Size(free)+" are free on its disk", "")
	}
	return found
}

// PublicURL looks at how chat tools are to reach the gateway. Tools says
// whether there are any.
func PublicURL(public, listen string, tools bool) destination.Finding {
	if public == "" {
		host, _, err := net.SplitHostPort(listen)
		if err == nil && tools && private(host) {
			return destination.Finding{Level: destination.Warning, Text: "the gateway listens on " + listen + " only, which no chat tool reaches but through a proxy or tunnel on this machine, and public_url does not say how the world calls it",
				Do: "write public_url: https://…, so that it can be looked at"}
		}
		return destination.Finding{}
	}
	u, err := url.Parse(public)
	switch {
	case err != nil:
		return destination.Finding{} // the configuration says so itself
	case private(u.Hostname()):
		return destination.Finding{Level: destination.Warning, Text: "public_url names an address that only this machine or network knows", Do: "write the name that chat tools are to call, and have it lead here"}
	case u.Scheme == "http":
		return destination.Finding{Level: destination.Warning, Text: "public_url is http: most tools call nothing but https, and what people write would cross the net in the open", Do: "put a proxy with a certificate in front, and write https://"}
	}
	return destination.Finding{}
}

// Reachable asks a gateway that runs by the address that chat tools use.
func Reachable(ctx context.Context, public string) destination.Finding {
	f := destination.Finding{Level: destination.Warning, Do: "have it lead to the gateway, with the path and body as they are; where it is only this machine that cannot reach it, all is well"}
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(public, "/")+"/healthz", nil)
	if err != nil {
		return destination.Finding{} // the configuration says so itself
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		f.Text = "public_url, asked from this machine: " + unreachable(req.URL.Host, err).Text
		return f
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 16)) // what is not all of it is not right
	if resp.StatusCode != http.StatusOK || strings.TrimSpace(string(said)) != "ok" {
		f.Text = "public_url, asked from this machine, does not lead to a gateway: /healthz answers " + resp.Status
		return f
	}
	return destination.Finding{Text: "public_url leads to a gateway"}
}

// private reports whether a host is certainly not reached from outside.
func private(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return strings.EqualFold(host, "localhost") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal")
	}
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast()
}
