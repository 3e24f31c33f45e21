package console

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
)

//go:embed assets
var files embed.FS

// versions has a part of each asset's hash, by its name: an asset's address
// changes with it, so that a browser may keep it for ever.
var versions = func() map[string]string {
	v := map[string]string{}
	_ = fs.WalkDir(files, "assets", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			b, _ := files.ReadFile(path) // it is in the program
			h := sha256.Sum256(b)
			v["/"+path] = hex.EncodeToString(h[:6])
		}
		return err
	})
	return v
}()

// asset returns the address of an asset.
func asset(name string) string { return "/assets/" + name + "?v=" + versions["/assets/"+name] }

func assets() http.HandlerFunc {
	server := http.FileServerFS(files)
	return func(w http.ResponseWriter, r *http.Request) {
		v, ok := versions[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.FormValue("v") == v {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		server.ServeHTTP(w, r)
	}
}
